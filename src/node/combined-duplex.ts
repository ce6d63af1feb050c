/**
 * Two halves as one duplex stream: for example a child's pipes, or standard input and output.
 *
 * `Duplex.from` is not used, because it loses data. When the writable half closes first, as after the exit of a child,
 * `Duplex.from` drops all data that is still in the readable half.
 */
import { Duplex, type Readable, type Writable } from "node:stream";
import { takenBytes } from "./node-internals.ts";
import { clearTimeout, setImmediate, setTimeout } from "./real-timers.ts";

/** After the writable half has closed, the stream is destroyed when the readable half is idle for this many milliseconds. */
const GRACE = 1_000;

type Done = (error?: Error | null) => void;

export class CombinedDuplex extends Duplex {
  readonly #readable: Readable;
  readonly #writable: Writable;
  /** Callback of a write that waits for `drain` of the writable half. It is never called after that half has closed. */
  #waiting: Done | undefined;
  /** Runs from the time when the writable half closes. */
  #grace: NodeJS.Timeout | undefined;

  /** Takes over both halves: no other code may use them. */
  constructor(readable: Readable, writable: Writable) {
    super();
    this.#readable = readable;
    this.#writable = writable;
    writable
      .on("drain", () => this.#drained())
      .on("error", (error) => this.#cutOff(error))
      .on("close", () => this.#cutOff());
    readable
      .on("data", (chunk) => this.#received(chunk))
      .on("end", () => this.push(null))
      .on("error", (error) => this.destroy(error))
      .on("close", () => this.#closed());
    // The events may have been emitted already. Deferred, so that the error of a failed spawn comes first.
    if (writable.destroyed) setImmediate(() => this.#cutOff());
    if (readable.readableEnded) this.push(null);
    else if (readable.destroyed) setImmediate(() => this.#closed());
  }

  get halves(): readonly [Readable, Writable] {
    return [this.#readable, this.#writable];
  }

  /** Bytes that the system has taken from the writable half; undefined if that is unknown. */
  get taken(): number | undefined {
    return takenBytes(this.#writable);
  }

  #received(chunk: Uint8Array): void {
    this.#grace?.refresh();
    if (!this.push(chunk)) this.#readable.pause();
  }

  #closed(): void {
    if (!this.#readable.readableEnded) this.destroy(this.#readable.errored ?? undefined);
  }

  override _read(): void {
    this.#grace?.refresh();
    this.#readable.resume();
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    this.#grace?.refresh();
    if (this.#grace === undefined && this.#writable.write(bytes)) done();
    else this.#waiting = done;
  }

  override _final(done: Done): void {
    if (this.#grace === undefined) this.#writable.end(() => done());
    else done();
  }

  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#grace);
    this.#readable.destroy();
    this.#writable.destroy();
    done(error);
  }

  #drained(): void {
    const done = this.#waiting;
    this.#waiting = undefined;
    done?.();
  }

  /**
   * Called when the writable half has closed. Data that the peer sent before is still read. Afterwards the stream is
   * destroyed if a write is pending, because that write can never finish.
   */
  #cutOff(error?: Error): void {
    if (this.destroyed || this.#grace !== undefined || this.#writable.writableFinished) return;
    const late = () => {
      const behind = this.readableLength > 0 || this.isPaused(); // the reader is slow, the peer is not idle
      if (this.readableEnded ? this.#waiting !== undefined : !behind) this.destroy(error);
      else if (!this.readableEnded) this.#grace?.refresh();
    };
    this.#grace = setTimeout(late, GRACE);
  }
}
