/** Bytes of any length, over as many keys as they need. */

import type { BoxArgument } from "../schema/field.ts";
import { shownValue } from "../wire/value-text.ts";
import { type SplitOptions, spreadValue } from "./split-value.ts";

/**
 * Bytes that may be longer than the 65535 of one value: cut into pieces under the keys `name`, `name.2`, `name.3`, ...
 * of one box, or as `options.layout` says. Not part of AMP or Twisted: both ends must declare it so. What is sent must
 * not change before the box has been written; what is received is yours to keep.
 *
 * The whole box still counts against `maxBoxBytes` of the receiving connection, 1 MiB by default: raise it there for
 * larger values. Inside a `listOf` nothing is cut, and an element has the wire's limit.
 *
 * @throws TypeError when encoding what is not a Uint8Array
 * @throws TooLong over `maxBytes`, in both directions
 * @throws SyntaxError when a piece is missing between others
 */
export function bigBytes(options?: SplitOptions): BoxArgument<Uint8Array> {
  return spreadValue({ description: { type: "BigBytes" }, encode, decode: (bytes) => bytes }, options);
}

function encode(value: Uint8Array): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError(`a Uint8Array is needed, not ${shownValue(value)}`);
  return value;
}
