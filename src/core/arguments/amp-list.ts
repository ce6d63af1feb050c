/** AMP's AmpList: boxes, one after another, as one value. */

import {
  type Fields,
  type InPlaceArgument,
  type InputOf,
  inPlaceArgument,
  type ValuesOf,
} from "../schema/argument.ts";
import { BoxTemplate, NO_TAG } from "../schema/box-template.ts";
import type { BoxArgument } from "../schema/field.ts";
import { FieldSet } from "../schema/field-set.ts";
import { readFields } from "../schema/read-fields.ts";
import { ByteWriter } from "../wire/byte-writer.ts";
import { Frame } from "../wire/frame.ts";
import { KEY_TOO_LONG, scanBox } from "../wire/scan.ts";
import { shownValue } from "../wire/value-text.ts";
import { elementError } from "./list-of.ts";

/** No bound: the list has one. A small integer, as V8 knows those that are passed elsewhere. */
const MAX_INT32 = 0x7fffffff;

/**
 * AMP's AmpList: an array of objects that all have the same fields, each sent as a box with its keys in byte
 * order (Twisted's `amp.AmpList`). An empty value is the empty list. The whole list is at most 65535 bytes long.
 *
 * As in Twisted, properties of a row that are no fields are not sent, received keys that are none are ignored, and of
 * a key that comes twice the last counts. Refuses a row without a required key, and a list that ends inside a row,
 * which Twisted drops in silence.
 *
 * @throws TypeError, TooLong when encoding; the message tells row and field
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
    // One for all rows, but not for all lists: a codec of a tree reads a list while it reads a row.
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
  // Fields that need the connection (descriptors) are handed it through the list.
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
  return spread;
}

function broken(state: number): string {
  return state === KEY_TOO_LONG
    ? "not a box: a key length over 255"
    : `cut off: ${state} bytes at least are missing`;
}
