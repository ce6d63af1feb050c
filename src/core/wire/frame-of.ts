/** Converts bytes and boxes of this end to frames. Not for data of a peer: no limit applies. */
import type { Box } from "./box.ts";
import { UNBOUNDED } from "./box-limits.ts";
import { encodeBox } from "./box-writer.ts";
import type { Frame } from "./frame.ts";
import { BoxReader } from "./reader.ts";

/** An empty box on the wire. `encodeBox` rejects empty boxes. */
const EMPTY = new Uint8Array(2);

export function frameOfBox(box: Box): Frame {
  return frameOfBytes(box.size === 0 ? EMPTY : encodeBox(box));
}

/** @param bytes one complete box */
export function frameOfBytes(bytes: Uint8Array): Frame {
  const reader = new BoxReader(UNBOUNDED);
  reader.push(bytes);
  const frame = reader.nextFrame();
  if (frame === undefined) throw new Error("the bytes do not contain a complete box");
  return frame;
}
