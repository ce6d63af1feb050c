/**
 * The text of Python's `decimal.Decimal`, and decimal.js values that keep it.
 *
 * Python's Decimal keeps its digits: `1.0` differs from `1`, and `1E+2` from `100`. Its NaN has a sign, may be signalling, and
 * may have digits. decimal.js keeps only the number. So the exact form of a value is stored in a weak map, which does not keep
 * the value alive. A subclass was rejected: decimal.js creates results with its own constructor, and test frameworks would not
 * treat values of a subclass as equal to ordinary ones.
 */
import { Decimal } from "decimal.js";
import { sharedByCopies } from "../errors/brand.ts";
import { shownValue } from "../wire/value-text.ts";
import { putDigits } from "./integer.ts";

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/**
 * For values whose text does not follow from the number: the power of ten of the last digit, for example -1 for `1.0`, which
 * takes less memory than the text. The text itself if the number is not exact. A value that a codec of one copy of the package has
 * read may be sent by a codec of another.
 */
const exactForms = sharedByCopies("decimals", () => new WeakMap<Decimal, number | string>());

const DECIMAL = /^([+-]?)(?:(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?|(inf(?:inity)?)|(s?nan)(\d*))$/i;
/** Limits of Python's decimal on 64-bit machines: `MIN_ETINY`, and `MAX_EMAX` plus the digit before the point. */
const LEAST_POWER = -1_999_999_999_999_999_997n;
const MOST_DIGITS = 1_000_000_000_000_000_000n;
/** Exponent from which a whole number is written with an exponent, as JavaScript does. */
const WRITTEN_OUT = 21;
/** Exponent from which a small number is written without an exponent. */
const LEAST_PLAIN = -6;

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
  if (typeof text !== "string")
    throw new TypeError(`exactDecimal: a text is needed, not ${shownValue(text)}`);
  const match = DECIMAL.exec(stripped(text).replaceAll("_", ""));
  if (match === null) throw notDecimal(text);
  const [, sign, whole = "", fraction = "", exponent = "0", infinity, nan, payload = ""] = match;
  const minus = sign === "-" ? "-" : "";
  if (infinity !== undefined) return new Decimal(`${minus}Infinity`);
  if (nan !== undefined) {
    const text = minus + (nan.length === 4 ? "sNaN" : "NaN") + withoutZeros(payload);
    return text === "NaN" ? new Decimal(NaN) : remembered(new Decimal(NaN), text);
  }
  if (whole === "" && fraction === "") throw notDecimal(text);
  const digits = withoutZeros(whole + fraction) || "0";
  const power = BigInt(exponent) - BigInt(fraction.length);
  if (power < LEAST_POWER || power + BigInt(digits.length) > MOST_DIGITS) {
    throw new RangeError(`the exponent of ${shownValue(text)} is beyond the limit of Python, ±1e18`);
  }
  const value = compactDecimal(`${minus}${digits}e${power}`);
  const exact = numberText(minus, digits, power);
  if (exact === ownText(value)) return value;
  const isShort = isExact(value, digits === "0") && Number.isSafeInteger(Number(power));
  return remembered(value, isShort ? Number(power) : exact);
}

/** Digits in a word of decimal.js. Words begin at the decimal point, in both directions. */
export const WORD_DIGITS = 7;

/** The fields of a Decimal, which decimal.js documents. */
interface Fields {
  s: number;
  e: number;
  d: number[];
}

/** Reused: the constructor of decimal.js copies it. */
const copied = new Decimal(0);
const oneWord = [0];
const twoWords = [0, 0];

/**
 * Returns a Decimal of at most one word on each side of the point. It takes a fifth of the time that decimal.js needs to parse
 * a text.
 * @param sign 1 or -1, also of 0
 * @param fraction the digits after the point, filled up with zeros to {@link WORD_DIGITS}
 */
export function shortDecimal(sign: number, whole: number, fraction: number): Decimal {
  const fields: Fields = copied; // its type declares the fields as read-only; no other code has this Decimal
  fields.s = sign;
  fields.e = whole > 0 ? countDigits(whole) - 1 : fraction > 0 ? countDigits(fraction) - 1 - WORD_DIGITS : 0;
  // A number has no word 0 at its beginning or its end.
  if (whole > 0 && fraction > 0) {
    fields.d = twoWords;
    twoWords[0] = whole;
    twoWords[1] = fraction;
  } else {
    fields.d = oneWord;
    oneWord[0] = whole + fraction;
  }
  return new Decimal(copied);
}

/** Maximum size of what {@link putShortDecimal} writes: a sign, two words and a point. */
export const SHORT_DECIMAL_BYTES = 2 * WORD_DIGITS + 2;

