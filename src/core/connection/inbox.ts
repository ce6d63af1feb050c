/** Bytes on their way in: pulls box after box while the connection may read, and pauses the transport while it may not. */
import type { ChunkOwnership, Transport } from "../transport.ts";
import type { Limits } from "../wire/box-limits.ts";
import type { Frame } from "../wire/frame.ts";
import { BoxReader } from "../wire/reader.ts";

/** What the input asks and tells the connection. */
export interface InboxGate {
  /** Looked at before every box, since serving one may change the answer. */
  mayRead(): boolean;
  receive(frame: Frame): void;
  /** All that may be read now was read; `everything`: nothing is left but, perhaps, the beginning of a box. */
  readEnough(everything: boolean): void;
  /** The peer broke the protocol. */
  failed(error: unknown): void;
}

export class Inbox {
  readonly #reader: BoxReader;
  readonly #transport: Transport;
  readonly #gate: InboxGate;
  #reading = false;
  #paused = false;

  constructor(transport: Transport, limits: Limits, gate: InboxGate) {
    this.#reader = new BoxReader(limits);
    this.#transport = transport;
    this.#gate = gate;
  }

  /** Bytes that came and were not parsed, wherever they wait. */
  get waiting(): number {
    return this.#reader.buffered + this.#transport.undelivered;
  }

  /** Bytes from the beginning of the stream to the box that is read next. */
  get offset(): number {
    return this.#reader.offset;
  }

  /** Bytes that came here and are not part of a served box. */
  get unserved(): number {
    return this.#reader.buffered;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Takes bytes in and serves the boxes in them. */
  push(chunk: Uint8Array, ownership: ChunkOwnership): void {
    this.#reader.push(chunk, ownership);
    try {
      this.read();
    } finally {
      this.#reader.giveBack(); // whatever an observer threw
    }
  }

  /** Where the next bytes had best be: see {@link BoxReader.room}. */
  room(): Uint8Array | undefined {
    return this.#reader.room();
  }

  /** Goes on reading, where it may. Harmless at any time. */
  read(): void {
    if (this.#reading) return;
    let everything = false;
    do {
      everything = this.#serve();
      this.#gate.readEnough(everything);
      // What stopped us may be over: our own answers, that had yet to be written.
    } while (!everything && this.#gate.mayRead());
    if (this.#gate.mayRead()) this.resume();
    else this.pause();
  }

  /** Serves boxes while it may. Returns whether all that came has been served. */
  #serve(): boolean {
    this.#reading = true;
    try {
      while (this.#gate.mayRead()) {
        const frame = this.#reader.nextFrame();
        if (frame === undefined) return true;
        this.#gate.receive(frame);
      }
    } catch (error) {
      this.#gate.failed(error);
    } finally {
      this.#reading = false;
    }
    return false;
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#transport.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#transport.resume();
  }

  /** What was received and not parsed: for whoever reads the stream next. */
  takeRest(): Uint8Array {
    return this.#reader.takeRest();
  }

  /** No box is served any more, whatever came already. The stream flows on, so that its end is seen. */
  discard(): void {
    this.#reader.takeRest();
    this.resume();
  }

  /** The peer has ended its side. @throws MalformedAmpBox when it did so inside a box */
  end(): void {
    this.#reader.end();
  }
}
