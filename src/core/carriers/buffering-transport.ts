/**
 * Base of the transports whose carrier delivers whole messages and may not be able to stop doing so. It buffers what
 * arrives while reading is paused, up to a limit, and reports bytes, the peer's end and the loss in this order.
 */
import { LimitExceeded } from "../errors/caller.ts";
import type { Transport, TransportReceiver } from "../transport.ts";
import { Chunks } from "../wire/chunks.ts";

export abstract class BufferingTransport implements Transport {
  readonly #maxBufferedBytes: number;
  #receiver: TransportReceiver | undefined;
  #paused = false;
  /** Received and not delivered, in order. */
  #buffered = new Chunks();
  /** True from the peer's end until `ended` of the receiver was called. */
  #peerEnded = false;
  /** The carrier has closed. The loss is reported after the bytes and the end that came before. */
  #closed = false;
  #error: Error | undefined;
  /** Callbacks of `flushed`. */
  #waiters: (() => void)[] = [];

  /** False once the transport is destroyed or lost. */
  protected open = true;

  abstract readonly unsent: number;
  abstract write(...chunks: readonly Uint8Array[]): void;
  abstract end(): void;

  constructor(maxBufferedBytes: number) {
    this.#maxBufferedBytes = maxBufferedBytes;
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver;
  }

  get undelivered(): number {
    return this.#buffered.bytes;
  }

  flushed(): Promise<void> {
    if (this.unsent === 0) return soon;
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    void soon.then(() => this.#deliver()); // the caller does not expect bytes before this returns
  }

  destroy(reason?: Error): void {
    if (!this.open) return;
    this.open = false;
    this.#error ??= reason;
    this.abort(reason);
    void soon.then(() => this.#lose()); // the carrier may take long to confirm, or may never do so
  }

  /** Closes the carrier at once. */
  protected abstract abort(reason: Error | undefined): void;

  /** Called after each delivery, with the number of bytes. */
  protected delivered?(bytes: number): void;

  /** To be called for each message. Bytes over the limit destroy the transport. */
  protected accept(chunk: Uint8Array): void {
    if (!this.open || this.#closed || chunk.length === 0) return;
    this.#buffered.push(chunk);
    this.#deliver();
    const { bytes } = this.#buffered;
    if (bytes > this.#maxBufferedBytes)
      this.destroy(
        new LimitExceeded(`${bytes} bytes came while reading was paused: the limit is maxBufferedBytes`),
      );
  }

  /** To be called when the peer has ended its side. */
  protected acceptEnd(): void {
    this.#peerEnded = true;
    this.#deliver();
  }

  /** To be called when the carrier has closed, or when the peer has broken the protocol. */
  protected acceptClose(error?: Error): void {
    this.#error ??= error;
    this.#closed = true;
    this.#wake();
    this.#deliver();
  }

  /** To be called when `unsent` has become 0. */
  protected drained(): void {
    this.#wake();
    if (this.open) this.#receiver?.drained();
  }

  #deliver(): void {
    while (!this.#paused && this.open) {
      const chunk = this.#buffered.shift();
      if (chunk !== undefined) {
        this.#receiver?.received(chunk);
        this.delivered?.(chunk.length);
      } else if (this.#peerEnded) {
        this.#peerEnded = false;
        this.#receiver?.ended();
      } else if (this.#closed) this.#lose();
      else return;
    }
  }

  /** Called once: by `destroy`, or while the transport is open. */
  #lose(): void {
    this.open = false;
    this.#buffered = new Chunks();
    this.#wake();
    this.#receiver?.lost(this.#error);
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

const soon = Promise.resolve();

/** Returns a view of a binary message, undefined for any other. */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return isArrayBuffer(data) ? new Uint8Array(data) : undefined;
}

/** True for an ArrayBuffer, also for one of another realm: the WebSocket of jsdom creates them outside of it. */
function isArrayBuffer(data: unknown): data is ArrayBuffer {
  return data instanceof ArrayBuffer || Object.prototype.toString.call(data) === "[object ArrayBuffer]";
}
