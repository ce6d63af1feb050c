/** Incoming bytes: pulls one box after another while the connection may read, and pauses the transport otherwise. */
import type { ChunkOwnership, Clock, Transport } from "../transport.ts";
import type { Frame } from "../wire/frame.ts";
import { BoxReader } from "../wire/reader.ts";
import type { Limits } from "./limits.ts";
import { type ReadingTurns, readingTurns, type TurnTaker } from "./reading-turns.ts";

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
  /** Called when the peer has violated the protocol, or the program has thrown while a box was received. */
  violated(error: unknown): void;
}

/** Once the time of a turn is used up, a connection with more bytes than this waits for the next turn. */
const SMALL_BYTES = 4 * 1024;
/** The clock is read after so many boxes or bytes: reading it for every box would cost. */
const BOXES_PER_LOOK = 16;
const BYTES_PER_LOOK = 16 * 1024;

export class Inbox implements TurnTaker {
  /** The received bytes that are not part of a served box. */
  readonly reader: BoxReader;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #owner: InboxOwner;
  #serving = false;
  #transportPaused = false;
  readonly #turns: ReadingTurns;
  /** True while this connection gives others a turn. */
  #waitsForTurn = false;

  constructor(transport: Transport, limits: Limits, clock: Clock, owner: InboxOwner) {
    this.reader = new BoxReader(limits);
    this.#transport = transport;
    this.#clock = clock;
    this.#owner = owner;
    this.#turns = readingTurns(clock);
  }

  get transportPaused(): boolean {
    return this.#transportPaused;
  }

  push(chunk: Uint8Array, ownership: ChunkOwnership): void {
    this.reader.push(chunk, ownership);
    try {
      if (this.#turns.isOver && this.reader.buffered > SMALL_BYTES) this.#wait();
      this.read();
    } finally {
      this.reader.giveBack(); // even if an observer has thrown
    }
  }

  /** Reads on if the connection may read. Harmless at any time. */
  read(): void {
    if (this.#serving) return;
    if (this.#waitsForTurn) return this.pause();
    let everything = false;
    do {
      everything = this.#serve();
      this.#owner.readEnded(everything);
      // The reason to stop may be gone: unsent answers of this end have just been written.
    } while (!everything && !this.#waitsForTurn && this.#owner.mayRead());
    if (!this.#waitsForTurn && this.#owner.mayRead()) this.#resume();
    else this.pause();
  }

  #wait(): void {
    this.#waitsForTurn = true;
    this.#turns.wait(this);
  }

  takeTurn(): void {
    this.#waitsForTurn = false;
    this.read();
  }

  /** Serves boxes while the connection may read. Returns true if all received boxes were served. */
  #serve(): boolean {
    this.#serving = true;
    let boxesLeft = BOXES_PER_LOOK;
    let bytesFrom = this.reader.offset;
    let since: number | undefined;
    let last = 0;
    try {
      while (this.#owner.mayRead() === true) {
        const frame = this.reader.nextFrame();
        if (frame === undefined) return true;
        this.#owner.receive(frame);
        if (--boxesLeft > 0 && this.reader.offset - bytesFrom < BYTES_PER_LOOK) continue;
        boxesLeft = BOXES_PER_LOOK;
        bytesFrom = this.reader.offset;
        const now = this.#clock.now();
        const turns = this.#turns;
        if (since !== undefined) turns.spend(now - last);
        since ??= now;
        last = now;
        if (now - since < turns.slice && !turns.isOver) continue;
        this.#wait();
        return false;
      }
    } catch (error) {
      this.#owner.violated(error);
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
    this.#turns.leave(this);
    this.#waitsForTurn = false;
    this.reader.drop();
    this.#resume();
  }
}
