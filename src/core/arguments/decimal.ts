/** AMP's Decimal: a decimal number that keeps its digits. */
import { Decimal } from "decimal.js";
import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { shownValue, valueText } from "../wire/value-text.ts";
import { decimalText, exactDecimal } from "./python-decimal.ts";

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
  if (!Decimal.isDecimal(value))
    throw new TypeError(`a Decimal of decimal.js is needed, not ${shownValue(value)}`);
  out.ascii(decimalText(value));
}

function read(bytes: Uint8Array, start: number, end: number): Decimal {
  return exactDecimal(valueText(bytes, start, end));
}
