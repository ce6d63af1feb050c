/**
 * One received box, as offsets into the bytes that it arrived in: no map, no strings, no view for each value.
 *
 * Ownership: a frame is reused. It is valid until its reader is asked for the next box. {@link Frame.value} and
 * {@link Frame.toBox} return data that may be kept.
 */
import type { UnsharedBytes } from "../platform.ts";
import { Box } from "./box.ts";
import type { ExpectedBox } from "./expected-box.ts";
import type { AnsweredCalls, FastReader, Prediction } from "./fast-paths.ts";
import type { FixedBytes } from "./fixed-bytes.ts";
import { keyToText } from "./key-text.ts";
import type { ProtocolFields } from "./protocol-keys.ts";

// Repeated in other modules, not imported: see README.md.
/** Numbers stored for each key: start of the key, start of the value, end of the value. */
const OFFSETS_PER_KEY = 3;
const LENGTH_BYTES = 2;
/** Size from which a call of `slice` is faster than a loop. */
const SLICE_BYTES = 32;

/** Values of at least this size may be views of the received bytes. Smaller ones are copied when they are kept. */
export const VIEW_BYTES = 4096;
/** Maximum size of the buffer that a view keeps alive, as a multiple of the size of the view. */
const MAX_RETENTION_FACTOR = 16;

const NOTHING = new Uint8Array(0);
const VIEW_OF_NOTHING = new DataView(NOTHING.buffer);

/** The bytes last used by any frame, and their view. Transports often lend the same buffer again. */
let viewed: Uint8Array = NOTHING;
let view: DataView = VIEW_OF_NOTHING;

/** Returns a view of received bytes, without creating one if they are those of the last frame. */
export function viewOf(bytes: Uint8Array): DataView {
  if (bytes !== viewed) {
    viewed = bytes;
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  return view;
}

export class Frame implements ProtocolFields {
  bytes: Uint8Array = NOTHING;
  /** View of `bytes`. */
  view: DataView = VIEW_OF_NOTHING;
  /** Position up to which the bytes have been parsed: the next key, or the end of a complete box. */
  cursor = 0;
  /** Position of the first byte of the box. */
  start = 0;
  /** Number of keys. */
  count = 0;
  ask = -1;
  answer = -1;
  command = -1;
  error = -1;
  /** True if the keys are in strictly ascending byte order, as AMP implementations send them. */
  ascending = true;
  /** The expected box that this box equals, apart from the values that may change; undefined if it differs. */
  matched: ExpectedBox | undefined = undefined;
  /** Code that reads the box, if `matched` is set and such code has parsed it. */
  fastReader: FastReader | undefined = undefined;
  /** Fast paths of the connection whose boxes these are, if it has any, and its calls. */
  fastPaths: Prediction | undefined = undefined;
  calls: AnsweredCalls | undefined = undefined;
  /** Prediction for the next box. Set by code that has read a box of the kind; never required. */
  expected: ExpectedBox | undefined = undefined;
  /** `OFFSETS_PER_KEY` numbers for each key. Every connection creates it; an array is created faster than an Int32Array. */
  readonly offsets: number[] = [];

  /** Prepares for the box that begins at `start`. */
  clear(bytes: Uint8Array, start: number): void {
    // Compared first, because assigning a young object to an old one costs more: see README.md.
    if (this.bytes !== bytes) {
      this.bytes = bytes;
      this.view = viewOf(bytes);
    }
    this.cursor = this.start = start;
    this.count = 0;
    this.ask = this.answer = this.command = this.error = -1;
    this.ascending = true;
    this.matched = undefined;
  }

  /** Adds a key and its value. */
  add(keyStart: number, valueStart: number, valueEnd: number): void {
    const { offsets } = this;
    const at = this.count++ * OFFSETS_PER_KEY;
    offsets[at] = keyStart;
    offsets[at + 1] = valueStart;
    offsets[at + 2] = valueEnd;
    this.cursor = valueEnd;
  }

  /** Drops the reference to the bytes, so that they can be freed. */
  release(): void {
    this.bytes = NOTHING;
    this.view = VIEW_OF_NOTHING;
  }

  /** Follows a box that was copied to `bytes`, `distance` bytes nearer to the beginning. */
  moveTo(bytes: Uint8Array, distance: number): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.start -= distance;
    this.cursor -= distance;
    for (let i = this.count * OFFSETS_PER_KEY - 1; i >= 0; i--) {
      this.offsets[i] = (this.offsets[i] as number) - distance;
    }
  }

  /** Returns the index of a key, or -1. If the key occurs more than once, the last one is used, as in Twisted. */
  indexOf(key: FixedBytes): number {
    for (let index = this.count - 1; index >= 0; index--) if (this.keyIs(index, key)) return index;
    return -1;
  }

  /** Returns the index of a key from `first` on, or -1. Only for ascending frames, in which every key is unique. */
  indexFrom(first: number, key: FixedBytes): number {
    for (let index = first; index < this.count; index++) if (this.keyIs(index, key)) return index;
    return -1;
  }

  /** @param key the key with its length in front */
  keyIs(index: number, key: FixedBytes): boolean {
    const start = this.offsets[index * OFFSETS_PER_KEY] as number;
    if ((this.offsets[index * OFFSETS_PER_KEY + 1] as number) - start !== key.length) return false;
    return key.isAt(this.view, start - LENGTH_BYTES);
  }

  keyStart(index: number): number {
    return this.offsets[index * OFFSETS_PER_KEY] as number;
  }

  valueStart(index: number): number {
    return this.offsets[index * OFFSETS_PER_KEY + 1] as number;
  }

  valueEnd(index: number): number {
    return this.offsets[index * OFFSETS_PER_KEY + 2] as number;
  }

  keyText(index: number): string {
    return keyToText(this.bytes, this.keyStart(index), this.valueStart(index) - LENGTH_BYTES);
  }

  /** Returns the bytes of a value; they may be kept. */
  value(index: number): Uint8Array {
    return keptBytes(this.bytes, this.valueStart(index), this.valueEnd(index));
  }

  /** Returns the box as a map; it may be kept. */
  toBox(): Box {
    const box = new Box();
    for (let index = 0; index < this.count; index++) box.set(this.keyText(index), this.value(index));
    return box;
  }
}

