/** One box's bytes to a frame: the only place that knows how keys and values stand in a box. */
import type { Frame } from "./frame.ts";
import { noteField } from "./protocol-fields.ts";

/** As in {@link Frame}. Not imported: V8 knows a module's own constants for such, and no others. */
const STRIDE = 3;
const LENGTH_BYTES = 2;

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
  // All in local variables: this loop runs for every key of every box.
  const { bytes, offsets } = frame;
  let { cursor, count } = frame;
  let result = 0;
  /** What the key before begins with; of a box that goes on, not known. */
  let previous = 0xffff;
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
    // The first two bytes decide it for nearly every pair of keys.
    const second = keyEnd - keyStart > 1 ? (bytes[keyStart + 1] as number) : 0;
    const begins = ((bytes[keyStart] as number) << 8) | second;
    if (begins <= previous && at > 0 && !ascends(bytes, offsets, at - STRIDE, keyStart, keyEnd))
      frame.ascending = false;
    previous = begins;
    if (begins >> 8 === UNDERSCORE) noteField(frame, count, bytes, keyStart, keyEnd - keyStart);
    offsets[at] = keyStart;
    offsets[at + 1] = keyEnd + LENGTH_BYTES;
    offsets[at + 2] = valueEnd;
    count++;
    cursor = valueEnd;
  }
  frame.cursor = cursor;
  frame.count = count;
  return result;
}

/** Whether a key comes after the one whose offsets begin at `before`, in byte order. */
function ascends(
  bytes: Uint8Array,
  offsets: readonly number[],
  before: number,
  keyStart: number,
  keyEnd: number,
): boolean {
  const start = offsets[before] as number;
  const end = (offsets[before + 1] as number) - LENGTH_BYTES;
  const shared = Math.min(end - start, keyEnd - keyStart);
  for (let i = 0; i < shared; i++) {
    const difference = (bytes[start + i] as number) - (bytes[keyStart + i] as number);
    if (difference !== 0) return difference < 0;
  }
  return end - start < keyEnd - keyStart;
}
