/**
 * A growing buffer that boxes are encoded into.
 *
 * Short texts and byte runs are copied in JavaScript, because a call into C++ costs more: see README.md.
 *
 * Ownership: `bytes` belongs to the writer and is reused. Code that passes a part of it on says until when it is valid.
 */
import { type UnsharedBytes, utf8Encoder } from "../platform.ts";
import type { FastPaths } from "./fast-paths.ts";
import type { FixedBytes } from "./fixed-bytes.ts";

/** Size from which `TypedArray.prototype.set` is faster than a loop. */
const SHORT_COPY_BYTES = 24;

/** Size from which a value is attached instead of copied, if {@link ByteWriter.lends} is set. */
export const LENT_BYTES = 16 * 1024;

/** A large value that is sent between the writer's bytes without being copied. */
interface Attached {
  /** Number of the writer's bytes before the value. */
  readonly at: number;
  readonly value: Uint8Array;
}

export class ByteWriter {
  /** Bytes written, without attached values. */
  length = 0;
  /** True if large values may be attached instead of copied. Only for code that sends them before a program can change them. */
  lends = false;
  /** True while a box is being written. A codec of the program, which runs meanwhile, must not begin another box. */
  busy = false;
  /** Fast paths of the connection that sends the boxes, if it has any. */
  fastPaths: FastPaths | undefined = undefined;
  #attached: Attached[] | undefined;
  // Fields, because V8 does not inline a getter into a writer of boxes. Assigned only here.
  /** The buffer: `length` bytes of it are written. A call that appends may replace it. */
  bytes: UnsharedBytes;
  /** View of `bytes`. */
  view: DataView;

  /** @param capacity initial size in bytes; it doubles when the buffer is full */
  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** True if a large value is attached. */
  get attached(): boolean {
    return this.#attached !== undefined;
  }

  /** Bytes written, including attached values. */
  get size(): number {
    return this.#attached === undefined ? this.length : this.length + this.#attachedFrom(0);
  }

  /** Returns all bytes in order, without copying: parts of the writer's buffer, and the attached values. */
  parts(): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let from = 0;
    for (const { at, value } of this.#attached ?? []) {
      parts.push(this.bytes.subarray(from, at), value);
      from = at;
    }
    parts.push(this.bytes.subarray(from, this.length));
    return parts;
  }

  /** Removes everything from position `length` on. */
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

  /** Ensures space for `count` more bytes. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.#grow(this.length + count);
  }

  #grow(needed: number): void {
    let capacity = this.bytes.length;
    while (capacity < needed) capacity *= 2;
    const grown = new Uint8Array(capacity);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  append(source: Uint8Array): void {
    if (this.lends && source.length >= LENT_BYTES && isFixedMemory(source.buffer)) {
      this.#attached ??= [];
      this.#attached.push({ at: this.length, value: source });
    } else {
      this.appendRange(source, 0, source.length);
    }
  }

  appendRange(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    const bytes = this.bytes;
    const { length } = this;
    this.length = length + count;
    if (count >= SHORT_COPY_BYTES) return bytes.set(source.subarray(start, end), length);
    let at = 0;
    // Four bytes at a time: see README.md.
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

  appendFixed(fixed: FixedBytes): void {
    const { words, length } = fixed;
    this.reserve(length + 3);
    const view = this.view;
    let at = this.length;
    this.length = at + length;
    // The last store may write up to 3 unused bytes past the end.
    for (let index = 0; index < words.length; index++, at += 4)
      view.setInt32(at, words[index] as number, true);
  }

  /** Appends text whose characters are all below U+0080; this is not checked. */
  ascii(text: string): void {
    const count = text.length;
    this.reserve(count);
    const bytes = this.bytes;
    const { length } = this;
    for (let i = 0; i < count; i++) bytes[length + i] = text.charCodeAt(i);
    this.length = length + count;
  }

  /** Appends text as UTF-8. A lone surrogate becomes U+FFFD; callers that reject it check first. */
  utf8(text: string): void {
    this.reserve(text.length * 3);
    this.length += utf8Encoder.encodeInto(text, this.bytes.subarray(this.length)).written;
  }

  uint16(value: number): void {
    this.reserve(2);
    this.bytes[this.length++] = value >>> 8;
    this.bytes[this.length++] = value & 0xff;
  }

  /** Leaves space for a two-byte length. Returns its position, for {@link endCounted}. */
  beginCounted(): number {
    this.reserve(2);
    const position = this.length;
    this.length = position + 2;
    return position;
  }

  /** Stores the number of bytes written since `beginCounted`. Returns it; the caller checks that it fits two bytes. */
  endCounted(position: number): number {
    const bytes = this.bytes;
    let count = this.length - position - 2;
    if (this.#attached !== undefined) count += this.#attachedFrom(position + 2);
    bytes[position] = count >>> 8;
    bytes[position + 1] = count & 0xff;
    return count;
  }

  /** Returns a copy of the bytes from `start` on. Without attached values: only for a writer that does not lend. */
  copy(start = 0): UnsharedBytes {
    return this.bytes.slice(start, this.length);
  }
}

/**
 * True for memory that no other thread shares and that does not change its size: the WebSocket of a browser sends no other. False
 * for an ArrayBuffer of another realm, too, whose values are copied.
 */
function isFixedMemory(buffer: ArrayBufferLike & { readonly resizable?: boolean }): boolean {
  return buffer instanceof ArrayBuffer && !buffer.resizable;
}
