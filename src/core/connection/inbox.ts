/** Incoming bytes: pulls one box after another while the connection may read, and pauses the transport otherwise. */
import type { ChunkOwnership, Transport } from "../transport.ts";
import type { Frame } from "../wire/frame.ts";
import { BoxReader } from "../wire/reader.ts";
import type { Limits } from "./limits.ts";

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
  failed(error: unknown): void;
}

export class Inbox {
  readonly #reader: BoxReader;
  readonly #transport: Transport;
  readonly #owner: InboxOwner;
  #serving = false;
  #transportPaused = false;

  constructor(transport: Transport, limits: Limits, owner: InboxOwner) {
    this.#reader = new BoxReader(limits);
    this.#transport = transport;
    this.#owner = owner;
  }

  /** Received bytes that were not parsed, here and in the transport. */
  get waiting(): number {
    return this.#reader.buffered + this.#transport.undelivered;
  }

  /** Bytes from the beginning of the stream to the next box. */
  get offset(): number {
    return this.#reader.offset;
  }

  /** Received bytes here that are not part of a served box. */
  get unserved(): number {
    return this.#reader.buffered;
  }

  get transportPaused(): boolean {
    return this.#transportPaused;
  }

  push(chunk: Uint8Array, ownership: ChunkOwnership): void {
    this.#reader.push(chunk, ownership);
    try {
      this.read();
    } finally {
      this.#reader.giveBack(); // even if an observer has thrown
    }
  }

  /** Memory into which the transport should read next: see {@link BoxReader.room}. */
  room(): Uint8Array | undefined {
    return this.#reader.room();
  }

  /** Reads on if the connection may read. Harmless at any time. */
  read(): void {
    if (this.#serving) return;
    let everything = false;
    do {
      everything = this.#serve();
      this.#owner.readEnded(everything);
      // The reason to stop may be gone: unsent answers of this end have just been written.
    } while (!everything && this.#owner.mayRead());
    if (this.#owner.mayRead()) this.#resume();
    else this.pause();
  }

  /** Serves boxes while the connection may read. Returns true if all received boxes were served. */
  #serve(): boolean {
    this.#serving = true;
    try {
      while (this.#owner.mayRead()) {
        const frame = this.#reader.nextFrame();
        if (frame === undefined) return true;
        this.#owner.receive(frame);
      }
    } catch (error) {
      this.#owner.failed(error);
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

  /** Takes the received bytes that were not parsed, for the code that reads the stream next. */
  takeRest(): Uint8Array {
    return this.#reader.takeRest();
  }

  /** Drops what was received. The stream keeps flowing, so that its end is noticed. */
  discard(): void {
    this.#reader.takeRest();
    this.#resume();
  }

  /** Called when the peer has ended its side. @throws MalformedAmpBox if it did so inside a box */
  end(): void {
    this.#reader.end();
  }
}
