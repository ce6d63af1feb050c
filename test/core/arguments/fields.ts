/** Writes and reads fields as the bytes of one box. */
import type { Fields } from "../../../src/core/schema/argument.ts";
import { BoxTemplate, NO_TAG } from "../../../src/core/schema/box-template.ts";
import { FieldSet } from "../../../src/core/schema/field-set.ts";
import { readFields as readValues } from "../../../src/core/schema/read-fields.ts";
import type { Box } from "../../../src/core/wire/box.ts";
import { encodeBox } from "../../../src/core/wire/box-writer.ts";
import { ByteWriter } from "../../../src/core/wire/byte-writer.ts";
import type { Frame } from "../../../src/core/wire/frame.ts";
import { BoxReader } from "../../../src/core/wire/reader.ts";

/** @param values of any type: tests also pass values that are rejected */
export function writeFields(fields: Fields, values: Readonly<Record<string, unknown>>): Uint8Array {
  const out = new ByteWriter(1);
  new BoxTemplate(new FieldSet(fields, "argument of Test"), []).write(out, NO_TAG, values);
  return out.copy();
}

export function readFields(fields: Fields, wire: Uint8Array): Record<string, unknown> {
  return readValues(new FieldSet(fields, "argument of Test"), frameOf(wire));
}

export function readBox(fields: Fields, box: Box): Record<string, unknown> {
  return readFields(fields, encodeBox(box));
}

function frameOf(wire: Uint8Array): Frame {
  const reader = new BoxReader();
  reader.push(wire);
  const frame = reader.nextFrame();
  if (frame === undefined) throw new Error("not a whole box");
  return frame;
}
