/** Bytes of any length, split over several keys. */

import type { BoxArgument } from "../schema/field.ts";
import { isBytes, shownValue } from "../wire/value-text.ts";
import { type SplitOptions, spreadValue } from "./split-value.ts";

/**
 * Bytes that may be longer than one value of 65535 bytes. They are split into pieces under the keys `name`, `name.2`,
 * `name.3`, ... of one box; `options.layout` selects other keys. This is not part of AMP or Twisted: both ends must declare
 * it. Do not change the bytes before the box has been sent. Received bytes belong to the receiver.
 *
 * The whole box counts against `maxBoxBytes` of the receiving connection, 1 MiB by default: raise it there for larger values.
 * Elements of a `listOf` are not split, so the limit of 65535 bytes applies to each.
 *
 * @throws TypeError when encoding a value that is not a Uint8Array
 * @throws TooLong over `maxBytes`, in both directions
 * @throws SyntaxError when decoding if a piece between others is missing
 */
export function bigBytes(options?: SplitOptions): BoxArgument<Uint8Array> {
  return spreadValue({ description: { type: "BigBytes" }, encode, decode: (bytes) => bytes }, options);
}

function encode(value: Uint8Array): Uint8Array {
  if (!isBytes(value)) throw new TypeError(`a Uint8Array is needed, not ${shownValue(value)}`);
  return value;
}
