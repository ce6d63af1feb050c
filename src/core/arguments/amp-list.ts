/** AMP's AmpList: a sequence of boxes as one value. */

import {
  type Fields,
  type InPlaceArgument,
  type InputOf,
  inPlaceArgument,
  type ValuesOf,
} from "../schema/argument.ts";
import { BoxTemplate, NO_TAG } from "../schema/box-template.ts";
import { registerFunctions } from "../schema/check-codec.ts";
import type { BoxArgument } from "../schema/field.ts";
import { FieldSet } from "../schema/field-set.ts";
import { readFields } from "../schema/read-fields.ts";
import { ByteWriter } from "../wire/byte-writer.ts";
import { Frame } from "../wire/frame.ts";
import { KEY_TOO_LONG, scanBox } from "../wire/scan.ts";
import { shownValue } from "../wire/value-text.ts";
import { elementError } from "./list-of.ts";

/** No limit, because the list has one. A small integer, like the other limits passed to `scanBox`, for the benefit of V8. */
const MAX_INT32 = 0x7fffffff;

/**
 * AMP's AmpList: an array of objects with the same fields (Twisted's `amp.AmpList`). Each row is sent as a box with its keys
 * in byte order. An empty value is the empty list. The whole list is at most 65535 bytes long.
 *
 * As in Twisted, undeclared properties of a row are not sent and undeclared keys are ignored. If a key occurs more than once,
 * the last value is used. Rejects a row without a required key, and a list that ends inside a row; Twisted drops such a row
 * without an error.
 *
 * @throws TypeError, TooLong when encoding; the message names the row and the field
 * @throws TypeError, SyntaxError when decoding
 */
export function ampList<F extends Fields>(fields: F): InPlaceArgument<ValuesOf<F>[], readonly InputOf<F>[]> {
  const set = new FieldSet(fields, "field", false);
  const template = new BoxTemplate(set, []);

  function write(rows: readonly InputOf<F>[], out: ByteWriter, connection?: unknown): void {
    if (!Array.isArray(rows)) throw new TypeError(`an array is needed, not ${shownValue(rows)}`);
    for (const [index, row] of rows.entries()) {
      try {
        template.write(out, NO_TAG, row, connection);
      } catch (error) {
        throw elementError(index, error);
      }
    }
  }

  function read(bytes: Uint8Array, start: number, end: number, connection?: unknown): ValuesOf<F>[] {
    const rows: ValuesOf<F>[] = [];
    // One frame for all rows of this list, but not for other lists: a codec may read a list while it reads a row.
    const frame = new Frame();
    frame.expected = template.expectedBox;
    for (let at = start; at < end; at = frame.cursor) {
      frame.clear(bytes, at);
      const state = scanBox(frame, end, MAX_INT32, MAX_INT32);
      if (state !== 0) throw elementError(rows.length, new SyntaxError(broken(state)));
      try {
        // readFields has read exactly these fields.
        rows.push(readFields(set, frame, connection) as ValuesOf<F>);
      } catch (error) {
        throw elementError(rows.length, error);
      }
    }
    return rows;
  }

  const codec = inPlaceArgument<ValuesOf<F>[], readonly InputOf<F>[]>(
    {
      write: (rows, out) => write(rows, out),
      read: (bytes, start, end) => read(bytes, start, end),
    },
    { type: "AmpList", fields },
  );
  const { spreadPath } = set;
  if (spreadPath === undefined) return codec;
  // The list passes the connection to fields that need it, for example file descriptors.
  const spread: BoxArgument<ValuesOf<F>[], readonly InputOf<F>[]> & typeof codec = {
    ...codec,
    spreadPath,
    toBox(rows, name, box, connection) {
      const out = new ByteWriter();
      write(rows, out, connection);
      box.set(name, out.copy());
    },
    fromBox(name, box, connection) {
      const value = box.get(name);
      return value === undefined ? undefined : read(value, 0, value.length, connection);
    },
  };
  registerFunctions(codec.write, spread.toBox);
  registerFunctions(codec.read, spread.fromBox);
  return spread;
}

function broken(state: number): string {
  return state === KEY_TOO_LONG
    ? "not a box: a key length over 255"
    : `cut off: at least ${state} bytes are missing`;
}
