/**
 * One box as offsets into the bytes it arrived in: no map, no substring, no view per value.
 *
 * Ownership: a frame is reused. It is good until the reader that gave it is asked for the next one.
 * What is to be kept is copied out, with {@link Frame.value} or {@link Frame.toBox}.
 */
import { Box } from "./box.ts";
import type { ExpectedBox } from "./expected-box.ts";
import type { FixedBytes } from "./fixed-bytes.ts";
import { keyToText } from "./key-text.ts";
import type { ProtocolFields } from "./protocol-fields.ts";

/** Numbers kept for one key: where the key starts, where its value starts, where that ends. */
const STRIDE = 3;
/** The length of a value stands between key and value. */
const LENGTH_BYTES = 2;
/**
 * Values from this size on may be handed out as views of the received bytes, which nobody writes to again;
 * smaller ones are copied, so that a few bytes that somebody keeps do not keep a whole chunk alive.
 */
export const VIEW_BYTES = 4096;
/** How many times its own size a value may keep alive. */
export const MAX_RETENTION_FACTOR = 16;
/** Below this many bytes a loop beats a call into the platform. */
const SHORT = 24;

const NOTHING = new Uint8Array(0);
const VIEW_OF_NOTHING = new DataView(NOTHING.buffer);

/** What was looked at last, by whichever frame, and the view of it: bytes that are lent are often the same. */
let viewed: Uint8Array = NOTHING;
let view: DataView = VIEW_OF_NOTHING;

function viewOf(bytes: Uint8Array): DataView {
  if (bytes !== viewed) {
    viewed = bytes;
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  return view;
}

export class Frame implements ProtocolFields {
  bytes: Uint8Array = NOTHING;
  /** Of the same bytes. */
  view: DataView = VIEW_OF_NOTHING;
  /** How far the bytes have been understood: the next key starts here, or past a whole box the next box. */
  cursor = 0;
  /** How many keys. */
  count = 0;
  ask = -1;
  answer = -1;
  command = -1;
  error = -1;
  /** True when the keys stand in strictly ascending byte order, as every well-behaved sender writes them. */
  ascending = true;
  /** What the box turned out to be like; undefined for one that was not expected. */
  shape: ExpectedBox | undefined = undefined;
  /** What the next box is thought to be like. Whoever reads boxes may say so. */
  expected: ExpectedBox | undefined = undefined;
  /** `STRIDE` numbers for each key. An array, not an Int32Array: every connection makes one, faster, and reads as fast. */
  readonly offsets: number[] = [];

  /** Empties it for the box that begins at `start`. */
  clear(bytes: Uint8Array, start: number): void {
    // Looked at before it is stored: to store a young object in an old one costs V8 more.
    if (this.bytes !== bytes) {
      this.bytes = bytes;
      this.view = viewOf(bytes);
    }
    this.cursor = start;
    this.count = 0;
    this.ask = this.answer = this.command = this.error = -1;
    this.ascending = true;
    this.shape = undefined;
  }

  /** Takes in one more key. */
  add(keyStart: number, valueStart: number, valueEnd: number): void {
    const { offsets } = this;
    const at = this.count++ * STRIDE;
    offsets[at] = keyStart;
    offsets[at + 1] = valueStart;
    offsets[at + 2] = valueEnd;
    this.cursor = valueEnd;
  }

  /** Lets go of the bytes. */
  leave(): void {
    this.bytes = NOTHING;
    this.view = VIEW_OF_NOTHING;
  }

  /** The box has been moved into `bytes`: `distance` is how far towards the beginning. */
  moveTo(bytes: Uint8Array, distance: number): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.cursor -= distance;
    for (let i = this.count * STRIDE - 1; i >= 0; i--) {
      this.offsets[i] = (this.offsets[i] as number) - distance;
    }
  }

  /** Which entry has this key, or -1. Of several with the same key the last one counts, as in Twisted. */
  indexOf(key: FixedBytes): number {
    for (let index = this.count - 1; index >= 0; index--) if (this.keyIs(index, key)) return index;
    return -1;
  }

  /** Which entry from `first` on has this key, or -1: for frames whose keys ascend, where no key comes twice. */
  indexFrom(first: number, key: FixedBytes): number {
    for (let index = first; index < this.count; index++) if (this.keyIs(index, key)) return index;
    return -1;
  }

  /** @param key with its length before it */
  keyIs(index: number, key: FixedBytes): boolean {
    const start = this.offsets[index * STRIDE] as number;
    if ((this.offsets[index * STRIDE + 1] as number) - start !== key.length) return false;
    return key.standAt(this.view, start - LENGTH_BYTES);
  }

  keyStart(index: number): number {
    return this.offsets[index * STRIDE] as number;
  }

  valueStart(index: number): number {
    return this.offsets[index * STRIDE + 1] as number;
  }

  valueEnd(index: number): number {
    return this.offsets[index * STRIDE + 2] as number;
  }

  keyText(index: number): string {
    return keyToText(this.bytes, this.keyStart(index), this.valueStart(index) - LENGTH_BYTES);
  }

  /** The value's bytes, safe to keep. */
  value(index: number): Uint8Array {
    return keptBytes(this.bytes, this.valueStart(index), this.valueEnd(index));
  }

  /** The same as a map of its own, safe to keep. */
  toBox(): Box {
    const box = new Box();
    for (let index = 0; index < this.count; index++) box.set(this.keyText(index), this.value(index));
    return box;
  }
}

/**
 * A part of received bytes, safe to keep: a copy when small, a view when copying would cost.
 * A plain Uint8Array in either case, also where the transport's chunks are Node's Buffers, which differ in methods.
 */
export function keptBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const count = end - start;
  if (count >= VIEW_BYTES) {
    const { buffer } = bytes;
    if (count * MAX_RETENTION_FACTOR >= buffer.byteLength)
      return new Uint8Array(buffer, bytes.byteOffset + start, count);
  }
  return copiedBytes(bytes, start, end);
}

/** The same, and always a copy. Not by `bytes.slice`, which of a Buffer gives a view. */
export function copiedBytes(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const count = end - start;
  if (count >= SHORT) return new Uint8Array(bytes.subarray(start, end)); // is not filled with zeros first
  const copy = new Uint8Array(count);
  for (let i = 0; i < count; i++) copy[i] = bytes[start + i] as number;
  return copy;
}
