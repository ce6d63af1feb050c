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
import { countElements } from "../wire/elements.ts";
import { rowPaths } from "../wire/fast-paths.ts";
import { Frame } from "../wire/frame.ts";
import { KEY_TOO_LONG, scanBox } from "../wire/scan.ts";
import { shownValue } from "../wire/value-text.ts";
import { elementError } from "./list-of.ts";

/** No limit, because the list has one. A small integer, like the other limits passed to `scanBox`, for the benefit of V8. */
const MAX_INT32 = 0x7fffffff;
/** Length of `offsets` up to which a frame is kept for the next list. A row with thousands of keys makes a large frame. */
const MAX_KEPT_OFFSETS = 1024;

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
  /** Frame for the rows of the next list. Undefined while a list is read: a codec may read such a list while it reads a row. */
  let spareFrame: Frame | undefined;

  function write(rows: readonly InputOf<F>[], out: ByteWriter, connection?: unknown): void {
    if (!Array.isArray(rows)) throw new TypeError(`an array is needed, not ${shownValue(rows)}`);
    let index = 0;
    try {
      // An index below the length is safe: a hole is `undefined`, which the template rejects.
      for (; index < rows.length; index++) template.write(out, NO_TAG, rows[index] as InputOf<F>, connection);
    } catch (error) {
      throw elementError(index, error);
    }
  }

  function read(bytes: Uint8Array, start: number, end: number, connection?: unknown): ValuesOf<F>[] {
    const rows: ValuesOf<F>[] = [];
    if (start === end) return rows;
    const frame = spareFrame ?? newFrame();
    spareFrame = undefined;
    try {
      for (let at = start; at < end; at = frame.cursor) {
        frame.clear(bytes, at);
        if (rowPaths?.readRows(frame, end, rows)) break;
        const state = scanBox(frame, end, MAX_INT32, MAX_INT32);
        if (state !== 0) throw new SyntaxError(broken(state));
        countElements(1 + frame.count);
        // readFields has read exactly these fields.
        rows.push(readFields(set, frame, connection) as ValuesOf<F>);
      }
    } catch (error) {
      throw elementError(rows.length, error);
    }
    if (frame.offsets.length <= MAX_KEPT_OFFSETS) {
      frame.release();
      spareFrame = frame;
    }
    return rows;
  }

  function newFrame(): Frame {
    const frame = new Frame();
    frame.expected = template.expectedBox;
    return frame;
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
