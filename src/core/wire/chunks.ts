/**
 * Bytes that came and wait, chunk by chunk. Not an array that is shifted: once tens of thousands wait, each shift moves
 * all that are behind it.
 */
export class Chunks {
  /** How many bytes wait. */
  bytes = 0;
  #coming: Uint8Array[] = [];
  /** The last of them is the next. */
  #going: Uint8Array[] = [];

  push(chunk: Uint8Array): void {
    this.#coming.push(chunk);
    this.bytes += chunk.length;
  }

  /** Takes out the one that has waited longest. */
  shift(): Uint8Array | undefined {
    if (this.#going.length === 0) [this.#coming, this.#going] = [this.#going, this.#coming.reverse()];
    const chunk = this.#going.pop();
    if (chunk !== undefined) this.bytes -= chunk.length;
    return chunk;
  }
}