/**
 * Returns part of the received bytes, which may be kept: a view if it is large, and the bytes are all of their buffer, else a
 * copy. The rest of a larger buffer, such as Node's pool, may contain data of others, and a program could read it through
 * `value.buffer`. The result is a plain Uint8Array, even if the transport delivers Node's Buffers, whose methods differ.
 */
export function keptBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const count = end - start;
  if (count >= VIEW_BYTES) {
    const { buffer } = bytes;
    const { byteLength } = buffer;
    if (byteLength === bytes.length && count * MAX_RETENTION_FACTOR >= byteLength)
      return new Uint8Array(buffer, bytes.byteOffset + start, count);
  }
  return copiedBytes(bytes, start, end);
}

/** Returns a copy of part of `bytes`, as a plain Uint8Array with a buffer of its own. */
export function copiedBytes(bytes: Uint8Array, start: number, end: number): UnsharedBytes {
  const count = end - start;
  if (count === 0) return emptyBytes();
  if (count >= SLICE_BYTES) {
    // Both do not write zeros first. For a Buffer, `slice` would return a view.
    return bytes.constructor === Uint8Array
      ? bytes.slice(start, end)
      : new Uint8Array(bytes.subarray(start, end));
  }
  const copy = new Uint8Array(count);
  for (let i = 0; i < count; i++) copy[i] = bytes[start + i] as number;
  return copy;
}

/** All empty values: one array, because a list of thousands of them takes two bytes for each on the wire. */
let empty: Uint8Array<ArrayBuffer> | undefined;

/**
 * Returns the array that all empty values share. Its buffer has one byte. If a program has transferred the buffer, it has none, and
 * no code could clone the array any more: a new one replaces it.
 */
function emptyBytes(): Uint8Array<ArrayBuffer> {
  if (empty === undefined || empty.buffer.byteLength === 0) empty = new Uint8Array(new ArrayBuffer(1), 0, 0);
  return empty;
}
