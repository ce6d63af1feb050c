/**
 * The text of Python's `decimal.Decimal`, and decimal.js values that keep it.
 *
 * Python's Decimal keeps its digits: `1.0` differs from `1`, and `1E+2` from `100`. Its NaN has a sign, may be signalling, and
 * may have digits. decimal.js keeps only the number. So the exact text of a value is stored in a weak map, which does not keep
 * the value alive. A subclass was rejected: decimal.js creates results with its own constructor, and test frameworks would not
 * treat values of a subclass as equal to ordinary ones.
 */
import { Decimal } from "decimal.js";
import { shownValue } from "../wire/value-text.ts";

/** Texts of the values whose text does not follow from the number. */
const exactTexts = new WeakMap<Decimal, string>();

const DECIMAL = /^([+-]?)(?:(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?|(inf(?:inity)?)|(s?nan)(\d*))$/i;
/** Limits of Python's decimal on 64-bit machines: `MIN_ETINY`, and `MAX_EMAX` plus the digit before the point. */
const LEAST_POWER = -1_999_999_999_999_999_997n;
const MOST_DIGITS = 1_000_000_000_000_000_000n;
/** Exponent from which a whole number is written with an exponent, as JavaScript does. */
const WRITTEN_OUT = 21;

/**
 * Returns a Decimal that keeps its text: `decimalText(exactDecimal("1.0"))` is `1.0`. Use it to send a value with a certain
 * number of digits, or a signalling NaN. Results of calculations with it have no stored text.
 *
 * @param text text that `decimal.Decimal(text)` accepts in Python, ASCII only, for example `1e2`, `.5`, `-0`, `Infinity`,
 *   `-NaN`, `sNaN` or `NaN123`, with underscores anywhere and surrounding white space
 * @throws SyntaxError for other text
 * @throws RangeError for an exponent beyond Python's limit of ±1e18. Beyond the limit of decimal.js, ±9e15, the number is
 *   infinite or zero, and only the text is exact
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
    throw new RangeError(`the exponent of ${shownValue(text)} is beyond the limit of Python, ±1e18`);
  }
  return remembered(new Decimal(`${minus}${digits}e${power}`), numberText(minus, digits, power));
}

/**
 * Returns a Decimal as Python's `str` writes it. A value that was received, or created by `exactDecimal`, keeps its text. Any
 * other value has as many digits as it needs, for example `100`, `0.000001`, `1E-7` or `1E+21`.
 */
export function decimalText(value: Decimal): string {
  return exactTexts.get(value) ?? ownText(value);
}

function remembered(value: Decimal, text: string): Decimal {
  if (text !== ownText(value)) exactTexts.set(value, text);
  return value;
}

/** Returns the text that follows from the number. It does not depend on the settings of `Decimal.set`. */
function ownText(value: Decimal): string {
  if (value.isNaN()) return "NaN";
  const minus = value.isNegative() ? "-" : "";
  if (!value.isFinite()) return `${minus}Infinity`;
  // for example "1.25e-7": all digits, without trailing zeros
  const [mantissa = "", exponent = ""] = value.toExponential().replace(/^-/, "").split("e");
  const digits = mantissa.replace(".", "");
  const power = Number(exponent) - (digits.length - 1);
  const writtenOut = power > 0 && Number(exponent) < WRITTEN_OUT;
  return writtenOut ? minus + digits + "0".repeat(power) : numberText(minus, digits, BigInt(power));
}

/** Implements Python's `to-scientific-string` for the number `digits` times ten to the `power`. */
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

/** Removes the ASCII white space that Python's `str.strip` removes. */
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
