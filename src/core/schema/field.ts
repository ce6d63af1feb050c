/** One field of a box, compiled. `field-set.ts` joins fields to a set; `read-fields.ts` and `box-template.ts` use them. */

import { InvalidSignature } from "../errors/caller.ts";
import type { Box } from "../wire/box.ts";
import { keyHeader } from "../wire/box-writer.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { FixedBytes } from "../wire/fixed-bytes.ts";
import type { Frame } from "../wire/frame.ts";
import { textToKey } from "../wire/key-text.ts";
import type { Tag } from "../wire/tag.ts";
import { type Argument, asInPlace, type Fields, type InPlaceArgument } from "./argument.ts";
import { checkCodec } from "./check-codec.ts";

/** Values by field name. */
export type Values = Readonly<Record<string, unknown>>;

/** A key as encoded in a box. */
export interface Key {
  readonly key: Uint8Array;
  /** The key with its length in front. */
  readonly header: Uint8Array;
  /** The header, prepared for comparison with the keys of a frame. */
  readonly pattern: FixedBytes;
}

/** A key that every box of one kind has besides its fields. */
export interface Constant {
  readonly key: string;
  /** Undefined for the tag, which differs from box to box. */
  readonly value?: Uint8Array;
}

export interface Field extends Key {
  readonly name: string;
  /** Index among the declared names. */
  readonly slot: number;
  readonly codec: InPlaceArgument<unknown>;
  readonly optional: boolean;
  /** Set for codecs that may use several keys. */
  readonly spread: BoxArgument<unknown> | undefined;
  /** True if every object inherits a property of this name, for example `toString`. */
  readonly shadowed: boolean;
}

/** Part of `FieldSet` that {@link SpreadPath} needs. */
export interface CompiledFields {
  /** In byte order of the keys. */
  readonly fields: readonly Field[];
  missing(name: string): Error;
  failure(name: string, cause: unknown): Error;
}

/**
 * Slow path for boxes with fields that use several keys: reads and writes them through a {@link Box}.
 * Such codecs refer to it, so a bundle without them does not contain it.
 */
export interface SpreadPath {
  /** @throws InvalidSignature for a spread codec of which a function was overridden that this path would ignore */
  check(codec: Omit<BoxArgument<unknown, never>, "spreadPath">): void;
  /**
   * Returns the names of the properties that hold the values of some fields, with the properties of a PropertiesArgument at the
   * end.
   * @throws InvalidSignature if two fields fill the same property, or if a field has the name of a piece of another one
   */
  propertyNames(names: readonly string[], fields: Fields, what: string): readonly string[];
  read(set: CompiledFields, frame: Frame, connection: unknown): Record<string, unknown>;
  /** @param slots values by {@link Field.slot}; the others are looked up in `values` */
  write(
    out: ByteWriter,
    set: CompiledFields,
    constants: readonly Constant[],
    tag: Tag,
    values: Values,
    slots: unknown[],
    connection: unknown,
  ): void;
}

/**
 * Codec that reads and writes keys of the box itself, as many as it needs. Create it with `boxArgument()`.
 * `connection` is the connection that the box is sent or received on, if any.
 */
export interface BoxArgument<T, I = T> extends Argument<T, I> {
  toBox(value: I, name: string, box: Box, connection: unknown): void;
  /** Returns undefined if the argument is absent. */
  fromBox(name: string, box: Box, connection: unknown): T | undefined;
  /** Returns the value of a required argument that has no keys. Without this function, such an argument is missing. */
  emptyValue?(): T;
  /** Set by `boxArgument()`. */
  readonly spreadPath: SpreadPath;
}

/**
 * Argument that fills several properties, none of which has its name. Created with `propertiesArgument()`. `toBox` gets an
 * object with the properties, and `fromBox` returns one.
 */
export interface PropertiesArgument<T extends object, I extends object = T> extends BoxArgument<T, I> {
  readonly properties: readonly string[];
}

/** @throws InvalidSignature if the name cannot be a key, TooLong if it is over 255 bytes */
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
  // TypeScript requires the property; a program in JavaScript may have forgotten it.
  if (isBoxArgument(argument) && !argument.spreadPath) {
    throw new InvalidSignature(`${name}: use boxArgument() for a codec with toBox`);
  }
  const codec = asInPlace(argument);
  if (isBoxArgument(argument)) argument.spreadPath.check(argument);
  return {
    ...compileKey(name),
    name,
    slot,
    codec,
    optional: "optional" in argument && argument.optional === true,
    spread: isBoxArgument(argument) ? argument : undefined,
    shadowed: name in Object.prototype,
  };
}

/**
 * Takes the value of a field out of its slot, so that the slots neither keep a value alive that was sent nor pass it to
 * the next box. A property that `for...in` does not list, for example a getter of a class, is read from `values`.
 */
export function takeValue(slots: unknown[], field: Field, values: Values): unknown {
  const value = slots[field.slot];
  slots[field.slot] = undefined;
  return value ?? unlistedValue(field, values);
}

/** An argument may be named `toString`: the function that every object inherits under that name is not its value. */
function unlistedValue(field: Field, values: Values): unknown {
  return field.shadowed && !Object.hasOwn(values, field.name) ? undefined : values[field.name];
}

/** @throws InvalidSignature for a value that is not a codec */
export function isLocal(argument: Argument<unknown>): boolean {
  checkCodec(argument);
  return "local" in argument && argument.local === true;
}

export function isBoxArgument<T, I>(argument: Argument<T, I>): argument is BoxArgument<T, I> {
  return "toBox" in argument;
}