/**
 * Writes a Decimal of at most one word on each side of the point into bytes with space for {@link SHORT_DECIMAL_BYTES}, as
 * {@link decimalText} does. Returns the end; -1 for any other value.
 */
export function putShortDecimal(bytes: Uint8Array, start: number, value: Decimal): number {
  if (!Decimal.isDecimal(value) || exactForms.has(value)) return -1;
  const { s, e, d } = value as { s: number; e: number; d: number[] | null }; // the types lack the d of infinity
  if (d === null || e < LEAST_PLAIN || e >= WORD_DIGITS || d.length > (e < 0 ? 1 : 2)) return -1;
  let at = start;
  if (s < 0) bytes[at++] = MINUS;
  at = putDigits(bytes, at, e < 0 ? 0 : (d[0] as number));
  const word = e < 0 ? d[0] : d[1];
  if (word === undefined) return at;
  bytes[at] = POINT;
  let fraction = word;
  let end = at + 1 + WORD_DIGITS;
  for (; fraction % 10 === 0; end--) fraction /= 10;
  for (let place = end - 1; place > at; place--) {
    const tenth = (fraction / 10) | 0;
    bytes[place] = ZERO + fraction - tenth * 10;
    fraction = tenth;
  }
  return end;
}

function countDigits(word: number): number {
  let count = 1;
  for (let limit = 10; word >= limit; limit *= 10) count++;
  return count;
}

/** Returns the Decimal, and stores that its text ends with zeros. @param decimals digits after the point */
export function withZeros(value: Decimal, decimals: number): Decimal {
  if (decimals > 0) return remembered(value, -decimals);
  return value.e < WRITTEN_OUT ? value : remembered(value, 0);
}

/** decimal.js leaves unused space in the digits of a number that it parses. A copy has none. */
export function compactDecimal(text: string): Decimal {
  return new Decimal(new Decimal(text));
}

/** Returns false if the number was beyond the exponents of decimal.js, which `Decimal.set` can change. */
export function isExact(value: Decimal, isZero: boolean): boolean {
  return value.isFinite() && value.isZero() === isZero;
}

/**
 * Returns a Decimal as Python's `str` writes it. A value that was received, or created by `exactDecimal`, keeps its text. Any
 * other value has as many digits as it needs, for example `100`, `0.000001`, `1E-7` or `1E+21`.
 */
export function decimalText(value: Decimal): string {
  if (!Decimal.isDecimal(value))
    throw new TypeError(`a Decimal of decimal.js is needed, not ${shownValue(value)}`);
  const form = exactForms.get(value);
  if (form === undefined) return ownText(value);
  return typeof form === "string" ? form : textToPower(value, form);
}

function remembered(value: Decimal, form: number | string): Decimal {
  exactForms.set(value, form);
  return value;
}

/** Returns the text whose last digit stands for ten to the `power`. */
function textToPower(value: Decimal, power: number): string {
  const minus = value.isNegative() ? "-" : "";
  const leading = value.isZero() ? power : value.e;
  if (power <= 0 && leading >= LEAST_PLAIN) {
    const plain = plainText(value);
    const point = plain.indexOf(".");
    if (point >= 0) return plain + "0".repeat(point + 1 - plain.length - power);
    return power === 0 ? plain : `${plain}.${"0".repeat(-power)}`;
  }
  const [digits] = digitsOf(value);
  const zeros = value.isZero() ? 0 : value.e - power + 1 - digits.length;
  return numberText(minus, digits + "0".repeat(zeros), BigInt(power));
}

/** Returns the text without an exponent, which does not depend on the settings of `Decimal.set`. */
function plainText(value: Decimal): string {
  const text = value.toFixed();
  return value.isZero() && value.isNegative() ? `-${text}` : text;
}

/** Returns all digits without zeros at the end, and the exponent of the first. */
function digitsOf(value: Decimal): [digits: string, exponent: number] {
  // for example "1.25e-7"
  const [mantissa = "", exponent = ""] = value.toExponential().replace(/^-/, "").split("e");
  return [mantissa.replace(".", ""), Number(exponent)];
}

/** Returns the text that follows from the number. It does not depend on the settings of `Decimal.set`. */
function ownText(value: Decimal): string {
  if (value.isNaN()) return "NaN";
  if (value.e >= LEAST_PLAIN && value.e < WRITTEN_OUT) return plainText(value);
  const minus = value.isNegative() ? "-" : "";
  if (!value.isFinite()) return `${minus}Infinity`;
  const [digits, exponent] = digitsOf(value);
  return numberText(minus, digits, BigInt(exponent - (digits.length - 1)));
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
  while (isSpace(text.charCodeAt(start))) start++; // beyond the text there is NaN
  while (isSpace(text.charCodeAt(end - 1))) end--;
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
