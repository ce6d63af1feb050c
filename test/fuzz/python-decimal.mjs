/** Python's decimals by regular expressions and BigInt, without a fast path: the reference of `primitives.mjs`. */
import { Decimal } from "decimal.js";

const DECIMAL = /^([+-]?)(?:(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?|(inf(?:inity)?)|(s?nan)(\d*))$/i;

/** Returns the number of decimal.js, and the text as Python writes it. */
function read(text) {
  const stripped = text.replace(/^[\t-\r\x1c- ]+|[\t-\r\x1c- ]+$/g, "").replaceAll("_", "");
  const match = DECIMAL.exec(stripped);
  if (match === null) throw notDecimal(text);
  const [, sign, whole = "", fraction = "", exponent = "0", infinity, nan, payload = ""] = match;
  const minus = sign === "-" ? "-" : "";
  if (infinity !== undefined) return { number: new Decimal(`${minus}Infinity`), text: `${minus}Infinity` };
  if (nan !== undefined) {
    const name = nan.length === 4 ? "sNaN" : "NaN";
    return { number: new Decimal(Number.NaN), text: minus + name + payload.replace(/^0+/, "") };
  }
  if (whole === "" && fraction === "") throw notDecimal(text);
  const digits = (whole + fraction).replace(/^0+/, "") || "0";
  const power = BigInt(exponent) - BigInt(fraction.length);
  if (power < -1_999_999_999_999_999_997n || power + BigInt(digits.length) > 1_000_000_000_000_000_000n) {
    throw new RangeError(`the exponent of ${shown(text)} is beyond the limit of Python, ±1e18`);
  }
  return { number: new Decimal(`${minus}${digits}e${power}`), text: numberText(minus, digits, power) };
}

/** Returns the text of a number that decimal.js has made itself. */
function ownText(value) {
  if (value.isNaN()) return "NaN";
  const minus = value.isNegative() ? "-" : "";
  if (!value.isFinite()) return `${minus}Infinity`;
  const [mantissa, exponent] = value.toExponential().replace(/^-/, "").split("e");
  const digits = mantissa.replace(".", "");
  const power = Number(exponent) - (digits.length - 1);
  const writtenOut = power > 0 && Number(exponent) < 21;
  return writtenOut ? minus + digits + "0".repeat(power) : numberText(minus, digits, BigInt(power));
}

/** Python's `to-scientific-string`. */
function numberText(minus, digits, power) {
  const leading = BigInt(digits.length) + power;
  if (power > 0n || leading <= -6n) {
    const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`;
    const exponent = leading - 1n;
    return `${minus}${mantissa}E${exponent < 0n ? "" : "+"}${exponent}`;
  }
  if (power === 0n) return minus + digits;
  const point = Number(leading);
  if (point > 0) return `${minus}${digits.slice(0, point)}.${digits.slice(point)}`;
  return `${minus}0.${"0".repeat(-point)}${digits}`;
}

function shown(text) {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

function notDecimal(text) {
  return new SyntaxError(`not a decimal: ${shown(text)}`);
}

export const pythonDecimal = { read, ownText };
