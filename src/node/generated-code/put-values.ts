/** Functions that generated writers call for values. */
import { writeBoolean } from "../../core/arguments/boolean.ts";
import { putShortFloat, SHORT_FLOAT_BYTES, writeFloat } from "../../core/arguments/float.ts";
import { MAX_DIGITS_BYTES, putDigits, writeInteger } from "../../core/arguments/integer.ts";
import { writeText } from "../../core/arguments/unicode.ts";
import { tooLong } from "../../core/schema/box-template.ts";
import { MAX_VALUE_LENGTH } from "../../core/wire/box-limits.ts";
import type { FastOut } from "../../core/wire/fast-paths.ts";
import { PUT_TEXT_BYTES, putShortText, SHORT_TEXT_UNITS } from "../../core/wire/short-text.ts";

const ZERO = 0x30;
const MAX_INT32 = 0x7fffffff;

/**
 * Writes most values of a type into bytes with space for them, of which `view` is a view. Returns the end, or -1 for a value that
 * it does not write.
 */
type Put = (bytes: Uint8Array, start: number, value: unknown, view: DataView) => number;

interface FastWrite {
  readonly put: Put;
  /** Maximum size of what `put` writes: at most 255. */
  readonly maxBytes: number;
}

const TRUE = [0x54, 0x72, 0x75, 0x65];
const FALSE = [0x46, 0x61, 0x6c, 0x73, 0x65];

/** By the function `write` of the codec. Other codecs write their values themselves. */
export const fastWrites: ReadonlyMap<unknown, FastWrite> = new Map<unknown, FastWrite>([
  [writeInteger, { put: putInteger, maxBytes: MAX_DIGITS_BYTES }],
  [writeFloat, { put: putFloat, maxBytes: SHORT_FLOAT_BYTES }],
  [writeText, { put: putText, maxBytes: PUT_TEXT_BYTES }],
  [writeBoolean, { put: putBoolean, maxBytes: FALSE.length }],
]);

function putInteger(bytes: Uint8Array, start: number, value: unknown): number {
  const fits = typeof value === "number" && value >= 0 && value <= MAX_INT32 && Number.isInteger(value);
  if (!fits) return -1;
  if (value >= 100) return putDigits(bytes, start, value);
  // The most frequent integers, without a loop.
  const tens = (value / 10) | 0;
  if (tens > 0) bytes[start++] = ZERO + tens;
  bytes[start++] = ZERO + value - tens * 10;
  return start;
}

function putFloat(bytes: Uint8Array, start: number, value: unknown): number {
  return typeof value === "number" ? putShortFloat(bytes, start, value) : -1;
}

/** Four ASCII characters at a time, as long as there are so many. */
function putText(bytes: Uint8Array, start: number, value: unknown, view: DataView): number {
  if (typeof value !== "string" || value.length > SHORT_TEXT_UNITS) return -1;
  let from = 0;
  for (; from + 4 <= value.length; from += 4) {
    const a = value.charCodeAt(from);
    const b = value.charCodeAt(from + 1);
    const c = value.charCodeAt(from + 2);
    const d = value.charCodeAt(from + 3);
    if ((a | b | c | d) > 0x7f) break;
    view.setInt32(start + from, a | (b << 8) | (c << 16) | (d << 24), true);
  }
  return from === value.length ? start + from : putShortText(bytes, start + from, value, from);
}

function putBoolean(bytes: Uint8Array, start: number, value: unknown): number {
  if (typeof value !== "boolean") return -1;
  const word = value ? TRUE : FALSE;
  for (let index = 0; index < word.length; index++) bytes[start + index] = word[index] as number;
  return start + word.length;
}

/** Writes a value with its codec, and then its length. Reserves space for what follows. Returns the end. */
export function writeValue(
  out: FastOut,
  start: number,
  codec: { write(value: unknown, out: FastOut): void },
  value: unknown,
  room: number,
): number {
  out.length = start;
  codec.write(value, out);
  const length = out.endCounted(start - 2);
  if (!(length <= MAX_VALUE_LENGTH)) throw tooLong(length); // NaN if the codec has appended something other than bytes
  out.reserve(room);
  return out.length;
}
