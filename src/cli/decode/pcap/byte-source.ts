/** Reads exact numbers of bytes from a stream of chunks. */
import type { Bytes } from "../input.ts";

export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #buffered: Buffer = Buffer.alloc(0);

  constructor(bytes: Bytes) {
    this.#chunks = bytes[Symbol.asyncIterator]();
  }

  /** Takes exactly `count` bytes. Returns undefined if the input has fewer. */
  async take(count: number): Promise<Buffer | undefined> {
    if (!(await this.#fill(count))) return undefined;
    const taken = this.#buffered.subarray(0, count);
    this.#buffered = this.#buffered.subarray(count);
    return taken;
  }

  /** Returns the same as `take`, without removing the bytes. */
  async peek(count: number): Promise<Buffer | undefined> {
    return (await this.#fill(count)) ? this.#buffered.subarray(0, count) : undefined;
  }

  /** Number of bytes that were read and not taken: after `take` has returned undefined, the incomplete rest of the input. */
  get buffered(): number {
    return this.#buffered.length;
  }

  /** Yields the remaining bytes. */
  async *rest(): Bytes {
    const buffered = this.#buffered;
    this.#buffered = Buffer.alloc(0);
    if (buffered.length > 0) yield buffered;
    for (let next = await this.#chunks.next(); !next.done; next = await this.#chunks.next()) yield next.value;
  }

  async #fill(count: number): Promise<boolean> {
    const parts = [this.#buffered];
    let length = this.#buffered.length;
    while (length < count) {
      const { value, done } = await this.#chunks.next();
      if (done) break;
      parts.push(Buffer.from(value.buffer, value.byteOffset, value.length));
      length += value.length;
    }
    if (parts.length > 1) this.#buffered = Buffer.concat(parts);
    return length >= count;
  }
}
