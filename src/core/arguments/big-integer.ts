/** AMP's Integer as a `bigint`. */

import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { shownValue } from "../wire/value-text.ts";
import { readBigInteger } from "./integer.ts";

/** The first number of more digits than Python takes back from a text. */
const BEYOND = 10n ** 4300n;

/**
 * AMP's Integer as a `bigint`: for numbers beyond the safe integers, such as 128-bit identifiers.
 *
 * Accepts and refuses what `integer()` does (`int(bytes)` in Twisted's `amp.Integer`), without its bound on
 * the size. Sends decimal digits. More than 4300 digits are refused in both directions, as Python refuses them.
 *
 * @throws TypeError, RangeError when encoding
 * @throws SyntaxError, RangeError when decoding
 */
export function bigInteger(): InPlaceArgument<bigint> {
  return inPlaceArgument({ write, read: readBigInteger }, { type: "BigInteger" });
}

function write(value: bigint, out: ByteWriter): void {
  if (typeof value !== "bigint") throw new TypeError(`a bigint is needed, not ${shownValue(value)}`);
  if (value >= BEYOND || value <= -BEYOND)
    throw new RangeError("an integer of more than 4300 digits: Python takes no more");
  out.ascii(String(value));
}
