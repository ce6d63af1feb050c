/** Tags that we make: lower-case hexadecimal counting from 1, as Twisted's. */
import type { ByteRange } from "../wire/byte-range.ts";

const ZERO = 0x30;
const A = 0x61;

/** The digits of a tag. Good until the next call: the range is reused. */
export function tagDigits(tag: number): ByteRange {
  let start = digits.end;
  // Not by bit operations, which know 32 bits only: a busy connection makes more calls than that.
  for (let rest = tag; rest > 0; rest = Math.floor(rest / 16)) {
    const digit = rest % 16;
    digits.bytes[--start] = digit < 10 ? ZERO + digit : A + digit - 10;
  }
  digits.start = start;
  return digits;
}

/** 2^53 has 14 digits. */
const MAX_DIGITS = 14;
const digits: ByteRange = { bytes: new Uint8Array(MAX_DIGITS), start: 0, end: MAX_DIGITS };

/** The tag that these bytes are, or -1 when we would never have written them so. */
export function parseTag(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > MAX_DIGITS || bytes[start] === ZERO) return -1;
  let tag = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte >= ZERO && byte < ZERO + 10) tag = tag * 16 + byte - ZERO;
    else if (byte >= A && byte < A + 6) tag = tag * 16 + byte - A + 10;
    else return -1;
  }
  return tag;
}
