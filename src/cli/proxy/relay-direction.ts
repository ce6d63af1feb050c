/**
 * One direction of a relayed connection: passes bytes on as they come, and tells the boxes in them.
 *
 * Bytes do not wait for their box to be whole, unless the box may be the answer after which the rest is not to
 * be passed on: then they do, for that one answer.
 */
import type { Duplex } from "node:stream";
import { type Box, BoxReader } from "../../index.ts";

/** A box larger than this is passed on like everything else, and not shown as a box. */
export const LIMITS = { maxBoxBytes: 64 * 1024 * 1024, maxBoxKeys: 100_000 };

/** What becomes of the bytes behind a box: read on, pass them on unread, or leave them to somebody else. */
export type Then = "read" | "pass" | "stop";

export interface DirectionEvents {
  /** May the box that is not whole yet be the last one before something else? */
  holds(): boolean;
  box(box: Box): Then;
  /** What follows is not AMP. */
  notAmp(rest: Uint8Array): Then;
  raw(bytes: Uint8Array): void;
  ended(): void;
}

export class RelayDirection {
  readonly #from: Duplex;
  readonly #to: Duplex;
  readonly #events: DirectionEvents;
  #reader: BoxReader | undefined = new BoxReader(LIMITS);
  /** Received and not passed on; the first of them is byte `#passed` of the stream. */
  #waiting: Uint8Array[] = [];
  #passed = 0;
  #stopped = false;

  constructor(from: Duplex, to: Duplex, events: DirectionEvents) {
    this.#from = from;
    this.#to = to;
    this.#events = events;
  }

  start(): void {
    this.#from.on("data", this.#onData).on("end", this.#onEnd);
    this.#to.on("drain", this.#onDrain);
    if (this.#to.writableNeedDrain) this.#from.pause();
    else this.#from.resume();
  }

  /** Reads no more, from this moment on. @returns what was received and not passed on */
  stop(): Uint8Array {
    this.#stopped = true;
    this.#from.off("data", this.#onData).off("end", this.#onEnd).pause();
    this.#to.off("drain", this.#onDrain);
    return Buffer.concat(this.#waiting.splice(0));
  }

  /** From here on the bytes are passed on and not looked at. */
  pass(): void {
    const rest = this.#reader?.takeRest();
    this.#reader = undefined;
    this.#passUpTo(Number.POSITIVE_INFINITY);
    if (rest !== undefined && rest.length > 0) this.#events.raw(rest);
  }

  readonly #onData = (chunk: Uint8Array) => {
    this.#waiting.push(chunk);
    const reader = this.#reader;
    if (reader === undefined) {
      this.#passUpTo(Number.POSITIVE_INFINITY);
      this.#events.raw(chunk);
      return;
    }
    reader.push(chunk);
    if (this.#readBoxes(reader) === "read" && !this.#events.holds()) {
      this.#passUpTo(Number.POSITIVE_INFINITY);
    }
  };

  #readBoxes(reader: BoxReader): Then {
    for (;;) {
      let box: Box | undefined;
      try {
        box = reader.next();
      } catch {
        const rest = reader.takeRest();
        const then = this.#events.notAmp(rest);
        if (then === "stop") return then;
        this.#reader = undefined;
        this.#passUpTo(Number.POSITIVE_INFINITY);
        this.#events.raw(rest);
        return "pass";
      }
      if (box === undefined) return "read";
      this.#passUpTo(reader.offset);
      const then = this.#events.box(box);
      if (this.#stopped) return "stop";
      if (then === "pass") this.pass();
      if (this.#reader === undefined) return "pass";
    }
  }

  #passUpTo(offset: number): void {
    while (this.#passed < offset) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      const taken = first.subarray(0, offset - this.#passed);
      if (taken.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(taken.length);
      this.#passed += taken.length;
      this.#write(taken);
    }
  }

  #write(bytes: Uint8Array): void {
    if (this.#to.destroyed || this.#to.writableEnded) return;
    if (!this.#to.write(bytes)) this.#from.pause();
  }

  readonly #onDrain = () => {
    this.#from.resume();
  };

  readonly #onEnd = () => {
    this.pass();
    this.#to.end();
    this.#events.ended();
  };
}
