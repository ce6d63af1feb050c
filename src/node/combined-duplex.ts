/**
 * Two halves as one duplex stream: a child's pipes, standard input and output.
 *
 * Not `Duplex.from`: where the half that is written to goes first, as that of a child that has exited does, it throws
 * away what the other half has still to give.
 */
import { Duplex, type Readable, type Writable } from "node:stream";

/** Milliseconds without a sign of the one half, after which nothing more is expected once the other has gone. */
const GRACE = 1_000;

type Done = (error?: Error | null) => void;

export class CombinedDuplex extends Duplex {
  readonly #readable: Readable;
  readonly #writable: Writable;
  /** A write that waits until the writable half has room: for ever, once that has gone. */
  #waiting: Done | undefined;
  /** Runs from the end of the writable half on. */
  #grace: NodeJS.Timeout | undefined;

  /** The halves are ours from now on. */
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
    // The events may be over already. Later: why a child was not started is told first.
    if (writable.destroyed) setImmediate(() => this.#cutOff());
    if (readable.destroyed) setImmediate(() => this.#closed());
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

  /** Nothing can be written any more. What the peer has said before is read; who then waits for a write, waits in vain. */
  #cutOff(error?: Error): void {
    if (this.destroyed || this.#grace !== undefined || this.#writable.writableFinished) return;
    const late = () => {
      const behind = this.readableLength > 0 || this.isPaused(); // who reads, not the peer
      if (this.readableEnded ? this.#waiting !== undefined : !behind) this.destroy(error);
      else if (!this.readableEnded) this.#grace?.refresh();
    };
    this.#grace = setTimeout(late, GRACE);
  }
}
