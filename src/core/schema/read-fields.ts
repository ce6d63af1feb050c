/** Frame to values: the hot path of every box that is received. */

import type { Frame } from "../wire/frame.ts";
import type { Field } from "./field.ts";
import type { FieldSet } from "./field-set.ts";

/**
 * Reads the values of a box.
 * @throws InvalidSignature naming the field that is missing or malformed
 */
export function readFields(set: FieldSet, frame: Frame, connection?: unknown): Record<string, unknown> {
  const { spreadPath } = set;
  if (spreadPath !== undefined) return spreadPath.read(set, frame, connection);
  // It may have matched the box of another command of the same name.
  if (frame.matched?.owner !== set) frame.matched = undefined;
  else if (frame.fastReader !== undefined) return frame.fastReader.read(frame);
  return readByLoops(set, frame);
}

function readByLoops(set: FieldSet, frame: Frame): Record<string, unknown> {
  const { fields } = set;
  const values: Record<string, unknown> = {};
  const entryOfField = frame.matched?.entryOfField;
  let next = 0;
  for (let position = 0; position < fields.length; position++) {
    const field = fields[position] as Field;
    // Fields and keys are both in byte order, so the key of a field comes after the key found before it.
    const index =
      entryOfField !== undefined
        ? (entryOfField[position] as number)
        : frame.ascending
          ? frame.indexFrom(next, field.pattern)
          : frame.indexOf(field.pattern);
    if (index >= 0) {
      next = index + 1;
      values[field.name] = readValue(set, frame, index, field);
    } else if (!field.optional) {
      throw set.missing(field.name);
    }
  }
  return values;
}

function readValue(set: FieldSet, frame: Frame, index: number, field: Field): unknown {
  try {
    return field.codec.read(frame.bytes, frame.valueStart(index), frame.valueEnd(index));
  } catch (error) {
    throw set.failure(field.name, error);
  }
}
