/**
 * Codecs: the types of an argument, and of the values that a set of arguments has.
 *
 * A codec of your own needs `encode` and `decode`; it then works with `optional` and `listOf` like the built-in codecs.
 * A codec does not know the connection or the box. Codecs that need either are {@link BoxArgument}s (`field.ts`).
 */
import { ByteWriter } from "../wire/byte-writer.ts";
import { keptBytes } from "../wire/frame.ts";
import { isBytes, wrongType } from "../wire/value-text.ts";
import { belongTogether, checkCodec, isOverridden, registerFunctions } from "./check-codec.ts";

/** Description of a codec, for programs that show, fill in or translate commands. */
export interface ArgumentDescription {
  /** AMP's name of the type, for example `Integer` or `ListOf`: Twisted's name if Twisted has the type. */
  readonly type: string;
  /** Codec of the elements of a ListOf. */
  readonly element?: Argument<unknown>;
  /** Fields of the rows of an AmpList. */
  readonly fields?: Fields;
  /** Other options that the codec was created with. */
  readonly options?: object | undefined;
}

/**
 * Converts a value to the bytes of one key's value, and back.
 * @typeParam T value that is received
 * @typeParam I value that may be sent, which can be more general than `T`, for example a read-only array
 */
export interface Argument<T, I = T> {
  /** Read only by programs that translate commands, such as the command `ampwire`. Codecs of your own may omit it. */
  readonly description?: ArgumentDescription | undefined;
  /** @throws any error if the value cannot be encoded; the caller gets it with the name of the argument */
  encode(value: I): Uint8Array;
  /**
   * @param bytes the codec may keep them
   * @throws any error if the bytes are malformed
   */
  decode(bytes: Uint8Array): T;
}

/** Argument whose key may be absent. Created with `optional(...)`. */
export interface OptionalArgument<T, I = T> extends Argument<T, I> {
  readonly optional: true;
}

/** Argument that is never sent, and is ignored if received. Created with `local()`. */
export interface LocalArgument<T> extends OptionalArgument<T> {
  readonly local: true;
}

/** Codec that writes into the outgoing bytes and reads from the incoming ones, without an array for each value. */
export interface InPlaceArgument<T, I = T> extends Argument<T, I> {
  /** Appends the value's bytes to `out`. */
  write(value: I, out: ByteWriter): void;
  /** Reads `bytes[start..end)`. The bytes are valid only during the call: a codec copies what it keeps. */
  read(bytes: Uint8Array, start: number, end: number): T;
}

/** Creates a codec from `write` and `read`; derives `encode` and `decode` from them. */
export function inPlaceArgument<T, I = T>(
  halves: Pick<InPlaceArgument<T, I>, "write" | "read">,
  description?: ArgumentDescription,
): InPlaceArgument<T, I> {
  const { write, read } = halves;
  const encode = (value: I) => {
    const out = new ByteWriter(32);
    write(value, out);
    return out.copy();
  };
  const decode = (bytes: Uint8Array) => read(bytes, 0, bytes.length);
  registerFunctions(write, encode);
  registerFunctions(read, decode);
  return { description, write, read, encode, decode };
}

/**
 * Returns a codec that works in place: the codec itself if it can, else a wrapper that copies the value's bytes. If a program
 * has spread a codec and overridden a function, the override is used in all places.
 * @throws InvalidSignature for a value that is not a codec
 */
export function asInPlace<T, I>(argument: Argument<T, I> | InPlaceArgument<T, I>): InPlaceArgument<T, I> {
  checkCodec(argument);
  const copying = copyingCodec(argument);
  if (!("write" in argument && "read" in argument)) return copying;
  if (belongTogether(argument.encode, argument.write) && belongTogether(argument.decode, argument.read))
    return argument;
  const direct = inPlaceArgument<T, I>({
    write: (value, out) => argument.write(value, out),
    read: (bytes, start, end) => argument.read(bytes, start, end),
  });
  const { write, encode } = isOverridden(argument.encode, argument.write) ? copying : direct;
  const { read, decode } = isOverridden(argument.decode, argument.read) ? copying : direct;
  return { write, encode, read, decode };
}

/** Returns a codec that converts with `encode` and `decode` of another one. */
function copyingCodec<T, I>(argument: Argument<T, I>): InPlaceArgument<T, I> {
  const encode = (value: I): Uint8Array => {
    const bytes: unknown = argument.encode(value);
    // Any other object with a `length` would be written as zeros.
    if (!isBytes(bytes)) throw wrongType("the result of encode()", "a Uint8Array", bytes);
    return bytes;
  };
  return {
    write: (value, out) => out.append(encode(value)),
    read: (bytes, start, end) => argument.decode(keptBytes(bytes, start, end)),
    encode,
    decode: (bytes) => argument.decode(bytes),
  };
}

/** Type of the value that a codec decodes. */
export type ValueOf<A> = A extends Argument<infer T, infer _I> ? T : never;
/** Type of the value that a codec encodes. */
type InputOfArgument<A> = A extends Argument<infer _T, infer I> ? I : never;

/** Argument names and their codecs: the arguments or the response of a command, or a row of an `ampList`. */
export type Fields = Readonly<Record<string, Argument<unknown>>>;

type Simplify<T> = { [K in keyof T]: T[K] } & {};
type OptionalKeys<F> = { [K in keyof F]: F[K] extends { readonly optional: true } ? K : never }[keyof F];

/** Names of the fields that fill properties of other names: see `PropertiesArgument`. */
type GroupKeys<F> = {
  [K in keyof F]: F[K] extends { readonly properties: readonly string[] } ? K : never;
}[keyof F];
/** The fields that fill properties of other names. `F[never]` is not `never` if F has an index signature. */
type GroupsOf<F> = [GroupKeys<F>] extends [never] ? never : F[GroupKeys<F>];
/** Intersection of the members of a union; `unknown` for `never`. */
type IntersectionOf<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** Received values of some fields. Optional ones may be absent. */
export type ValuesOf<F extends Fields> = Simplify<
  { -readonly [K in Exclude<keyof F, OptionalKeys<F> | GroupKeys<F>>]: ValueOf<F[K]> } & {
    -readonly [K in OptionalKeys<F>]?: ValueOf<F[K]>;
  } & IntersectionOf<ValueOf<GroupsOf<F>>>
>;

/** Values of some fields, to be sent. `undefined` means absent. ampwire never modifies them. */
export type InputOf<F extends Fields> = Simplify<
  { readonly [K in Exclude<keyof F, OptionalKeys<F> | GroupKeys<F>>]: InputOfArgument<F[K]> } & {
    readonly [K in OptionalKeys<F>]?: InputOfArgument<F[K]> | undefined;
  } & Readonly<IntersectionOf<InputOfArgument<GroupsOf<F>>>>
>;
