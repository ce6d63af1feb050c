/** Segments that arrived after a gap: a binary heap, so that n segments in any order take n log n steps. */

export interface PlacedSegment {
  /** Position of the first byte in its direction. */
  readonly position: number;
  readonly data: Buffer;
}

export class EarlySegments {
  /** Ordered as a heap: no segment has a lower position than its parent at (index - 1) / 2. */
  readonly #heap: PlacedSegment[] = [];
  #bytes = 0;

  /** Number of bytes in all segments. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Lowest position, or undefined if there is no segment. */
  get first(): number | undefined {
    return this.#heap[0]?.position;
  }

  add(position: number, data: Buffer): void {
    const heap = this.#heap;
    const added = { position, data };
    this.#bytes += data.length;
    let at = heap.push(added) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.position <= position) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = added;
  }

  /** Removes and returns the segment with the lowest position, if that is at most `limit`. */
  takeUpTo(limit: number): PlacedSegment | undefined {
    const heap = this.#heap;
    const [first] = heap;
    if (first === undefined || first.position > limit) return undefined;
    this.#bytes -= first.data.length;
    const last = heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first;
  }

  /** Moves a segment from the root down to its place. */
  #sink(segment: PlacedSegment): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const isRight = left !== undefined && right !== undefined && right.position < left.position;
      const child = isRight ? right : left;
      if (child === undefined || child.position >= segment.position) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = segment;
  }
}
