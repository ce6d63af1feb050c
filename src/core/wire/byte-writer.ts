/**
 * A growing run of bytes that boxes are encoded into.
 *
 * Bytes, not strings, and stores in JavaScript rather than calls into C++ for anything short: for a
 * field under some 24 bytes the call costs more than the copy.
 *
 * Ownership: `bytes` belongs to the writer and is reused. Whoever hands out a part of it says until when.
 */
import { utf8Encoder } from "../platform.ts";
import type { FixedBytes } from "./fixed-bytes.ts";

const ZERO = 0x30;
const A = 0x61;
const MAX_INT32 = 0x7fffffff;

/** Below this many bytes a loop beats `TypedArray.prototype.set` and `TextEncoder.encodeInto`. */
const SHORT = 24;

/** A value from this size on is not copied where the writer lends: see {@link ByteWriter.lends}. */
export const LENT_BYTES = 16 * 1024;

/** A large value that stands between our bytes, and stays where it lies. */
interface Attached {
  /** After so many of our bytes. */
  readonly at: number;
  readonly value: Uint8Array;
}

export class ByteWriter {
  /** Our own bytes, without what is attached. */
  length = 0;
  /** Whether large values may be attached instead of copied: whoever says so sends them before anybody can change them. */
  lends = false;
  /** Whether values of a box are being written: a codec of the user's, which runs in the middle of it, must not begin another. */
  busy = false;
  #attached: Attached[] | undefined;
  #bytes: Uint8Array<ArrayBuffer>;
  /** Of the same bytes. */
  #view: DataView;

  /** @param capacity bytes to begin with; it doubles when they are full */
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** Whether a large value is attached. */
  get attached(): boolean {
    return this.#attached !== undefined;
  }

  /** All bytes, with what is attached. */
  get size(): number {
    return this.#attached === undefined ? this.length : this.length + this.#attachedFrom(0);
  }

  /** Everything in order, for a writer that lends. The parts are the writer's, and the owners' of the attached values. */
  parts(): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let from = 0;
    for (const { at, value } of this.#attached ?? []) {
      parts.push(this.#bytes.subarray(from, at), value);
      from = at;
    }
    parts.push(this.#bytes.subarray(from, this.length));
    return parts;
  }

  /** Takes back everything from `length` on. */
  truncate(length: number): void {
    this.length = length;
    if (this.#attached === undefined) return;
    const kept = this.#attached.filter(({ at }) => at < length);
    this.#attached = kept.length === 0 ? undefined : kept;
  }

  #attachedFrom(position: number): number {
    let count = 0;
    for (const { at, value } of this.#attached ?? []) if (at >= position) count += value.length;
    return count;
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.length + count > this.#bytes.length) this.#grow(this.length + count);
  }

  #grow(needed: number): void {
    let capacity = this.#bytes.length;
    while (capacity < needed) capacity *= 2;
    const grown = new Uint8Array(capacity);
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  byte(value: number): void {
    this.reserve(1);
    this.#bytes[this.length++] = value;
  }

  append(source: Uint8Array): void {
    if (this.lends && source.length >= LENT_BYTES) {
      this.#attached ??= [];
      this.#attached.push({ at: this.length, value: source });
    } else {
      this.appendRange(source, 0, source.length);
    }
  }

  appendRange(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    const bytes = this.#bytes;
    const { length } = this;
    this.length = length + count;
    if (count >= SHORT) return bytes.set(source.subarray(start, end), length);
    let at = 0;
    // Four at a turn, which costs hardly more than one: see FixedBytes.
    for (; at + 4 <= count; at += 4) {
      const from = start + at;
      const to = length + at;
      bytes[to] = source[from] as number;
      bytes[to + 1] = source[from + 1] as number;
      bytes[to + 2] = source[from + 2] as number;
      bytes[to + 3] = source[from + 3] as number;
    }
    for (; at < count; at++) bytes[length + at] = source[start + at] as number;
  }

  /** A number from 1 up in lower-case hexadecimal digits. */
  hex(value: number): void {
    if (value > MAX_INT32) return this.ascii(value.toString(16));
    const count = (35 - Math.clz32(value)) >> 2;
    this.reserve(count);
    const bytes = this.#bytes;
    const { length } = this;
    this.length = length + count;
    for (let at = length + count - 1, rest = value; at >= length; at--, rest >>= 4) {
      const digit = rest & 0xf;
      bytes[at] = digit < 10 ? ZERO + digit : A - 10 + digit;
    }
  }

  appendFixed(fixed: FixedBytes): void {
    const { words, length } = fixed;
    this.reserve(length + 3);
    const view = this.#view;
    let at = this.length;
    this.length = at + length;
    // The last store may run up to 3 bytes over the end, where nothing stands yet.
    for (let index = 0; index < words.length; index++, at += 4)
      view.setInt32(at, words[index] as number, true);
  }

  /** Text whose characters are all below U+0080: the caller knows. */
  ascii(text: string): void {
    const count = text.length;
    this.reserve(count);
    const bytes = this.#bytes;
    const { length } = this;
    for (let i = 0; i < count; i++) bytes[length + i] = text.charCodeAt(i);
    this.length = length + count;
  }

  /** The same where the text is short and ASCII; else it writes nothing and returns false. */
  shortAscii(text: string): boolean {
    const count = text.length;
    if (count >= SHORT) return false;
    this.reserve(count);
    const bytes = this.#bytes;
    const { length } = this;
    for (let i = 0; i < count; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) return false;
      bytes[length + i] = unit;
    }
    this.length = length + count;
    return true;
  }

  /** Text as UTF-8. A lone surrogate becomes U+FFFD: whoever minds looks first. */
  utf8(text: string): void {
    this.reserve(text.length * 3);
    this.length += utf8Encoder.encodeInto(text, this.#bytes.subarray(this.length)).written;
  }

  uint16(value: number): void {
    this.reserve(2);
    this.#bytes[this.length++] = value >>> 8;
    this.#bytes[this.length++] = value & 0xff;
  }

  /** Leaves room for a two-byte length, to be filled in by {@link endCounted}. Returns where it stands. */
  beginCounted(): number {
    this.reserve(2);
    const position = this.length;
    this.length = position + 2;
    return position;
  }

  /** Fills in the length of what was written since `beginCounted`. Returns that length, which may be too long to fit. */
  endCounted(position: number): number {
    const bytes = this.#bytes;
    let count = this.length - position - 2;
    if (this.#attached !== undefined) count += this.#attachedFrom(position + 2);
    bytes[position] = count >>> 8;
    bytes[position + 1] = count & 0xff;
    return count;
  }

  /** A copy of what was written from `start` on, for a writer that does not lend. */
  copy(start = 0): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(start, this.length);
  }
}
