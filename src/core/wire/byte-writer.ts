/**
 * A growing run of bytes that boxes are encoded into.
 *
 * Bytes, not strings, and stores in JavaScript rather than calls into C++ for anything short: for a
 * field under some 24 bytes the call costs more than the copy.
 *
 * Ownership: `bytes` belongs to the writer and is reused. Whoever hands out a part of it says until when.
 */
import { utf8Encoder } from "../platform.ts";

/** Below this many bytes a loop beats `TypedArray.prototype.set` and `TextEncoder.encodeInto`. */
const SHORT = 24;

export class ByteWriter {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  /** @param capacity bytes to begin with; it doubles when they are full */
  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  append(source: Uint8Array): void {
    this.appendRange(source, 0, source.length);
  }

  appendRange(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    const { bytes, length } = this;
    if (count < SHORT) for (let i = 0; i < count; i++) bytes[length + i] = source[start + i] as number;
    else bytes.set(source.subarray(start, end), length);
    this.length = length + count;
  }

  /** Text whose characters are all below U+0080: the caller knows. */
  ascii(text: string): void {
    const count = text.length;
    this.reserve(count);
    const { bytes, length } = this;
    for (let i = 0; i < count; i++) bytes[length + i] = text.charCodeAt(i);
    this.length = length + count;
  }

  /** Text as UTF-8. A lone surrogate becomes U+FFFD: whoever minds looks first. */
  utf8(text: string): void {
    const count = text.length;
    this.reserve(count * 3);
    const { bytes, length } = this;
    if (count < SHORT) {
      let i = 0;
      for (; i < count; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 0x7f) break;
        bytes[length + i] = unit;
      }
      if (i === count) {
        this.length = length + count;
        return;
      }
    }
    this.length = length + utf8Encoder.encodeInto(text, bytes.subarray(length)).written;
  }

  uint16(value: number): void {
    this.reserve(2);
    this.bytes[this.length++] = value >>> 8;
    this.bytes[this.length++] = value & 0xff;
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
    const count = this.length - position - 2;
    this.bytes[position] = count >>> 8;
    this.bytes[position + 1] = count & 0xff;
    return count;
  }

  /** A copy of what was written from `start` on. */
  copy(start = 0): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(start, this.length);
  }
}
