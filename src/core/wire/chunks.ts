/**
 * A queue of received chunks. Two stacks, because `shift()` of an array with tens of thousands of elements moves them all.
 */
export class Chunks {
  /** Bytes in the queue. */
  bytes = 0;
  /** In the order of arrival. */
  #pushed: Uint8Array[] = [];
  /** In reverse order: the last element is the next chunk. */
  #shifted: Uint8Array[] = [];

  push(chunk: Uint8Array): void {
    this.#pushed.push(chunk);
    this.bytes += chunk.length;
  }

  /** Removes and returns the oldest chunk. */
  shift(): Uint8Array | undefined {
    if (this.#shifted.length === 0) [this.#pushed, this.#shifted] = [this.#shifted, this.#pushed.reverse()];
    const chunk = this.#shifted.pop();
    if (chunk !== undefined) this.bytes -= chunk.length;
    return chunk;
  }
}
