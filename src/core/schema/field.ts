/** One field of a box, compiled: what {@link Schema} reads and writes by. */

import { InvalidSignature } from "../errors/caller.ts";
import { keyHeader } from "../wire/box-writer.ts";
import { FixedBytes } from "../wire/fixed-bytes.ts";
import { textToKey } from "../wire/key-text.ts";
import { type Argument, asInPlace, type BoxArgument, type InPlaceArgument } from "./argument.ts";

/** A key as it stands in a box. */
export interface Key {
  readonly key: Uint8Array;
  /** The same with its length before it. */
  readonly header: Uint8Array;
  /** The header again, for finding it in a frame. */
  readonly pattern: FixedBytes;
}

export interface Field extends Key {
  readonly name: string;
  /** Its place among the declared names. */
  readonly slot: number;
  readonly codec: InPlaceArgument<unknown>;
  readonly optional: boolean;
  /** Set for the few codecs that write several keys. */
  readonly spread: BoxArgument<unknown> | undefined;
  /** Its name is one that every object inherits something under. */
  readonly shadowed: boolean;
}

/** Values by the names of the fields: what a program gives, and what is read from a box. */
export type Values = Readonly<Record<string, unknown>>;

/** @throws InvalidSignature for a name that cannot be a key, TooLong for one over 255 bytes */
export function compileKey(name: string): Key {
  const key = textToKey(name);
  const header = keyHeader(key);
  return { key, header, pattern: new FixedBytes(header) };
}

/** @throws InvalidSignature, TooLong */
export function compileField(name: string, argument: Argument<unknown>, slot: number): Field {
  if (name === "__proto__") {
    throw new InvalidSignature("__proto__ cannot name a field: objects treat it specially");
  }
  return {
    ...compileKey(name),
    name,
    slot,
    codec: asInPlace(argument),
    optional: "optional" in argument && argument.optional === true,
    spread: isBoxArgument(argument) ? argument : undefined,
    shadowed: name in Object.prototype,
  };
}

/**
 * A value that an object does not list: of a getter in its class, say. An argument may be named `toString`: then what every
 * object inherits under that name does not count.
 */
export function valueFor(field: Field, values: Values): unknown {
  return field.shadowed && !Object.hasOwn(values, field.name) ? undefined : values[field.name];
}

/** Whether a value that is spread over several keys, of this name, may have a piece under that key. */
export function isPieceOf(name: string, key: string): boolean {
  return key.startsWith(`${name}.`) && /^\d+$/.test(key.slice(name.length + 1));
}

export function isLocal(argument: Argument<unknown>): boolean {
  return "local" in argument && argument.local === true;
}

export function isBoxArgument<T, I>(argument: Argument<T, I>): argument is BoxArgument<T, I> {
  return "toBox" in argument;
}
