/** Reassembles one direction of a TCP connection from segments in any order, with repetitions. */
import { EarlySegments } from "./early-segments.ts";

/** Maximum number of bytes kept after a gap. A lost segment may leave a gap for good. */
const MAX_EARLY_BYTES = 64 * 1024 * 1024;

export class Direction {
  /** Position of the next byte: its sequence number, counted on beyond 2^32. */
  #next: number | undefined;
  #early = new EarlySegments();
  #dropped = 0;

  /** Begins a connection with the sequence number of its SYN. */
  begin(sequence: number): void {
    this.#next = sequence + 1;
    this.#early = new EarlySegments();
  }

  /** Adds a segment. Returns the bytes that are now in order. */
  take(sequence: number, data: Buffer): Buffer[] {
    if (data.length === 0) return [];
    this.#next ??= sequence; // the capture began later than the connection
    const position = this.#next + distance(this.#next, sequence);
    if (position > this.#next) {
      // Copied: a view would keep the whole chunk of the file alive.
      if (this.#early.bytes + data.length <= MAX_EARLY_BYTES) this.#early.add(position, Buffer.from(data));
      else this.#dropped += data.length;
      return [];
    }
    const ready: Buffer[] = [];
    this.#append(position, data, ready);
    for (;;) {
      const segment = this.#early.takeUpTo(this.#next);
      if (segment === undefined) return ready;
      this.#append(segment.position, segment.data, ready);
    }
  }

  /** Number of bytes missing before the first segment that is not in order yet. */
  get missing(): number {
    const first = this.#early.first;
    return first === undefined || this.#next === undefined ? 0 : first - this.#next;
  }

  /** Number of bytes kept after a gap. */
  get buffered(): number {
    return this.#early.bytes;
  }

  /** Number of bytes after a gap that were ignored, because they exceed the limit of 64 MiB. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Appends the part of a segment that does not repeat earlier bytes. */
  #append(position: number, data: Buffer, ready: Buffer[]): void {
    const next = this.#next ?? position;
    const fresh = data.subarray(next - position);
    if (fresh.length === 0) return;
    this.#next = next + fresh.length;
    ready.push(fresh);
  }
}

/** Returns how far `sequence` is ahead of the position `next`. Sequence numbers wrap around at 2^32. */
function distance(next: number, sequence: number): number {
  return (sequence - (next % 2 ** 32)) | 0;
}
