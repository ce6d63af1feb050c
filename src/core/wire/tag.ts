/** Tags, which pair an answer with its ask. */
import { utf8Encoder } from "../platform.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { copiedBytes } from "./frame.ts";

/** Part of a byte array. Mutable, because a view for each box would cost more. */
export interface ByteRange {
  bytes: Uint8Array;
  /** View of `bytes`, if there is one. */
  view?: DataView | undefined;
  start: number;
  end: number;
}

/** A number for a tag of this end, bytes as received for a tag of the peer. */
export type Tag = number | ByteRange;

const ZERO = 0x30;
const A = 0x61;
/** Hexadecimal digits of 2^53. */
const MAX_TAG_DIGITS = 14;

/** Returns the tag as encoded in a box. Tags of this end are lower-case hexadecimal, counted from 1, as in Twisted. */
export function tagBytes(tag: Tag): Uint8Array {
  return typeof tag === "number"
    ? utf8Encoder.encode(tag.toString(16))
    : copiedBytes(tag.bytes, tag.start, tag.end);
}

/** Appends the tag as {@link tagBytes} encodes it. */
export function writeTag(tag: Tag, out: ByteWriter): void {
  if (typeof tag === "number") out.ascii(tag.toString(16));
  else out.appendRange(tag.bytes, tag.start, tag.end);
}

/** Returns the tag that these bytes encode, or -1 if this end would not have written it so. */
export function parseTag(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > MAX_TAG_DIGITS || bytes[start] === ZERO) return -1;
  let tag = 0;
  for (let at = start; at < end; at++) {
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
