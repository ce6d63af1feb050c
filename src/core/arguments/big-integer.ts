/** AMP's Integer as a `bigint`. */

import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { valueText } from "../wire/short-text.ts";
import { shownValue } from "../wire/value-text.ts";
import { parseInteger } from "./integer.ts";

/** The smallest number with more digits than Python reads from a text. */
const BEYOND = 10n ** 4300n;

/**
 * AMP's Integer as a `bigint`, for numbers beyond the safe integers, for example 128-bit identifiers.
 *
 * Accepts the same text as `integer()` (`int(bytes)` in Twisted's `amp.Integer`), for numbers of any size. Sends decimal
 * digits. Rejects more than 4300 digits in both directions, as Python does.
 *
 * @throws TypeError, RangeError when encoding
 * @throws SyntaxError, RangeError when decoding
 */
export function bigInteger(): InPlaceArgument<bigint> {
  return inPlaceArgument({ write, read }, { type: "BigInteger" });
}

function write(value: bigint, out: ByteWriter): void {
  if (typeof value !== "bigint") throw new TypeError(`a bigint is needed, not ${shownValue(value)}`);
  if (value >= BEYOND || value <= -BEYOND)
    throw new RangeError("an integer of over 4300 digits: Python reads at most 4300");
  out.ascii(String(value));
}

function read(bytes: Uint8Array, start: number, end: number): bigint {
  return parseInteger(valueText(bytes, start, end));
}
