/** Reassembles one direction of a TCP connection from segments in any order, with repetitions. */

export class Direction {
  #next: number | undefined;
  /** Segments after a gap, by sequence number. */
  readonly #early = new Map<number, Buffer>();

  /** Begins a connection with the sequence number of its SYN. */
  begin(sequence: number): void {
    this.#next = (sequence + 1) >>> 0;
    this.#early.clear();
  }

  /** Adds a segment. Returns the bytes that are now in order. */
  take(sequence: number, data: Buffer): Buffer[] {
    if (data.length === 0) return [];
    this.#next ??= sequence; // the capture began later than the connection
    const early = this.#early.get(sequence);
    if (early === undefined || early.length < data.length) this.#early.set(sequence, data);
    // A lost segment may leave a gap for good. Searching after each later segment would be quadratic.
    if (distance(this.#next, sequence) > 0) return [];
    const ready: Buffer[] = [];
    for (let part = this.#following(); part !== undefined; part = this.#following()) ready.push(part);
    return ready;
  }

  /** Number of bytes missing before the first segment that is not in order yet. */
  get missing(): number {
    const next = this.#next;
    if (next === undefined || this.#early.size === 0) return 0;
    let least = Number.POSITIVE_INFINITY;
    for (const sequence of this.#early.keys()) least = Math.min(least, distance(next, sequence));
    return least;
  }

  /** Returns the bytes that follow those already returned. Drops repeated bytes. */
  #following(): Buffer | undefined {
    const next = this.#next ?? 0;
    for (const [sequence, data] of this.#early) {
      const ahead = distance(next, sequence);
      if (ahead > 0) continue;
      this.#early.delete(sequence);
      if (data.length <= -ahead) continue;
      const fresh = data.subarray(-ahead);
      this.#next = (next + fresh.length) >>> 0;
      return fresh;
    }
    return undefined;
  }
}

/** Returns how far `sequence` is ahead of `next`. Sequence numbers wrap around at 2^32. */
function distance(next: number, sequence: number): number {
  return (sequence - next) | 0;
}
