/** One direction of a TCP connection: segments, come in any order and more than once, to bytes in their order. */

export class Direction {
  #next: number | undefined;
  /** Come too early, by sequence number. */
  readonly #early = new Map<number, Buffer>();

  /** The connection begins. */
  begin(sequence: number): void {
    this.#next = (sequence + 1) >>> 0;
    this.#early.clear();
  }

  /** Takes a segment in; gives out what is in order now. */
  take(sequence: number, data: Buffer): Buffer[] {
    if (data.length === 0) return [];
    this.#next ??= sequence; // the capture began later than the connection
    const early = this.#early.get(sequence);
    if (early === undefined || early.length < data.length) this.#early.set(sequence, data);
    // Behind a gap nothing is in order. Not to search then: a segment may be lost for good, and many come after it.
    if (distance(this.#next, sequence) > 0) return [];
    const ready: Buffer[] = [];
    for (let part = this.#following(); part !== undefined; part = this.#following()) ready.push(part);
    return ready;
  }

  /** Bytes that are not in the capture, and without which what has come later cannot be read. */
  get missing(): number {
    const next = this.#next;
    if (next === undefined || this.#early.size === 0) return 0;
    let least = Number.POSITIVE_INFINITY;
    for (const sequence of this.#early.keys()) least = Math.min(least, distance(next, sequence));
    return least;
  }

  /** What continues the bytes given out so far; what repeats them is dropped. */
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

/** How far `sequence` is behind `next`; sequence numbers start over at 2^32. */
function distance(next: number, sequence: number): number {
  return (sequence - next) | 0;
}
