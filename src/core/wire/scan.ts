/** One box's bytes to a frame: the only place that knows how keys and values stand in a box. */

import type { ExpectedBox, Part } from "./expected-box.ts";
import type { Frame } from "./frame.ts";
import { noteField } from "./protocol-fields.ts";

// Not imported: V8 knows a module's own constants for such, and no others.
const STRIDE = 3; // as in Frame
const LENGTH_BYTES = 2;
const MAX_KEY_LENGTH = 255;
const WORD = 4;

/** What the protocol's own keys begin with. */
const UNDERSCORE = 0x5f;

/** What {@link scanBox} returns where no number of bytes more would help. */
export const KEY_TOO_LONG = -1;
export const TOO_MANY_BYTES = -2;
const TOO_MANY_KEYS = -3;

/**
 * Goes on from `frame.cursor`, which stands before a key, and adds the keys that are there in full.
 * A box that drips in is looked at once per key, since the cursor never stops inside one.
 *
 * @param end where the bytes received so far end
 * @param limit where the box must have ended
 * @returns 0 when the box is complete, the cursor then being past it; above 0 how many bytes more it needs, at least;
 * below 0 why it cannot be read
 */
export function scanBox(frame: Frame, end: number, limit: number, maxKeys: number): number {
  if (
    frame.count === 0 &&
    frame.expected !== undefined &&
    scanExpected(frame, frame.expected, limit < end ? limit : end, maxKeys)
  )
    return 0;
  for (;;) {
    const { view, count, cursor } = frame;
    const keyStart = cursor + LENGTH_BYTES;
    if (keyStart > end) return keyStart - end;
    if (keyStart > limit) return TOO_MANY_BYTES;
    const keyLength = view.getUint16(cursor);
    if (keyLength === 0) {
      frame.cursor = keyStart;
      return 0;
    }
    if (keyLength > MAX_KEY_LENGTH) return KEY_TOO_LONG;
    const valueStart = keyStart + keyLength + LENGTH_BYTES;
    if (valueStart > end) return valueStart - end;
    const valueEnd = valueStart + view.getUint16(valueStart - LENGTH_BYTES);
    // Refused as soon as it is announced, not when it has come.
    if (valueEnd + LENGTH_BYTES > limit) return TOO_MANY_BYTES;
    if (count >= maxKeys) return TOO_MANY_KEYS;
    if (valueEnd > end) return valueEnd - end;
    frame.add(keyStart, valueStart, valueEnd);
    if (view.getUint8(keyStart) === UNDERSCORE) noteField(frame, count, view, cursor);
    if (count > 0 && !ascends(frame, count)) frame.ascending = false;
  }
}

/**
 * Reads a box that is like the one expected: nothing is asked of a key but whether it is the one that comes next.
 * @param end where the box must have ended
 * @returns whether it was so to its end; if not, the keys before the first other one are read
 */
function scanExpected(frame: Frame, shape: ExpectedBox, end: number, maxKeys: number): boolean {
  const { view, offsets } = frame;
  const { parts } = shape;
  const { length } = parts;
  if (length > maxKeys) return false;
  let { cursor } = frame;
  let count = 0;
  for (; count < length; count++) {
    const { fixed, valueAt, endsAt } = parts[count] as Part;
    // A word of a short part reaches over it.
    if (cursor + fixed.length + WORD > end || !fixed.standAt(view, cursor)) break;
    const valueStart = cursor + valueAt;
    const valueEnd = endsAt > 0 ? cursor + endsAt : valueStart + view.getUint16(valueStart - LENGTH_BYTES);
    if (valueEnd + LENGTH_BYTES > end) break;
    // What `frame.add` does, but for what need be done only once.
    const at = count * STRIDE;
    offsets[at] = cursor + LENGTH_BYTES;
    offsets[at + 1] = valueStart;
    offsets[at + 2] = valueEnd;
    cursor = valueEnd;
  }
  frame.cursor = cursor;
  frame.count = count;
  frame.ask = shape.ask < count ? shape.ask : -1;
  frame.answer = shape.answer < count ? shape.answer : -1;
  frame.command = shape.command < count ? shape.command : -1;
  frame.error = shape.error < count ? shape.error : -1;
  if (count < length || cursor + LENGTH_BYTES > end || view.getUint16(cursor) !== 0) return false;
  frame.cursor = cursor + LENGTH_BYTES;
  frame.shape = shape;
  return true;
}

/** Whether a key comes after the one before it, in byte order. */
function ascends(frame: Frame, index: number): boolean {
  const { view } = frame;
  const start = frame.keyStart(index);
  const end = frame.valueStart(index) - LENGTH_BYTES;
  const before = frame.keyStart(index - 1);
  const endBefore = frame.valueStart(index - 1) - LENGTH_BYTES;
  const shared = Math.min(end - start, endBefore - before);
  for (let i = 0; i < shared; i++) {
    const difference = view.getUint8(start + i) - view.getUint8(before + i);
    if (difference !== 0) return difference > 0;
  }
  return end - start > endBefore - before;
}
