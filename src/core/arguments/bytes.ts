/** AMP's String: bytes as they are. */

import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { keptBytes } from "../wire/frame.ts";
import { shownValue } from "../wire/value-text.ts";

/**
 * AMP's String: any bytes, sent as they are (Twisted's `amp.String`). What is received is yours to keep.
 * A Node `Buffer` is a `Uint8Array` and may be given; text may not: use `unicode()`.
 *
 * A large value may be a view of more bytes than its own, up to 16 times as many: copy it before its `buffer` as a whole is
 * handed on, or transferred.
 *
 * A value of 16 KiB or more is sent from where it lies, without being copied: do not change it before the call is answered,
 * and a responder does not change what it has returned.
 *
 * @throws TypeError when encoding what is not a Uint8Array
 */
export function bytes(): InPlaceArgument<Uint8Array> {
  return inPlaceArgument({ write, read: keptBytes }, { type: "String" });
}

function write(value: Uint8Array, out: ByteWriter): void {
  if (!(value instanceof Uint8Array)) throw new TypeError(`a Uint8Array is needed, not ${shownValue(value)}`);
  out.append(value);
}
