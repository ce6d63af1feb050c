/** AMP's Float: Python's text of a floating-point number. */

import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { valueText } from "../wire/short-text.ts";
import { shownBytes, shownValue } from "../wire/value-text.ts";
import { putDigits } from "./integer.ts";

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
/** Digits that always fit a safe integer. */
const EXACT_DIGITS = 15;
/** Literals instead of `10 ** n`, whose rounding JavaScript does not define. */
const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14];

/** Power of ten of the most decimals of the fast path of writing: more are rare, and each costs a division. */
const MOST_POWER = 1e6;
const LEAST_FRACTION = 0.001;
/** The digits, with at least one decimal, fit 31 bits. */
const MOST_DIGITS = 2_000_000_000;
/** Maximum size of what the fast path writes: a sign, 10 digits and a point. */
export const SHORT_FLOAT_BYTES = 12;

const PLAIN = /^[\d.e+-]+$/i;
/** Text that Python's `float(bytes)` accepts: underscores between digits, ASCII white space around the number. */
const FLOAT =
  /^[\t-\r ]*([+-]?)(?:((?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?)|(inf(?:inity)?)|nan)[\t-\r ]*$/i;

/**
 * AMP's Float as a `number`, with infinities, NaN and negative zero.
 *
 * Accepts the float text of Python, as Twisted does (`amp.Float`, `float(bytes)`), for example `1.5`, `.5`, `5.`, `1E5`,
 * `1_0.5`, `inf`, `-Infinity`, `nan` and `1e400` (infinite), with surrounding ASCII white space. Rejects all other text, for
 * example `0x1p3`, `1,5` and an empty value. Sends Python's `repr`, for example `1.0`, `1e+16`, `1e-05`, `-0.0`, `inf` or
 * `nan`, with the fewest digits that identify the number.
 *
 * @throws TypeError when encoding a value that is not a number
 * @throws SyntaxError when decoding
 */
export function float(): InPlaceArgument<number> {
  return inPlaceArgument({ write: writeFloat, read }, { type: "Float" });
}

export function writeFloat(value: number, out: ByteWriter): void {
  if (typeof value !== "number") throw new TypeError(`a number is needed, not ${shownValue(value)}`);
  out.reserve(SHORT_FLOAT_BYTES);
  const end = putShortFloat(out.bytes, out.length, value);
  if (end < 0) out.ascii(floatText(value));
  else out.length = end;
}

/**
 * Fast path for numbers with few decimals, as most floats are, into bytes with space for {@link SHORT_FLOAT_BYTES}.
 * Returns the end; -1 for any other number. Different decimals of at most 15 digits are different numbers. So if the digits
 * divided by a power of ten, which is rounded once, are the number, no shorter text is.
 */
export function putShortFloat(bytes: Uint8Array, start: number, value: number): number {
  const magnitude = value < 0 ? -value : value;
  if (!(magnitude >= LEAST_FRACTION && magnitude * 10 <= MOST_DIGITS) && !Object.is(value, 0)) return -1;
  const whole = magnitude | 0;
  let decimals = 1;
  let power = 10;
  let digits = (magnitude * 10 + 0.5) | 0;
  while (digits / power !== magnitude) {
    decimals++;
    power *= 10;
    if (power > MOST_POWER || magnitude * power > MOST_DIGITS) return -1;
    digits = (magnitude * power + 0.5) | 0;
  }
  if (value < 0) bytes[start] = MINUS;
  const point = putDigits(bytes, value < 0 ? start + 1 : start, whole);
  bytes[point] = POINT;
  let rest = digits;
  for (let at = point + decimals; at > point; at--) {
    const tenth = (rest / 10) | 0;
    bytes[at] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return point + 1 + decimals;
}

/** Returns Python's `repr` of a float. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const magnitude = Math.abs(value);
  // Both languages choose the same digits. Python uses exponents for smaller numbers, and pads them to two digits.
  if (magnitude !== 0 && (magnitude >= 1e16 || magnitude < 1e-4)) {
    return value.toExponential().replace(/(e[+-])(\d)$/, "$10$2");
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function read(bytes: Uint8Array, start: number, end: number): number {
  return readPlain(bytes, start, end) ?? readAny(bytes, start, end);
}

/**
 * Fast path for a few digits with an optional point, as most floats are. Returns undefined for any other text. The digits and
 * the power of ten are exact numbers, so one division rounds as the parser of JavaScript does, in a tenth of the time.
 */
function readPlain(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > EXACT_DIGITS) return undefined;
  const negative = bytes[start] === MINUS;
  let digits = 0;
  let count = 0;
  let fraction = -1;
  for (let at = negative ? start + 1 : start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === POINT && fraction < 0) {
      fraction = end - at - 1;
      continue;
    }
    const digit = byte ^ ZERO;
    if (digit > 9) return undefined;
    digits = digits * 10 + digit;
    count++;
  }
  if (count === 0) return undefined;
  const value = fraction > 0 ? digits / (POWERS[fraction] as number) : digits; // at most a point and 14 digits
  return negative ? -value : value;
}

function readAny(bytes: Uint8Array, start: number, end: number): number {
  const text = valueText(bytes, start, end);
  // The parser of JavaScript accepts the same texts of these characters as Python.
  const number = PLAIN.test(text) ? Number(text) : NaN;
  if (!Number.isNaN(number)) return number;
  const match = FLOAT.exec(text);
  if (match === null) throw new SyntaxError(`not a float: ${shownBytes(bytes, start, end)}`);
  const [, sign, digits, infinity] = match;
  const magnitude =
    digits !== undefined ? Number(digits.replaceAll("_", "")) : infinity !== undefined ? Infinity : NaN;
  return sign === "-" ? -magnitude : magnitude;
}
