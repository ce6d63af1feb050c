/**
 * Slow path for boxes with fields that use several keys, such as big values and file descriptors: a box is read and
 * written through a map. Only codecs that need it import this file.
 */

import { InvalidSignature } from "../errors/caller.ts";
import { Box } from "../wire/box.ts";
import { writeBox } from "../wire/box-writer.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import type { Frame } from "../wire/frame.ts";
import { type Tag, tagBytes } from "../wire/tag.ts";
import { wrongType } from "../wire/value-text.ts";
import type { Fields } from "./argument.ts";
import { isOverridden, registerFunctions } from "./check-codec.ts";
import {
  type BoxArgument,
  type CompiledFields,
  type Constant,
  type Field,
  isBoxArgument,
  type PropertiesArgument,
  type SpreadPath,
  takeValue,
  type Values,
} from "./field.ts";

/**
 * Completes a codec that reads and writes keys of the box itself: adds `spreadPath` to it.
 * @returns the same object, which may be an instance of a class
 * @throws InvalidSignature for a codec that lacks one of the four functions, and for a spread codec of which one function is
 *   overridden and would be ignored
 */
export function boxArgument<T, I = T>(codec: Omit<BoxArgument<T, I>, "spreadPath">): BoxArgument<T, I> {
  // A JavaScript program may have omitted some.
  if ([codec?.encode, codec?.decode, codec?.toBox, codec?.fromBox].some((half) => typeof half !== "function"))
    throw wrongType("boxArgument: the codec", "an object with encode, decode, toBox and fromBox", codec);
  checkBoxCodec(codec);
  registerFunctions(codec.encode, codec.toBox);
  registerFunctions(codec.decode, codec.fromBox);
  return Object.assign(codec, { spreadPath: throughBox });
}

function checkBoxCodec({
  encode,
  decode,
  toBox,
  fromBox,
}: Omit<BoxArgument<unknown, never>, "spreadPath">): void {
  if (isOverridden(encode, toBox))
    throw new InvalidSignature("encode is overridden, but toBox writes the values: override toBox too");
  if (isOverridden(decode, fromBox))
    throw new InvalidSignature("decode is overridden, but fromBox reads the values: override fromBox too");
}

/**
 * Data that a connection transfers besides its boxes, for example file descriptors. Such a connection has a property
 * `sideChannel`. If a box cannot be read or written, what its codecs did on the side channel is undone.
 */
export interface SideChannel {
  /** @returns a function that undoes everything done since */
  checkpoint(): () => void;
}

const throughBox: SpreadPath = {
  check: checkBoxCodec,
  propertyNames,
  read(set, frame, connection) {
    return undoingOnError(connection, () => readBox(set, frame, connection));
  },
  write(out, set, constants, tag, values, slots, connection) {
    undoingOnError(connection, () => writeFields(out, set, constants, tag, values, slots, connection));
  },
};

function undoingOnError<T>(connection: unknown, run: () => T): T {
  // Any object may be passed as a connection; the property is checked before it is used.
  const undo = (connection as { readonly sideChannel?: SideChannel } | undefined)?.sideChannel?.checkpoint();
  try {
    return run();
  } catch (error) {
    undo?.();
    throw error;
  }
}

function readBox(set: CompiledFields, frame: Frame, connection: unknown): Record<string, unknown> {
  const box = frame.toBox();
  const values: Record<string, unknown> = {};
  for (const field of set.fields) {
    const { name } = field;
    if (field.spread === undefined && !box.has(name)) {
      if (!field.optional) throw set.missing(name);
      continue;
    }
    let value: unknown;
    try {
      value = readField(field, frame, box, connection);
    } catch (error) {
      throw set.failure(name, error);
    }
    const properties = propertiesOf(field.spread);
    if (properties !== undefined && value !== undefined) copyProperties(properties, value as Values, values);
    else if (field.spread === undefined || value !== undefined) values[name] = value;
    else if (!field.optional) throw set.missing(name);
  }
  return values;
}

/** In place of the name of a PropertiesArgument: no field and no property of an object literal has this name. */
const NO_PROPERTY = "__proto__";

function propertyNames(names: readonly string[], fields: Fields, what: string): readonly string[] {
  for (const [name, argument] of Object.entries(fields))
    if (isBoxArgument(argument)) checkPieces(name, names, what);
  const groups = Object.values(fields).map(propertiesOf);
  const all = [
    ...names.map((name, index) => (groups[index] === undefined ? name : NO_PROPERTY)),
    ...groups.flatMap((properties = []) => properties),
  ];
  const twice = all.find((name, index) => name !== NO_PROPERTY && all.indexOf(name) !== index);
  if (twice !== undefined)
    throw new InvalidSignature(`${what}: two fields fill the property ${JSON.stringify(twice)}`);
  return all;
}

/** A value that is spread over `name.2`, `name.3`, ... would overwrite an argument of such a name. */
function checkPieces(name: string, names: readonly string[], what: string): void {
  const piece = names.find((other) => isPieceOf(name, other));
  if (piece !== undefined)
    throw new InvalidSignature(
      `${what}: ${JSON.stringify(name)} may be spread over ${JSON.stringify(piece)}`,
    );
}

/** Returns true if a value that is spread over several keys from `name` on may have a piece under `key`. */
export function isPieceOf(name: string, key: string): boolean {
  return key.startsWith(`${name}.`) && /^\d+$/.test(key.slice(name.length + 1));
}

/** Returns the properties that an argument fills; undefined if it fills the property of its name. */
function propertiesOf(argument: object | undefined): readonly string[] | undefined {
  return argument !== undefined && "properties" in argument
    ? (argument as PropertiesArgument<object>).properties // only PropertiesArgument has it
    : undefined;
}

/** Copies the properties that are not undefined. Returns `target`. */
function copyProperties(
  properties: readonly string[],
  source: Values,
  target: Record<string, unknown>,
): Record<string, unknown> {
  for (const property of properties) {
    const value = source[property];
    if (value !== undefined) target[property] = value;
  }
  return target;
}

function readField(field: Field, frame: Frame, box: Box, connection: unknown): unknown {
  const { spread } = field;
  if (spread !== undefined) {
    const value = spread.fromBox(field.name, box, connection);
    return value === undefined && !field.optional ? spread.emptyValue?.() : value;
  }
  const index = frame.indexOf(field.pattern);
  return field.codec.read(frame.bytes, frame.valueStart(index), frame.valueEnd(index));
}

function writeFields(
  out: ByteWriter,
  set: CompiledFields,
  constants: readonly Constant[],
  tag: Tag,
  values: Values,
  slots: unknown[],
  connection: unknown,
): void {
  const box = new Box();
  for (const { key, value } of constants) box.set(key, value ?? tagBytes(tag));
  for (const field of set.fields) {
    const properties = propertiesOf(field.spread);
    const value = properties ? copyProperties(properties, values, {}) : takeValue(slots, field, values);
    if (value === undefined) {
      if (field.optional) continue;
      throw set.missing(field.name);
    }
    try {
      if (field.spread === undefined) box.set(field.name, field.codec.encode(value));
      else field.spread.toBox(value, field.name, box, connection);
    } catch (error) {
      throw set.failure(field.name, error);
    }
  }
  slots.fill(undefined); // the slots of properties
  // A row of a list may be empty. A box of its own may not, so `writeBox` rejects it.
  if (box.size === 0) out.uint16(0);
  else writeBox(out, box);
}
