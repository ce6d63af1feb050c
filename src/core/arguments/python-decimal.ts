/**
 * The text of Python's `decimal.Decimal`, and decimal.js values that remember it.
 *
 * Python's Decimal knows how many digits it was written with: `1.0` is not `1`, and `1E+2` is not `100`; a NaN
 * has a sign, may be signalling, and may carry digits. decimal.js keeps the number and drops all of that. So the
 * exact text of a value is remembered beside it, in a map that does not keep the value alive. A subclass was
 * rejected: decimal.js makes its results with its own constructor, and values of a subclass would not compare
 * equal to ordinary ones in tests.
 */
import { Decimal } from "decimal.js";
import { shownValue } from "../wire/value-text.ts";

/** Only of values whose text does not follow from the number. */
const exactTexts = new WeakMap<Decimal, string>();

const DECIMAL = /^([+-]?)(?:(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?|(inf(?:inity)?)|(s?nan)(\d*))$/i;
/** The bounds of Python's decimal on 64-bit machines: `MIN_ETINY`, and `MAX_EMAX` with the digit before the point. */
const LEAST_POWER = -1_999_999_999_999_999_997n;
const MOST_DIGITS = 1_000_000_000_000_000_000n;
/** Below this exponent a whole number of decimal.js is written out, as JavaScript does with numbers. */
const WRITTEN_OUT = 21;

/**
 * A Decimal from Python's text, which it remembers: `decimalText(exactDecimal("1.0"))` is `1.0`. For sending a
 * value with a certain number of digits, or a signalling NaN. What decimal.js calculates with it is a new value
 * and remembers nothing.
 *
 * @param text what `decimal.Decimal(text)` takes in Python, ASCII only: white space around, underscores
 *   anywhere, `1e2`, `.5`, `-0`, `Infinity`, `-NaN`, `sNaN`, `NaN123`
 * @throws SyntaxError for other text
 * @throws RangeError for an exponent beyond Python's, which are ±1e18. Beyond those of decimal.js, ±9e15, the number
 *   is infinite or zero, as it always is there, and only the text is exact
 */
export function exactDecimal(text: string): Decimal {
  const match = DECIMAL.exec(stripped(text).replaceAll("_", ""));
  if (match === null) throw notDecimal(text);
  const [, sign, whole = "", fraction = "", exponent = "0", infinity, nan, payload = ""] = match;
  const minus = sign === "-" ? "-" : "";
  if (infinity !== undefined) return new Decimal(`${minus}Infinity`);
  if (nan !== undefined) {
    return remembered(new Decimal(NaN), minus + (nan.length === 4 ? "sNaN" : "NaN") + withoutZeros(payload));
  }
  if (whole === "" && fraction === "") throw notDecimal(text);
  const digits = withoutZeros(whole + fraction) || "0";
  const power = BigInt(exponent) - BigInt(fraction.length);
  if (power < LEAST_POWER || power + BigInt(digits.length) > MOST_DIGITS) {
    throw new RangeError(`the exponent of ${shownValue(text)} is beyond Python's`);
  }
  return remembered(new Decimal(`${minus}${digits}e${power}`), numberText(minus, digits, power));
}

/**
 * A Decimal as Python's `str` writes it. A value that was received, or made by `exactDecimal`, has the text it
 * came with; any other has as many digits as it needs: `100`, `0.000001`, `1E-7`, `1E+21`.
 */
export function decimalText(value: Decimal): string {
  return exactTexts.get(value) ?? ownText(value);
}

function remembered(value: Decimal, text: string): Decimal {
  if (text !== ownText(value)) exactTexts.set(value, text);
  return value;
}

/** From the number alone. Independent of how `Decimal.set` makes it print. */
function ownText(value: Decimal): string {
  if (value.isNaN()) return "NaN";
  const minus = value.isNegative() ? "-" : "";
  if (!value.isFinite()) return `${minus}Infinity`;
  // "1.25e-7": every digit, no more
  const [mantissa = "", exponent = ""] = value.toExponential().replace(/^-/, "").split("e");
  const digits = mantissa.replace(".", "");
  const power = Number(exponent) - (digits.length - 1);
  const writtenOut = power > 0 && Number(exponent) < WRITTEN_OUT;
  return writtenOut ? minus + digits + "0".repeat(power) : numberText(minus, digits, BigInt(power));
}

/** Python's `to-scientific-string`: the number is `digits` times ten to the `power`. */
function numberText(minus: string, digits: string, power: bigint): string {
  const leading = BigInt(digits.length) + power;
  if (power > 0n || leading <= -6n) {
    const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`;
    const exponent = leading - 1n;
    return `${minus}${mantissa}E${exponent < 0n ? "" : "+"}${exponent}`;
  }
  if (power === 0n) return minus + digits;
  const point = Number(leading);
  return point > 0
    ? `${minus}${digits.slice(0, point)}.${digits.slice(point)}`
    : `${minus}0.${"0".repeat(-point)}${digits}`;
}

/** Without the white space that Python's `str.strip` takes off, as far as it is ASCII. */
function stripped(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (start < end && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(unit: number): boolean {
  return (unit >= 0x09 && unit <= 0x0d) || (unit >= 0x1c && unit <= 0x20);
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+/, "");
}

function notDecimal(text: string): SyntaxError {
  return new SyntaxError(`not a decimal: ${shownValue(text)}`);
}
