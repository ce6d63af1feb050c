/** AMP's Integer as a `number`. The rules of both integer codecs are here. */

import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { shownBytes, shownValue, valueText } from "../wire/value-text.ts";

const MINUS = 0x2d;
const ZERO = 0x30;
const MAX_INT32 = 0x7fffffff;
/** Every number of this many digits is a safe integer. */
const SAFE_DIGITS = 15;
/** The most digits that Python's `int` takes from a text (`sys.int_info`), against quadratic conversions. */
const MAX_DIGITS = 4300;
/** What `int(bytes)` takes: ASCII digits, single underscores between them, ASCII white space around. */
const INTEGER = /^[\t-\r ]*([+-]?)(\d+(?:_\d+)*)[\t-\r ]*$/;

/**
 * AMP's Integer as a `number`.
 *
 * Accepts Python's integer text, as Twisted does (`amp.Integer`, `int(bytes)`): `13`, `+5`, `-0`, `007`,
 * `1_000`, ASCII white space around, up to 4300 digits. Refuses everything else, among it `0x10`, `1.0`,
 * `1e3`, `1__0` and nothing at all. Sends decimal digits.
 *
 * Numbers beyond `Number.MAX_SAFE_INTEGER` are refused in both directions: use `bigInteger()`.
 *
 * @throws TypeError, RangeError when encoding what is not a safe integer
 * @throws SyntaxError, RangeError when decoding
 */
export function integer(): InPlaceArgument<number> {
  return inPlaceArgument({ write: writeInteger, read: readInteger }, { type: "Integer" });
}

function writeInteger(value: number, out: ByteWriter): void {
  if (!Number.isSafeInteger(value)) throw notAnInteger(value);
  if (value < 0 || value > MAX_INT32) {
    out.ascii(String(value));
    return;
  }
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  out.reserve(digits);
  const { bytes } = out;
  out.length += digits;
  let rest = value;
  for (let at = out.length - 1; digits > 0; digits--, at--) {
    const tenth = (rest / 10) | 0;
    bytes[at] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
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
  const value = readBigInteger(bytes, start, end);
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError(
    `the integer ${shownBytes(bytes, start, end)} does not fit a number without loss: declare it as bigInteger()`,
  );
}

/** @throws SyntaxError, RangeError */
export function readBigInteger(bytes: Uint8Array, start: number, end: number): bigint {
  const match = INTEGER.exec(valueText(bytes, start, end));
  if (match === null) throw new SyntaxError(`not an integer: ${shownBytes(bytes, start, end)}`);
  const digits = (match[2] as string).replaceAll("_", "");
  if (digits.length > MAX_DIGITS) {
    throw new RangeError(`an integer of ${digits.length} digits: Python takes at most ${MAX_DIGITS}`);
  }
  const magnitude = BigInt(digits);
  return match[1] === "-" ? -magnitude : magnitude;
}

function notAnInteger(value: unknown): Error {
  if (typeof value === "bigint") {
    return new TypeError(
      `a number is needed, not the bigint ${shownValue(value)}: or declare it as bigInteger()`,
    );
  }
  if (typeof value !== "number") return new TypeError(`an integer is needed, not ${shownValue(value)}`);
  if (!Number.isInteger(value)) return new RangeError(`an integer is needed, not ${value}`);
  return new RangeError(`${value} is beyond the safe integers: declare it as bigInteger()`);
}
