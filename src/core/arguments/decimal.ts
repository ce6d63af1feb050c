/** AMP's Decimal: a decimal number that keeps its digits. */
import type { Decimal } from "decimal.js";
import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { valueText } from "../wire/short-text.ts";
import {
  compactDecimal,
  decimalText,
  exactDecimal,
  isExact,
  putShortDecimal,
  SHORT_DECIMAL_BYTES,
  shortDecimal,
  WORD_DIGITS,
  withZeros,
} from "./python-decimal.ts";

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
/** Size up to which the fast path is tried. */
const PLAIN_BYTES = 48;
/** By the number of digits after the point: the factor to {@link WORD_DIGITS} digits. */
const WORD_SCALES = [1e7, 1e6, 1e5, 1e4, 1e3, 100, 10, 1];

/**
 * AMP's Decimal as a `Decimal` of decimal.js. No digit is lost, for any number of digits.
 *
 * Accepts the decimal text of Python, as Twisted does (`amp.Decimal`, `decimal.Decimal(text)`, ASCII only), for example `1e2`,
 * `.5`, `-0`, `NaN`, `-NaN`, `sNaN`, `NaN123` and `inf`, with underscores and surrounding white space. Sends Python's `str`,
 * for example `1.0`, `1E+2`, `0.000001`, `1E-7`, `Infinity` or `sNaN`.
 *
 * decimal.js keeps no trailing zeros and no exponent, and has only one NaN. So the text of a received value is stored with it:
 * the value is sent again with the same text, and `decimalText(value)` returns it. To send `1.0` and not `1`, create the value
 * with `exactDecimal("1.0")`. Results of calculations have no stored text.
 *
 * decimal.js allows exponents up to ±9e15, Python up to ±1e18. A received number beyond the range of decimal.js is infinite or
 * zero; only its text is exact.
 *
 * @throws TypeError when encoding a value that is not a Decimal
 * @throws SyntaxError, RangeError when decoding
 */
export function decimal(): InPlaceArgument<Decimal> {
  return inPlaceArgument({ write, read }, { type: "Decimal" });
}

function write(value: Decimal, out: ByteWriter): void {
  out.reserve(SHORT_DECIMAL_BYTES);
  const end = putShortDecimal(out.bytes, out.length, value);
  if (end < 0) out.ascii(decimalText(value));
  else out.length = end;
}

function read(bytes: Uint8Array, start: number, end: number): Decimal {
  return readPlain(bytes, start, end) ?? exactDecimal(valueText(bytes, start, end));
}

/** Fast path for a few digits with a point among them, as most decimals are. Returns undefined for any other text. */
function readPlain(bytes: Uint8Array, start: number, end: number): Decimal | undefined {
  if (end - start > PLAIN_BYTES) return undefined;
  const first = bytes[start] === MINUS ? start + 1 : start;
  let point = end;
  let whole = 0;
  let digits = 0;
  for (let at = first; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === POINT && point === end && at + 1 < end) {
      point = at;
      whole = digits;
      digits = 0;
      continue;
    }
    const digit = byte ^ ZERO;
    if (digit > 9) return undefined;
    digits = digits * 10 + digit; // rounded if there are many digits, but 0 only if all are
  }
  if (first >= end) return undefined; // the byte after an empty value may be a minus
  const decimals = point === end ? 0 : end - point - 1;
  if (decimals === 0) {
    whole = digits;
    digits = 0;
  }
  const isZero = whole === 0 && digits === 0;
  const value =
    point - first <= WORD_DIGITS && decimals <= WORD_DIGITS
      ? shortDecimal(first > start ? -1 : 1, whole, digits * (WORD_SCALES[decimals] as number))
      : compactDecimal(valueText(bytes, start, end));
  if (!isExact(value, isZero)) return undefined;
  return bytes[end - 1] === ZERO ? withZeros(value, decimals) : value;
}
