/** Functions that generated writers call for tags and values. */
import { writeBoolean } from "../../core/arguments/boolean.ts";
import { putShortFloat, SHORT_FLOAT_BYTES, writeFloat } from "../../core/arguments/float.ts";
import { MAX_DIGITS_BYTES, putDigits, writeInteger } from "../../core/arguments/integer.ts";
import { writeText } from "../../core/arguments/unicode.ts";
import { tooLong } from "../../core/schema/box-template.ts";
import { MAX_VALUE_LENGTH } from "../../core/wire/box-limits.ts";
import { HEX_DIGITS, putHex } from "../../core/wire/byte-writer.ts";
import type { FastOut, FastTag } from "../../core/wire/fast-paths.ts";
import { PUT_TEXT_BYTES, putShortText } from "../../core/wire/short-text.ts";
import { writeTag } from "../../core/wire/tag.ts";

const WORD_BYTES = 4;
const MAX_INT32 = 0x7fffffff;

/** Writes most values of a type into bytes with space for them. Returns the end, or -1 for a value that it does not write. */
type Put = (bytes: Uint8Array, start: number, value: unknown) => number;

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
  return fits ? putDigits(bytes, start, value) : -1;
}

function putFloat(bytes: Uint8Array, start: number, value: unknown): number {
  return typeof value === "number" ? putShortFloat(bytes, start, value) : -1;
}

function putText(bytes: Uint8Array, start: number, value: unknown): number {
  return typeof value === "string" ? putShortText(bytes, start, value) : -1;
}

function putBoolean(bytes: Uint8Array, start: number, value: unknown): number {
  if (typeof value !== "boolean") return -1;
  const word = value ? TRUE : FALSE;
  for (let index = 0; index < word.length; index++) bytes[start + index] = word[index] as number;
  return start + word.length;
}

/** The codec of tags that `putTag` does not write. */
export const tagCodec = { write: writeTag };

/** Writes a tag of up to `HEX_DIGITS` bytes into memory with space for as many. Returns the end, or -1 for another tag. */
export function putTag(to: Uint8Array, view: DataView, start: number, tag: FastTag): number {
  if (typeof tag === "number") return tag <= MAX_INT32 ? putHex(to, start, tag) : -1;
  const { bytes, view: from, start: at, end } = tag;
  if (end - at > HEX_DIGITS) return -1;
  if (from !== undefined && at + HEX_DIGITS <= bytes.length) {
    // Two words cost as much as two bytes in a loop. Later writes overwrite the bytes after the tag.
    view.setInt32(start, from.getInt32(at));
    view.setInt32(start + WORD_BYTES, from.getInt32(at + WORD_BYTES));
  } else for (let next = at; next < end; next++) to[start + next - at] = bytes[next] as number;
  return start + end - at;
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
