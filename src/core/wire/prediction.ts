/**
 * Prediction of received boxes: each is first compared with the one before it, see `expected-box.ts`. The entry points for
 * servers have it. A page receives few boxes, so it does not load this file unless it has lists of rows.
 */
import { ExpectedBox } from "./expected-box.ts";
import type { FastEntry, FastTemplate, Prediction } from "./fast-paths.ts";
import type { Frame } from "./frame.ts";

// Repeated here, not imported: see README.md.
const OFFSETS_PER_KEY = 3;
const LENGTH_BYTES = 2;
const WORD = 4;

/** The prediction of a connection without generated code. */
export const prediction: Prediction = {
  scan: (frame: Frame, end, maxKeys) =>
    frame.expected !== undefined && scanExpected(frame, frame.expected, end, maxKeys),
  expect: expectedBoxOf,
};

/** Returns the description of a template's boxes for the reader; undefined if a codec decides itself which keys it uses. */
export function expectedBoxOf(template: FastTemplate): ExpectedBox | undefined {
  if (template.spreadPath !== undefined) return undefined;
  template.expectedBox ??= new ExpectedBox(template.keys, template.set);
  return template.expectedBox;
}

/**
 * Compares a box with the expected one: checks only that each key is the key expected next.
 * @param end position at which the box must have ended
 * @returns true if the whole box is as expected; if not, the keys before the first difference have been added
 */
export function scanExpected(frame: Frame, box: ExpectedBox, end: number, maxKeys: number): boolean {
  const { view, offsets } = frame;
  const { entries } = box;
  const { length } = entries;
  if (length > maxKeys) return false;
  let { cursor } = frame;
  let count = 0;
  for (; count < length; count++) {
    const { fixed, valueOffset, fixedEnd } = entries[count] as FastEntry;
    // The comparison reads whole words, up to three bytes more than a short entry has.
    if (cursor + fixed.length + WORD > end || !fixed.isAt(view, cursor)) break;
    const valueStart = cursor + valueOffset;
    const valueEnd =
      fixedEnd > 0 ? cursor + fixedEnd : valueStart + view.getUint16(valueStart - LENGTH_BYTES);
    if (valueEnd + LENGTH_BYTES > end) break;
    // As `frame.add`, except that `count` and `cursor` are stored once, after the loop.
    const at = count * OFFSETS_PER_KEY;
    offsets[at] = cursor + LENGTH_BYTES;
    offsets[at + 1] = valueStart;
    offsets[at + 2] = valueEnd;
    cursor = valueEnd;
  }
  frame.cursor = cursor;
  frame.count = count;
  frame.ask = box.ask < count ? box.ask : -1;
  frame.answer = box.answer < count ? box.answer : -1;
  frame.command = box.command < count ? box.command : -1;
  frame.error = box.error < count ? box.error : -1;
  if (count < length || cursor + LENGTH_BYTES > end || view.getUint16(cursor) !== 0) return false;
  frame.cursor = cursor + LENGTH_BYTES;
  frame.matched = box;
  return true;
}
