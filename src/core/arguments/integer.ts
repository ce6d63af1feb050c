/** AMP's Integer as a `number`, and the parser of both integer codecs. */

import { utf8Lenient } from "../platform.ts";
import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { shownValue } from "../wire/value-text.ts";

const MINUS = 0x2d;
const ZERO = 0x30;
const MAX_INT32 = 0x7fffffff;
/** Maximum size of what {@link putDigits} writes. */
export const MAX_DIGITS_BYTES = 10;
/** Digits that always fit a safe integer. */
const SAFE_DIGITS = 15;
/** Most digits that Python's `int` reads from a text (`sys.int_info`). The limit prevents conversions in quadratic time. */
const MAX_DIGITS = 4300;
/** Text that Python's `int(bytes)` accepts: ASCII digits, single underscores between them, ASCII white space around them. */
const INTEGER = /^[\t-\r ]*([+-]?)(\d+(?:_\d+)*)[\t-\r ]*$/;

/**
 * AMP's Integer as a `number`.
 *
 * Accepts the integer text of Python, as Twisted does (`amp.Integer`, `int(bytes)`), for example `13`, `+5`, `-0`, `007` and
 * `1_000`, with surrounding ASCII white space, up to 4300 digits. Rejects all other text, for example `0x10`, `1.0`, `1e3`,
 * `1__0` and an empty value. Sends decimal digits.
 *
 * Rejects numbers beyond `Number.MAX_SAFE_INTEGER` in both directions: use `bigInteger()` for them.
 *
 * @throws TypeError, RangeError when encoding a value that is not a safe integer
 * @throws SyntaxError, RangeError when decoding
 */
export function integer(): InPlaceArgument<number> {
  return inPlaceArgument({ write: writeInteger, read: readInteger }, { type: "Integer" });
}

export function writeInteger(value: number, out: ByteWriter): void {
  if (!Number.isSafeInteger(value)) throw notAnInteger(value);
  if (value < 0 || value > MAX_INT32) {
    out.ascii(String(value));
    return;
  }
  out.reserve(MAX_DIGITS_BYTES);
  out.length = putDigits(out.bytes, out.length, value);
}

/** Writes the digits of a number of 31 bits to bytes with space for {@link MAX_DIGITS_BYTES}. Returns the end. */
export function putDigits(bytes: Uint8Array, start: number, value: number): number {
  let end = start + 1;
  for (let bound = 10; value >= bound; bound *= 10) end++;
  let rest = value;
  for (let at = end - 1; at >= start; at--) {
    const tenth = (rest / 10) | 0;
    bytes[at] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return end;
}

export function readInteger(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = bytes[at] === MINUS && at < end;
  if (negative) at++;
  if (at === end || end - at > SAFE_DIGITS) return readRareInteger(bytes, start, end);
  let value = 0;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) ^ ZERO;
    if (digit > 9) return readRareInteger(bytes, start, end);
    value = value * 10 + digit;
  }
  return negative && value !== 0 ? -value : value;
}

function readRareInteger(bytes: Uint8Array, start: number, end: number): number {
  const text = utf8Lenient.decode(bytes.subarray(start, end));
  const number = Number(parseInteger(text));
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError(`${shownValue(text)} is beyond the safe integers: declare it as bigInteger()`);
}

/** @throws SyntaxError, RangeError */
export function parseInteger(text: string): bigint {
  const match = INTEGER.exec(text);
  if (match === null) throw new SyntaxError(`not an integer: ${shownValue(text)}`);
  const digits = (match[2] as string).replaceAll("_", "");
  if (digits.length > MAX_DIGITS) {
    throw new RangeError(`an integer of ${digits.length} digits: Python reads at most ${MAX_DIGITS}`);
  }
  const magnitude = BigInt(digits);
  return match[1] === "-" ? -magnitude : magnitude;
}

function notAnInteger(value: unknown): Error {
  if (Number.isInteger(value))
    return new RangeError(`${value} is beyond the safe integers: declare it as bigInteger()`);
  const needed = `an integer is needed, not ${shownValue(value)}`;
  if (typeof value === "number") return new RangeError(needed);
  return new TypeError(typeof value === "bigint" ? `${needed}: for bigints declare bigInteger()` : needed);
}
