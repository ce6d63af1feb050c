/** Short texts, for which a call of the platform's encoder or decoder costs too much. Only codecs and serving load this file. */
import { utf8Lenient } from "../platform.ts";
import type { ByteWriter } from "./byte-writer.ts";

/** Length up to which a loop is faster than `TextEncoder.encodeInto`, also for text that is not ASCII. */
export const SHORT_TEXT_UNITS = 48;
/** Maximum size of what {@link putShortText} writes. */
export const PUT_TEXT_BYTES = 3 * SHORT_TEXT_UNITS;

/** Size up to which a loop is faster than a call of the platform's decoder. */
const SHORT_TEXT_BYTES = 16;
/** Returns text for a parser that accepts only ASCII. Invalid UTF-8 becomes U+FFFD, which such a parser rejects. */
export function valueText(bytes: Uint8Array, start: number, end: number): string {
  return shortAscii(bytes, start, end) ?? utf8Lenient.decode(bytes.subarray(start, end));
}

/**
 * Returns the text if it is short and ASCII, as most values are, else undefined. Without a loop: one call of `fromCharCode`
 * for up to eight characters costs half of joining characters.
 */
export function shortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  const count = end - start;
  if (count > SHORT_TEXT_BYTES) return undefined;
  if (count < 4) return upToThree(bytes, start, count);
  const a = bytes[start] as number;
  const b = bytes[start + 1] as number;
  const c = bytes[start + 2] as number;
  const d = bytes[start + 3] as number;
  if ((a | b | c | d) > 0x7f) return undefined;
  if (count === 4) return text(a, b, c, d);
  const e = bytes[start + 4] as number;
  if (count === 5) return e > 0x7f ? undefined : text(a, b, c, d, e);
  const f = bytes[start + 5] as number;
  if (count === 6) return (e | f) > 0x7f ? undefined : text(a, b, c, d, e, f);
  const g = bytes[start + 6] as number;
  if (count === 7) return (e | f | g) > 0x7f ? undefined : text(a, b, c, d, e, f, g);
  const h = bytes[start + 7] as number;
  if ((e | f | g | h) > 0x7f) return undefined;
  const eight = text(a, b, c, d, e, f, g, h);
  if (count === 8) return eight;
  const rest = shortAscii(bytes, start + 8, end);
  return rest === undefined ? undefined : eight + rest;
}

const text = String.fromCharCode;

function upToThree(bytes: Uint8Array, start: number, count: number): string | undefined {
  if (count === 0) return "";
  const a = bytes[start] as number;
  if (count === 1) return a > 0x7f ? undefined : text(a);
  const b = bytes[start + 1] as number;
  if (count === 2) return (a | b) > 0x7f ? undefined : text(a, b);
  const c = bytes[start + 2] as number;
  return (a | b | c) > 0x7f ? undefined : text(a, b, c);
}

/** Appends short text as UTF-8. Returns false, and appends nothing, for long text and text with surrogates. */
export function appendShortText(out: ByteWriter, text: string): boolean {
  out.reserve(PUT_TEXT_BYTES);
  const end = putShortText(out.bytes, out.length, text);
  if (end < 0) return false;
  out.length = end;
  return true;
}

/**
 * Writes short text as UTF-8 to bytes with space for {@link PUT_TEXT_BYTES}. Returns the end; -1 for long text and text with
 * surrogates.
 * @param from index of the first character that is written
 */
export function putShortText(bytes: Uint8Array, start: number, text: string, from = 0): number {
  const count = text.length;
  if (count > SHORT_TEXT_UNITS) return -1;
  let to = start;
  for (let i = from; i < count; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes[to++] = unit;
    else if (unit < 0x800) {
      bytes[to] = 0xc0 | (unit >> 6);
      bytes[to + 1] = 0x80 | (unit & 0x3f);
      to += 2;
    } else if ((unit & 0xf800) === 0xd800) return -1;
    else {
      bytes[to] = 0xe0 | (unit >> 12);
      bytes[to + 1] = 0x80 | ((unit >> 6) & 0x3f);
      bytes[to + 2] = 0x80 | (unit & 0x3f);
      to += 3;
    }
  }
  return to;
}
