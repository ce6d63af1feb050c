/** Bytes by the number that is wanted, from chunks that come as they come. */
import type { Bytes } from "../input.ts";

export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(bytes: Bytes) {
    this.#chunks = bytes[Symbol.asyncIterator]();
  }

  /** Exactly so many; undefined when there are fewer. */
  async take(count: number): Promise<Buffer | undefined> {
    if (!(await this.#hold(count))) return undefined;
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }

  /** The same, and they stay. */
  async peek(count: number): Promise<Buffer | undefined> {
    return (await this.#hold(count)) ? this.#held.subarray(0, count) : undefined;
  }

  /** All that is left. */
  async *rest(): Bytes {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    if (held.length > 0) yield held;
    for (let next = await this.#chunks.next(); !next.done; next = await this.#chunks.next()) yield next.value;
  }

  async #hold(count: number): Promise<boolean> {
    const parts = [this.#held];
    let length = this.#held.length;
    while (length < count) {
      const { value, done } = await this.#chunks.next();
      if (done) break;
      parts.push(Buffer.from(value.buffer, value.byteOffset, value.length));
      length += value.length;
    }
    if (parts.length > 1) this.#held = Buffer.concat(parts);
    return length >= count;
  }
}
