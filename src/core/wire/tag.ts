/** Tags, which bring an answer to its call: a number where it is one of ours, else bytes as they came from the peer. */
import { utf8Encoder } from "../platform.ts";
import type { ByteRange } from "./byte-range.ts";
import { copiedBytes } from "./frame.ts";

export type Tag = number | ByteRange;

const ZERO = 0x30;
const A = 0x61;
/** Tags of so many digits fit in 32 bits. */
const SHORT = 7;
/** 2^53 has 14 digits. */
const MAX_DIGITS = 14;

/** As it stands in a box. Ours are lower-case hexadecimal counting from 1, as Twisted's. */
export function tagBytes(tag: Tag): Uint8Array {
  return typeof tag === "number"
    ? utf8Encoder.encode(tag.toString(16))
    : copiedBytes(tag.bytes, tag.start, tag.end);
}

/** The tag that these bytes are, or -1 when we would never have written them so. */
export function parseTag(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > MAX_DIGITS || bytes[start] === ZERO) return -1;
  const short = Math.min(end, start + SHORT);
  let tag = 0;
  let at = start;
  for (; at < short; at++) {
    const digit = digitAt(bytes, at);
    if (digit < 0) return -1;
    tag = (tag << 4) | digit;
  }
  for (; at < end; at++) {
    const digit = digitAt(bytes, at);
    if (digit < 0) return -1;
    tag = tag * 16 + digit;
  }
  return tag;
}

function digitAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] as number;
  if (byte >= ZERO && byte < ZERO + 10) return byte - ZERO;
  return byte >= A && byte < A + 6 ? byte - A + 10 : -1;
}
