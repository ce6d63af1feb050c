/** Incoming bytes: pulls one box after another while the connection may read, and pauses the transport otherwise. */
import { toError } from "../errors/to-error.ts";
import type { ChunkOwnership, Clock, Transport } from "../transport.ts";
import type { Frame } from "../wire/frame.ts";
import { BoxReader } from "../wire/reader.ts";
import type { Limits } from "./limits.ts";
import { readingPause, spendReadingTime } from "./reading-time.ts";

/** The connection, as its inbox sees it. */
export interface InboxOwner {
  /** Checked before every box, since serving a box may change it. */
  mayRead(): boolean;
  receive(frame: Frame): void;
  /**
   * Called when all boxes that may be read now were read.
   * @param everything at most the beginning of a box is left
   */
  readEnded(everything: boolean): void;
  /** Called when the peer has violated the protocol. */
  fail(reason: Error): void;
}

/** Milliseconds for which one connection is read before others get a turn. */
const SLICE_MS = 8;
/** The clock is read after so many boxes or bytes: reading it for every box would cost. */
const BOXES_PER_LOOK = 16;
const BYTES_PER_LOOK = 16 * 1024;

export class Inbox {
  /** The received bytes that are not part of a served box. */
  readonly reader: BoxReader;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #owner: InboxOwner;
  #serving = false;
  #transportPaused = false;
  /** Set while this connection gives others a turn. */
  #yieldTimer: unknown;

  constructor(transport: Transport, limits: Limits, clock: Clock, owner: InboxOwner) {
    this.reader = new BoxReader(limits);
    this.#transport = transport;
    this.#clock = clock;
    this.#owner = owner;
  }

  get transportPaused(): boolean {
    return this.#transportPaused;
  }

  push(chunk: Uint8Array, ownership: ChunkOwnership): void {
    this.reader.push(chunk, ownership);
    try {
      this.read();
    } finally {
      this.reader.giveBack(); // even if an observer has thrown
    }
  }

  /** Reads on if the connection may read. Harmless at any time. */
  read(): void {
    if (this.#serving || this.#yieldTimer !== undefined) return;
    let everything = false;
    do {
      everything = this.#serve();
      this.#owner.readEnded(everything);
      // The reason to stop may be gone: unsent answers of this end have just been written.
    } while (!everything && this.#yieldTimer === undefined && this.#owner.mayRead());
    if (this.#yieldTimer === undefined && this.#owner.mayRead()) this.#resume();
    else this.pause();
  }

  /** Lets other connections and timers run, then reads on. */
  #yield(milliseconds = 0): void {
    this.#yieldTimer = this.#clock.setTimeout(() => {
      this.#yieldTimer = undefined;
      const pause = readingPause(this.#clock.now());
      // Spread over a window, so that not all connections that wait continue at the same moment.
      if (pause > 0) this.#yield(pause + Math.random() * 20);
      else this.read();
    }, milliseconds);
  }

  /** Serves boxes while the connection may read. Returns true if all received boxes were served. */
  #serve(): boolean {
    this.#serving = true;
    let boxesLeft = BOXES_PER_LOOK;
    let bytesFrom = this.reader.offset;
    let since: number | undefined;
    let last = 0;
    try {
      while (this.#owner.mayRead()) {
        const frame = this.reader.nextFrame();
        if (frame === undefined) return true;
        this.#owner.receive(frame);
        if (--boxesLeft > 0 && this.reader.offset - bytesFrom < BYTES_PER_LOOK) continue;
        boxesLeft = BOXES_PER_LOOK;
        bytesFrom = this.reader.offset;
        const now = this.#clock.now();
        const isShareUsed = since !== undefined && spendReadingTime(now, now - last);
        since ??= now;
        last = now;
        if (now - since < SLICE_MS && !isShareUsed) continue;
        this.#yield();
        return false;
      }
    } catch (error) {
      this.#owner.fail(toError(error));
    } finally {
      this.#serving = false;
    }
    return false;
  }

  /** Stops the transport at once: what it delivers from now on must not reach the reader. */
  pause(): void {
    if (this.#transportPaused) return;
    this.#transportPaused = true;
    this.#transport.pause();
  }

  #resume(): void {
    if (!this.#transportPaused) return;
    this.#transportPaused = false;
    this.#transport.resume();
  }

  /** Drops what was received. The stream keeps flowing, so that its end is noticed. */
  discard(): void {
    this.#clock.clearTimeout(this.#yieldTimer);
    this.#yieldTimer = undefined;
    this.reader.takeRest();
    this.#resume();
  }
}
