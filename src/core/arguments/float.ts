/** AMP's Float: Python's text of a float. */

import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { shownBytes, shownValue, valueText } from "../wire/value-text.ts";

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
/** Every number of this many digits is a safe integer. */
const EXACT_DIGITS = 15;
/** Literals and not `10 ** n`, which JavaScript may round as it likes. */
const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14];

/** What `float(bytes)` takes: underscores only between digits, ASCII white space around. */
const FLOAT =
  /^[\t-\r ]*([+-]?)(?:((?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?)|(inf(?:inity)?)|nan)[\t-\r ]*$/i;

/**
 * AMP's Float as a `number`, with infinities, NaN and the sign of zero.
 *
 * Accepts Python's float text, as Twisted does (`amp.Float`, `float(bytes)`): `1.5`, `.5`, `5.`, `1E5`,
 * `1_0.5`, `inf`, `-Infinity`, `nan`, `1e400` (infinite), ASCII white space around. Refuses everything else,
 * among it `0x1p3`, `1,5` and nothing at all. Sends Python's `repr`: `1.0`, `1e+16`, `1e-05`, `-0.0`, `inf`,
 * `nan`; the digits are the shortest that give the same number back.
 *
 * @throws TypeError when encoding what is not a number
 * @throws SyntaxError when decoding
 */
export function float(): InPlaceArgument<number> {
  return inPlaceArgument({ write, read }, { type: "Float" });
}

function write(value: number, out: ByteWriter): void {
  if (typeof value !== "number") throw new TypeError(`a number is needed, not ${shownValue(value)}`);
  out.ascii(floatText(value));
}

/** Python's `repr` of a float. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const magnitude = Math.abs(value);
  // Both languages choose the same digits; Python turns to exponents earlier, and pads them to two digits.
  if (magnitude !== 0 && (magnitude >= 1e16 || magnitude < 1e-4)) {
    return value.toExponential().replace(/(e[+-])(\d)$/, "$10$2");
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function read(bytes: Uint8Array, start: number, end: number): number {
  return readPlain(bytes, start, end) ?? readAny(bytes, start, end);
}

/**
 * The value of a few digits with a point among them, as most floats are; undefined where there is more to it. The digits
 * and the power of ten are exact numbers then, and one division rounds as the parser would: for a tenth of its time.
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
  const value = fraction > 0 ? digits / (POWERS[fraction] as number) : digits; // a point and 14 digits at most
  return negative ? -value : value;
}

function readAny(bytes: Uint8Array, start: number, end: number): number {
  const match = FLOAT.exec(valueText(bytes, start, end));
  if (match === null) throw new SyntaxError(`not a float: ${shownBytes(bytes, start, end)}`);
  const [, sign, digits, infinity] = match;
  const magnitude =
    digits !== undefined ? Number(digits.replaceAll("_", "")) : infinity !== undefined ? Infinity : NaN;
  return sign === "-" ? -magnitude : magnitude;
}
