/** One direction of a connection in memory: what one end has written and the other has not been given yet. */
import type { Hello } from "./fake-tls.ts";

/** What travels: bytes, the beginning of a pretended TLS, or the end of the stream. */
export type Item = Uint8Array | Hello | "end";

export class Pipe {
  readonly #capacity: number;
  readonly #items: Item[] = [];
  #queued = 0;
  #abandoned = false;
  /** Called when there is something to take. Set by who reads. */
  onArrival: () => void = () => {};
  /** Called when something was taken. Set by who writes. */
  onDeparture: () => void = () => {};

  /** @param capacity bytes that may be under way; what is written beyond counts as unsent */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Bytes that do not fit under way. */
  get unsent(): number {
    return Math.max(0, this.#queued - this.#capacity);
  }

  /** Bytes under way. */
  get arrived(): number {
    return Math.min(this.#queued, this.#capacity);
  }

  /** Nobody reads any more. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** What {@link take} would give. */
  get next(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    if (this.#abandoned) return;
    this.#items.push(item);
    this.#queued += lengthOf(item);
    this.onArrival();
  }

  take(): Item | undefined {
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#queued -= lengthOf(item);
      this.onDeparture();
    }
    return item;
  }

  /** Puts bytes back, to be taken first. */
  putBack(bytes: Uint8Array): void {
    this.#items.unshift(bytes);
    this.#queued += bytes.length;
  }

  /** Who writes is gone: what was unsent will never be sent. */
  dropUnsent(): void {
    while (this.unsent > 0) this.#queued -= lengthOf(this.#items.pop() ?? "end");
  }

  /** Who reads is gone. */
  abandon(): void {
    this.#abandoned = true;
    this.#items.length = 0;
    this.#queued = 0;
    this.onDeparture();
  }
}

function lengthOf(item: Item): number {
  return item instanceof Uint8Array ? item.length : 0;
}
