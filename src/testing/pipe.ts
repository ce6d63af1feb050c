/** One direction of a connection in memory: the items that one end has written and the other has not received yet. */
import { isBytes } from "../core/wire/value-text.ts";
import type { Hello } from "./fake-tls.ts";

/** Bytes, a fake TLS handshake, or the end of the stream. */
export type Item = Uint8Array | Hello | "end";

export class Pipe {
  readonly #capacity: number;
  readonly #items: Item[] = [];
  #queued = 0;
  #abandoned = false;
  /** Called when an item was added. The reading end sets it. */
  onArrival: () => void = () => {};
  /** Called when an item was taken. The writing end sets it. */
  onDeparture: () => void = () => {};

  /** @param capacity maximum number of bytes in flight; further bytes count as unsent */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Number of bytes above the capacity. */
  get unsent(): number {
    return Math.max(0, this.#queued - this.#capacity);
  }

  /** Number of bytes in flight. */
  get arrived(): number {
    return Math.min(this.#queued, this.#capacity);
  }

  /** True if the reading end is gone. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** The item that {@link take} would return. */
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

  /** Puts bytes back at the front. */
  putBack(bytes: Uint8Array): void {
    this.#items.unshift(bytes);
    this.#queued += bytes.length;
  }

  /** Called when the writing end is gone: drops unsent bytes. */
  dropUnsent(): void {
    while (this.unsent > 0) this.#queued -= lengthOf(this.#items.pop() ?? "end");
  }

  /** Called when the reading end is gone: drops everything. */
  abandon(): void {
    this.#abandoned = true;
    this.#items.length = 0;
    this.#queued = 0;
    this.onDeparture();
  }
}

function lengthOf(item: Item): number {
  return isBytes(item) ? item.length : 0;
}
