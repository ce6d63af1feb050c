/**
 * One direction of a relayed connection: forwards bytes as they arrive, and reports the boxes in them.
 *
 * The bytes of an incomplete box are forwarded at once, with one exception. If the box may be the answer that starts TLS
 * or a protocol switch, they wait until it is complete, because the bytes after it must not be forwarded.
 */
import type { Duplex } from "node:stream";
import { BoxReader } from "../../index.ts";
import { RELAY_LIMITS } from "../traffic/limits.ts";
import { type ReadBox, readBox } from "../traffic/read-box.ts";

/** Handling of the bytes after a box: read boxes, forward raw bytes, or stop because the caller reads them. */
export type Then = "read" | "pass" | "stop";

export interface DirectionEvents {
  /** Returns true if the incomplete box may be the last one before a protocol change. */
  mustHold(): boolean;
  box(read: ReadBox): Then;
  /** Called when the stream stops being AMP, with the bytes from there on. */
  notAmp(rest: Uint8Array): Then;
  raw(bytes: Uint8Array): void;
  ended(): void;
}

export class RelayDirection {
  readonly #from: Duplex;
  readonly #to: Duplex;
  readonly #events: DirectionEvents;
  #reader: BoxReader | undefined = new BoxReader(RELAY_LIMITS);
  /** Received bytes that are not forwarded yet. The first one is byte `#passed` of the stream. */
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

  /** Stops reading immediately. @returns the received bytes that were not forwarded */
  stop(): Uint8Array {
    this.#stopped = true;
    this.#from.off("data", this.#onData).off("end", this.#onEnd).pause();
    this.#to.off("drain", this.#onDrain);
    return Buffer.concat(this.#waiting.splice(0));
  }

  /** Forwards all further bytes without reading boxes. */
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
    if (this.#readBoxes(reader) === "read" && !this.#events.mustHold()) {
      this.#passUpTo(Number.POSITIVE_INFINITY);
    }
  };

  #readBoxes(reader: BoxReader): Then {
    for (;;) {
      let box: ReadBox | undefined;
      try {
        box = readBox(reader);
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
