/** AMP's String: unchanged bytes. */

import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { keptBytes } from "../wire/frame.ts";
import { isBytes, shownValue } from "../wire/value-text.ts";

/**
 * AMP's String: any bytes, sent unchanged (Twisted's `amp.String`). Received bytes belong to the receiver. A Node `Buffer` is
 * a `Uint8Array` and can be sent. Text cannot: use `unicode()`.
 *
 * A large received value may be a view of a buffer with up to 16 times as many bytes: other bytes of the connection, and
 * zeros. Copy the value before you transfer its `buffer`. All empty values are one array.
 *
 * A value of 16 KiB or more is sent without a copy. Do not change it before the call is answered. A responder must not change
 * such a value after it has returned it.
 *
 * @throws TypeError when encoding a value that is not a Uint8Array, or one whose buffer was transferred
 */
export function bytes(): InPlaceArgument<Uint8Array> {
  return inPlaceArgument({ write, read: keptBytes }, { type: "String" });
}

function write(value: Uint8Array, out: ByteWriter): void {
  if (!isBytes(value)) throw new TypeError(`a Uint8Array is needed, not ${shownValue(value)}`);
  // Throws for bytes whose buffer was transferred or has shrunk: their length is 0, too.
  if (value.length === 0) value.at(0);
  out.append(value);
}
