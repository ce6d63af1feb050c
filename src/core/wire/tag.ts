/** Tags, which bring an answer to its call: a number where it is one of ours, else bytes as they came from the peer. */
import { utf8Encoder } from "../platform.ts";
import type { ByteRange } from "./byte-range.ts";
import { copiedBytes } from "./frame.ts";

export type Tag = number | ByteRange;

/** As it stands in a box. Ours are lower-case hexadecimal, as Twisted's. */
export function tagBytes(tag: Tag): Uint8Array {
  return typeof tag === "number"
    ? utf8Encoder.encode(tag.toString(16))
    : copiedBytes(tag.bytes, tag.start, tag.end);
}
