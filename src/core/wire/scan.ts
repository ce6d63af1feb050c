/** One box's bytes to a frame: the only place that knows how keys and values stand in a box. */
import { type Frame, isBefore, STRIDE } from "./frame.ts";

/** What {@link scanBox} returns where it cannot go on; a number above 0 means "so many bytes more, at least". */
export const WHOLE = 0;
export const KEY_TOO_LONG = -1;
export const TOO_MANY_BYTES = -2;
const TOO_MANY_KEYS = -3;

/**
 * Goes on from `frame.cursor`, which stands before a key, and adds the keys that are there in full.
 * A box that drips in is looked at once per key, since the cursor never stops inside one.
 *
 * @param end where the bytes received so far end
 * @param limit where the box must have ended
 * @returns WHOLE when the box is complete, the cursor then being past it; else why not
 */
export function scanBox(frame: Frame, end: number, limit: number, maxKeys: number): number {
  // All in local variables: this loop runs for every key of every box.
  const { bytes, offsets } = frame;
  let { cursor, count } = frame;
  let result = WHOLE;
  for (;;) {
    const keyStart = cursor + 2;
    if (keyStart > end) {
      result = keyStart - end;
      break;
    }
    if (keyStart > limit) {
      result = TOO_MANY_BYTES;
      break;
    }
    if (bytes[cursor] !== 0) {
      result = KEY_TOO_LONG;
      break;
    }
    const keyEnd = keyStart + (bytes[cursor + 1] as number);
    if (keyEnd === keyStart) {
      cursor = keyStart;
      break;
    }
    if (keyEnd + 2 > end) {
      result = keyEnd + 2 - end;
      break;
    }
    const valueEnd = keyEnd + 2 + (((bytes[keyEnd] as number) << 8) | (bytes[keyEnd + 1] as number));
    // Refused as soon as it is announced, not when it has come.
    if (valueEnd + 2 > limit) {
      result = TOO_MANY_BYTES;
      break;
    }
    if (count >= maxKeys) {
      result = TOO_MANY_KEYS;
      break;
    }
    if (valueEnd > end) {
      result = valueEnd - end;
      break;
    }
    const at = count * STRIDE;
    if (
      at > 0 &&
      // The first bytes decide it for nearly every pair of keys.
      (bytes[keyStart] as number) <= (bytes[offsets[at - STRIDE] as number] as number) &&
      !isBefore(bytes, offsets[at - STRIDE] as number, offsets[at - STRIDE + 1] as number, keyStart, keyEnd)
    ) {
      frame.ascending = false;
    }
    offsets[at] = keyStart;
    offsets[at + 1] = keyEnd;
    offsets[at + 2] = valueEnd;
    count++;
    cursor = valueEnd;
  }
  frame.cursor = cursor;
  frame.count = count;
  return result;
}
