/** One box's bytes to a frame: the only place that knows how keys and values stand in a box. */
import type { Frame } from "./frame.ts";

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
  const { bytes } = frame;
  for (let cursor = frame.cursor; ; frame.cursor = cursor) {
    if (cursor + 2 > end) return cursor + 2 - end;
    if (cursor + 2 > limit) return TOO_MANY_BYTES;
    if (bytes[cursor] !== 0) return KEY_TOO_LONG;
    const keyStart = cursor + 2;
    const keyEnd = keyStart + (bytes[cursor + 1] as number);
    if (keyEnd === keyStart) {
      frame.cursor = keyStart;
      return WHOLE;
    }
    if (keyEnd + 2 > end) return keyEnd + 2 - end;
    const valueEnd = keyEnd + 2 + (((bytes[keyEnd] as number) << 8) | (bytes[keyEnd + 1] as number));
    // Refused as soon as it is announced, not when it has come.
    if (valueEnd + 2 > limit) return TOO_MANY_BYTES;
    if (frame.count >= maxKeys) return TOO_MANY_KEYS;
    if (valueEnd > end) return valueEnd - end;
    frame.add(keyStart, keyEnd, valueEnd);
    cursor = valueEnd;
  }
}
