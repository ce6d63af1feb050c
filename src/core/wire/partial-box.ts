/**
 * The beginning of a box whose end has not arrived.
 *
 * The buffer doubles when it is full: joining the chunks each time would make the cost of a box that arrives in small
 * pieces quadratic. For a large box, the buffer may be the chunk in which the box begins, and a transport that can
 * choose where it reads into may read the rest directly into its free space: see {@link PartialBox.room}.
 */
import { unfilledBytes } from "../platform.ts";
import { type Frame, VIEW_BYTES } from "./frame.ts";

/** Bytes allocated at most for each byte received. A peer that sends only a length cannot make this end allocate much. */
const ANNOUNCED_FACTOR = 16;
/** Extra space for a short key or the end of the box. Without it, a few bytes after a large value would move the value. */
const TAIL_BYTES = 64;
/** Minimum size of a box, and of free space, for which a transport reads into the buffer. */
const LARGE_BYTES = 16 * 1024;
/**
 * Space at most for the large boxes that one read may bring: two with values of 64 KiB, the largest. With half of it there are more
 * reads; with twice as much, the CPU's caches are too small.
 */
const READ_BYTES = 132 * 1024;
/** Space for the keys before a large value: enough of the next box to know its length. */
const HEAD_BYTES = 256;

export class PartialBox {
  /** The buffer. The box begins at 0. */
  bytes: Uint8Array;
  /** Bytes of the box received so far, at least 1. */
  length: number;
  /** True if the end of the buffer may contain data of another part of the process. */
  #unfilled = false;

  /**
   * Begins with `chunk[start..end)`.
   * @param missing bytes that the box still needs, at least
   * @param mayKeep true if the chunk may become the buffer
   * @param lastRead bytes of the last chunk if its transport can read into the buffer, else 0
   */
  constructor(
    chunk: Uint8Array,
    start: number,
    end: number,
    missing: number,
    mayKeep: boolean,
    lastRead: number,
  ) {
    this.length = end - start;
    const needed = this.length + missing + TAIL_BYTES;
    if (mayKeep && needed <= chunk.length && needed >= chunk.length / 2) {
      chunk.copyWithin(0, start, end);
      this.bytes = chunk;
    } else {
      // Copied, so that a few bytes do not keep a chunk alive.
      const trusted = Math.min(needed, this.length * ANNOUNCED_FACTOR + TAIL_BYTES);
      this.bytes = this.#allocate(Math.max(trusted, spaceForRead(needed, lastRead)));
      this.bytes.set(chunk.subarray(start, end));
    }
  }

  /** Appends bytes; moves the frame along if the buffer grows. */
  append(bytes: Uint8Array, frame: Frame): void {
    const needed = this.length + bytes.length;
    if (needed > this.bytes.length) {
      const grown = this.#allocate(Math.max(needed, this.bytes.length * 2) + TAIL_BYTES);
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
      frame.moveTo(grown, 0);
    }
    this.bytes.set(bytes, this.length);
    this.length = needed;
  }

  /**
   * Fills the unused end of the buffer with zeros. Called before a view of the buffer is handed out, because a program could
   * read all of it through `value.buffer`.
   * @param end end of the received bytes
   */
  seal(end: number): void {
    if (this.#unfilled) this.bytes.fill(0, end);
  }

  #allocate(count: number): Uint8Array {
    this.#unfilled = count >= VIEW_BYTES;
    return this.#unfilled ? unfilledBytes(count) : new Uint8Array(count);
  }

  /** Free space for the next read; undefined if the box is not large. */
  room(): Uint8Array | undefined {
    const { bytes, length } = this;
    return bytes.length - length >= LARGE_BYTES ? bytes.subarray(length) : undefined;
  }

  /** Returns true if the chunk was read into {@link room}. */
  isInRoom({ buffer, byteOffset }: Uint8Array): boolean {
    const { bytes, length } = this;
    // The bytes after a full buffer may belong to another chunk of the same memory.
    return buffer === bytes.buffer && byteOffset === bytes.byteOffset + length && length < bytes.length;
  }
}

/**
 * Returns how many bytes to allocate for a large box and others like it, if the next read may bring them: up to twice
 * the size of the last read. The space ends after the head of one more box, so that little of that box has to be moved.
 */
function spaceForRead(boxBytes: number, lastRead: number): number {
  if (boxBytes < LARGE_BYTES) return 0;
  const boxes = Math.floor((Math.min(2 * lastRead, READ_BYTES) - HEAD_BYTES) / boxBytes);
  return boxes * boxBytes + HEAD_BYTES;
}
