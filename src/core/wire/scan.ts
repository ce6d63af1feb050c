/** Parses the bytes of one box into a frame. No other file knows how keys and values are encoded in a received box. */

import type { Frame } from "./frame.ts";
import { noteField } from "./protocol-keys.ts";

// Repeated here, not imported: see README.md.
const LENGTH_BYTES = 2;
const MAX_KEY_LENGTH = 0xff;
const UNDERSCORE = 0x5f;

/** Results of {@link scanBox} for a box that more bytes cannot complete. */
export const KEY_TOO_LONG = -1;
export const TOO_MANY_BYTES = -2;
const TOO_MANY_KEYS = -3;

/**
 * Parses from `frame.cursor`, which is at the beginning of a key, and adds each key that has arrived with its value.
 * The cursor never stops inside a key, so a box that arrives in small pieces is parsed once per key.
 *
 * @param end end of the bytes received so far
 * @param limit position at which the box must have ended
 * @returns 0 if the box is complete, with the cursor at its end; a positive number of bytes that are missing, at least;
 *   or a negative number: why the box cannot be read
 */
export function scanBox(frame: Frame, end: number, limit: number, maxKeys: number): number {
  if (frame.count === 0 && frame.fastPaths?.scan(frame, limit < end ? limit : end, maxKeys) === true)
    return 0;
  return scanKeys(frame, end, limit, maxKeys);
}

function scanKeys(frame: Frame, end: number, limit: number, maxKeys: number): number {
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
    // Rejected when the length has arrived, before any byte of the value is stored.
    if (valueEnd + LENGTH_BYTES > limit) return TOO_MANY_BYTES;
    if (count >= maxKeys) return TOO_MANY_KEYS;
    if (valueEnd > end) return valueEnd - end;
    frame.add(keyStart, valueStart, valueEnd);
    if (view.getUint8(keyStart) === UNDERSCORE) noteField(frame, count, view, cursor);
    if (count > 0 && !ascends(frame, count)) frame.ascending = false;
  }
}

/** Returns true if the key at `index` comes after the one before it, in byte order. */
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
