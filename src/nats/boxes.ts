/** Boxes as bytes: the payload of each message is one box, which an edge passes on without decoding it. */

import { refuseWithin } from "../core/calls/calls.ts";
import { BoxTooLarge, MalformedAmpBox } from "../core/errors/peer.ts";
import { type BoxLimits, UNBOUNDED } from "../core/wire/box-limits.ts";
import { ByteWriter } from "../core/wire/byte-writer.ts";
import { copiedBytes, type Frame } from "../core/wire/frame.ts";
import { keyToText } from "../core/wire/key-text.ts";
import { BoxReader } from "../core/wire/reader.ts";
import { type Tag, tagBytes } from "../core/wire/tag.ts";

/** One box, and the position of its tag. Without a tag, both positions are 0. */
export interface TaggedBox {
  readonly bytes: Uint8Array;
  readonly tagStart: number;
  readonly tagEnd: number;
}

/** Reads payloads. The frame of one is valid until the next is read. */
export class PayloadReader {
  #reader = new BoxReader(UNBOUNDED);

  /**
   * Reads the one box of a payload.
   * @throws MalformedAmpBox if the payload is not exactly one box, BoxTooLarge if the box exceeds a limit
   */
  read(data: Uint8Array, limits: BoxLimits): Frame {
    if (data.length > limits.maxBoxBytes)
      throw new BoxTooLarge(
        `a box of ${data.length} bytes is over the limit maxBoxBytes (${limits.maxBoxBytes})`,
      );
    const reader = this.#reader;
    try {
      reader.push(data);
      const frame = reader.nextFrame();
      if (frame === undefined || reader.buffered > 0)
        throw new MalformedAmpBox(`a message of ${data.length} bytes is not exactly one box`);
      if (frame.count > limits.maxBoxKeys)
        throw new BoxTooLarge(
          `a box of ${frame.count} keys is over the limit maxBoxKeys (${limits.maxBoxKeys})`,
        );
      return frame;
    } catch (error) {
      this.#reader = new BoxReader(UNBOUNDED); // the old one has parts of the payload
      throw error;
    }
  }
}

/** Returns the name of the command in an ask. */
export function commandNameOf(frame: Frame): string {
  const { bytes, command } = frame;
  return frame.matched?.commandName ?? keyToText(bytes, frame.valueStart(command), frame.valueEnd(command));
}

/** Returns the box of a frame, with the position of the value at `index`; -1 for a box without a tag. The bytes are a copy. */
export function taggedBox(frame: Frame, index: number): TaggedBox {
  const { start } = frame;
  const bytes = copiedBytes(frame.bytes, start, frame.cursor);
  if (index < 0) return { bytes, tagStart: 0, tagEnd: 0 };
  return { bytes, tagStart: frame.valueStart(index) - start, tagEnd: frame.valueEnd(index) - start };
}

/** Appends a box with another tag. */
export function writeRetagged(out: ByteWriter, { bytes, tagStart, tagEnd }: TaggedBox, tag: Tag): void {
  const value = tagBytes(tag);
  out.appendRange(bytes, 0, tagStart - 2);
  out.uint16(value.length);
  out.appendRange(value, 0, value.length);
  out.appendRange(bytes, tagEnd, bytes.length);
}

/** Returns a box with another tag. */
export function retagged(box: TaggedBox, tag: Tag): Uint8Array {
  const out = new ByteWriter(box.bytes.length + 16);
  writeRetagged(out, box, tag);
  return out.copy();
}

/** Capacity over which a writer is replaced after use: it would keep the memory of the largest box. */
const KEPT_CAPACITY = 64 * 1024;

/** Encodes boxes one after the other. */
export class BoxEncoder {
  #out = new ByteWriter();

  /**
   * Returns the bytes of the box that `write` appends.
   * @param name the command, for the error
   * @throws what `write` throws; InvalidSignature for a call that a codec makes while another box is being encoded
   */
  encode(name: string, write: (out: ByteWriter) => void): Uint8Array {
    const out = this.#out;
    refuseWithin(out, name);
    out.length = 0;
    out.busy = true;
    try {
      write(out);
      return out.copy();
    } finally {
      out.busy = false;
      if (out.bytes.length > KEPT_CAPACITY) this.#out = new ByteWriter();
    }
  }
}
