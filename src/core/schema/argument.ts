/**
 * What a codec is.
 *
 * To write your own, give `encode` and `decode`; it then composes with `optional` and `listOf` like ours.
 * A codec knows neither the connection nor the box; the two exceptions, values spread over several keys and
 * file descriptors, are {@link BoxArgument}s.
 */
import type { Box } from "../wire/box.ts";
import { ByteWriter } from "../wire/byte-writer.ts";
import { keptBytes } from "../wire/frame.ts";

/** What a codec says of itself. */
export interface ArgumentDescription {
  /** AMP's name of the type, Twisted's where it has one: `Integer`, `ListOf`. */
  readonly type: string;
  /** What the elements of a ListOf are. */
  readonly element?: Argument<unknown>;
  /** What the rows of an AmpList are. */
  readonly fields?: Fields;
  /** What the codec was made with beside that. */
  readonly options?: object | undefined;
}

/**
 * Turns a value into the bytes of one key's value, and back.
 * @typeParam I what is given, where that may be more than what is received: an array that nobody writes to, say
 */
export interface Argument<T, I = T> {
  /** Only for programs that show, fill in or translate commands, like the command `ampwire`. Yours may do without. */
  readonly description?: ArgumentDescription | undefined;
  /** @throws anything when the value cannot be encoded: the caller is told which argument it was */
  encode(value: I): Uint8Array;
  /** @param bytes yours to keep
   *  @throws anything when the bytes are no such value */
  decode(bytes: Uint8Array): T;
}

/** The key may be absent. Made with `optional(...)`. */
export interface OptionalArgument<T, I = T> extends Argument<T, I> {
  readonly optional: true;
}

/** Known on this side only, never on the wire, ignored if received. Made with `local()`. */
export interface LocalArgument<T> extends OptionalArgument<T> {
  readonly local: true;
}

/** A codec that reads and writes keys of the box itself. `connection` is what the box goes over, if any. */
export interface BoxArgument<T, I = T> extends Argument<T, I> {
  toBox(value: I, name: string, box: Box, connection: unknown): void;
  /** Returns undefined where the argument is absent. */
  fromBox(name: string, box: Box, connection: unknown): T | undefined;
}

/**
 * What a connection carries beside its boxes. A connection that has such a thing has it under the name `sideChannel`:
 * what a codec did there for a box that could not be written or read after all is taken back.
 */
export interface SideChannel {
  /** @returns takes back whatever has been done since */
  checkpoint(): () => void;
}

const nothing = () => {};

export function checkpoint(connection: unknown): () => void {
  const channel = (connection as { readonly sideChannel?: SideChannel } | undefined)?.sideChannel;
  return channel === undefined ? nothing : channel.checkpoint();
}

/** A codec that writes into the outgoing bytes and reads from the incoming ones, with no array per value. */
export interface InPlaceArgument<T, I = T> extends Argument<T, I> {
  /** Appends the value's bytes to `out`. */
  write(value: I, out: ByteWriter): void;
  /** Reads `bytes[start..end)`, which are good only while it runs: what is kept must be copied. */
  read(bytes: Uint8Array, start: number, end: number): T;
}

/** A codec from its two halves, written in place; `encode` and `decode` are made from them. */
export function inPlaceArgument<T, I = T>(
  halves: Pick<InPlaceArgument<T, I>, "write" | "read">,
  description?: ArgumentDescription,
): InPlaceArgument<T, I> {
  const { write, read } = halves;
  return {
    description,
    write,
    read,
    encode(value) {
      const out = new ByteWriter(32);
      write(value, out);
      return out.copy();
    },
    decode: (bytes) => read(bytes, 0, bytes.length),
  };
}

/** Any codec as one that works in place: ours as it is, a user's through a copy of the value's bytes. */
export function asInPlace<T, I>(argument: Argument<T, I> | InPlaceArgument<T, I>): InPlaceArgument<T, I> {
  if ("write" in argument && "read" in argument) return argument;
  const encode = (value: I): Uint8Array => {
    const bytes: unknown = argument.encode(value);
    // Anything with a length would be written, as zeros.
    if (!(bytes instanceof Uint8Array)) throw new TypeError("its codec has not encoded it to a Uint8Array");
    return bytes;
  };
  return {
    write: (value, out) => out.append(encode(value)),
    read: (bytes, start, end) => argument.decode(keptBytes(bytes, start, end)),
    encode,
    decode: (bytes) => argument.decode(bytes),
  };
}

/** The TypeScript value of a codec, as it is received. */
export type ValueOf<A> = A extends Argument<infer T, infer _I> ? T : never;
/** The same, as it is given. */
type GivenTo<A> = A extends Argument<infer _T, infer I> ? I : never;

/** Argument names to codecs: what a command declares, and a row of an `ampList`. */
export type Fields = Readonly<Record<string, Argument<unknown>>>;

type Simplify<T> = { [K in keyof T]: T[K] } & {};
type OptionalKeys<F> = { [K in keyof F]: F[K] extends { readonly optional: true } ? K : never }[keyof F];

/** The values of some fields, as they are received: an optional one may be absent. */
export type ValuesOf<F extends Fields> = Simplify<
  { -readonly [K in Exclude<keyof F, OptionalKeys<F>>]: ValueOf<F[K]> } & {
    -readonly [K in OptionalKeys<F>]?: ValueOf<F[K]>;
  }
>;

/** The values of some fields, as they are given: `undefined` stands for absent, and nothing in them is written to. */
export type InputOf<F extends Fields> = Simplify<
  { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: GivenTo<F[K]> } & {
    readonly [K in OptionalKeys<F>]?: GivenTo<F[K]> | undefined;
  }
>;
