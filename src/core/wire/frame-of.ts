/** Bytes and boxes of our own as frames, for what only reads frames. Not for what a peer sends: nothing is bounded. */
import type { Box } from "./box.ts";
import { UNBOUNDED } from "./box-limits.ts";
import { encodeBox } from "./box-writer.ts";
import type { Frame } from "./frame.ts";
import { BoxReader } from "./reader.ts";

/** What an empty box is on the wire. The writer refuses to make one. */
const EMPTY = new Uint8Array(2);

export function frameOfBox(box: Box): Frame {
  return frameOfBytes(box.size === 0 ? EMPTY : encodeBox(box));
}

/** @param bytes one box, whole */
export function frameOfBytes(bytes: Uint8Array): Frame {
  const reader = new BoxReader(UNBOUNDED);
  reader.push(bytes);
  const frame = reader.nextFrame();
  if (frame === undefined) throw new Error("a box that we encoded ourselves is whole");
  return frame;
}
