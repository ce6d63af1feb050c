/** AMP's Decimal: a number with the digits it was written with. */
import { Decimal } from "decimal.js";
import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { shownValue, valueText } from "../wire/value-text.ts";
import { decimalText, exactDecimal } from "./python-decimal.ts";

/**
 * AMP's Decimal as a `Decimal` of decimal.js. No digit is lost, however many there are.
 *
 * Accepts Python's decimal text, as Twisted does (`amp.Decimal`, `decimal.Decimal(text)`, ASCII only): `1e2`,
 * `.5`, `-0`, `NaN`, `-NaN`, `sNaN`, `NaN123`, `inf`, underscores, white space around. Refuses everything else.
 * Sends Python's `str`: `1.0`, `1E+2`, `0.000001`, `1E-7`, `Infinity`, `sNaN`.
 *
 * decimal.js itself knows no trailing zeros, no exponent apart from the number, and one NaN. A received value
 * remembers its text all the same: sent on, it goes out as it came in, and `decimalText(value)` tells it. To
 * send `1.0` rather than `1`, make the value with `exactDecimal("1.0")`. Results of calculations remember nothing.
 *
 * Beyond the exponents of decimal.js (±9e15; Python's go to ±1e18) the received number is infinite or zero, as
 * decimal.js has it, and only its text is exact.
 *
 * @throws TypeError when encoding what is not a Decimal
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
