/** One TCP connection of a capture: its two directions read as AMP, asks paired with answers. */
import { messageOf } from "../../../core/errors/to-error.ts";
import { type Box, BoxReader } from "../../../index.ts";
import type { Endpoint } from "../../proxy/endpoint.ts";
import { type Commands, type Meaning, Pairing } from "../../proxy/pairing.ts";
import { type Diagnosis, diagnose } from "../diagnose.ts";
import { LIMITS } from "../limits.ts";
import { Direction } from "./direction.ts";
import type { Segment } from "./segment.ts";

/** A box that was seen, and where. */
export interface Seen {
  /** Milliseconds since the first packet of the capture; undefined where that does not say. */
  readonly time: number | undefined;
  readonly from: string;
  readonly to: string;
  /** In the bytes of that direction. */
  readonly offset: number;
  readonly length: number;
  readonly box: Box;
  readonly meaning: Meaning;
}

/** How one direction has ended. */
export interface Ending {
  readonly from: string;
  readonly to: string;
  /** Bytes that the capture lacks. */
  readonly missing: number;
  /** Where it stops being AMP, if it does. */
  readonly stops: Diagnosis | undefined;
}

class Half {
  readonly direction = new Direction();
  readonly reader = new BoxReader(LIMITS);
  /** Set where it stops being AMP: nothing is read from there on. */
  stops: Diagnosis | undefined;
}

export class CapturedConnection {
  readonly #ends: Readonly<Record<Endpoint, string>>;
  readonly #halves: Readonly<Record<Endpoint, Half>> = { client: new Half(), server: new Half() };
  readonly #pairing: Pairing;
  #time: number | undefined;
  #boxes = 0;

  /** @param first tells who is the client: who sends the first SYN, or who is heard first */
  constructor(first: Segment, commands: Commands) {
    const answered = first.syn && first.ack;
    this.#ends = {
      client: answered ? first.to : first.from,
      server: answered ? first.from : first.to,
    };
    this.#pairing = new Pairing(commands, () => this.#time);
  }

  /** At least one box was seen: it is AMP. */
  get isAMP(): boolean {
    return this.#boxes > 0;
  }

  /** Commands that were asked and not answered. */
  get unanswered(): readonly string[] {
    return this.#pairing.unanswered.map(({ name }) => name);
  }

  /** @param time milliseconds since the first packet of the capture, where it says */
  *hear(segment: Segment, time: number | undefined): Generator<Seen> {
    this.#time = time;
    const end: Endpoint = segment.from === this.#ends.client ? "client" : "server";
    const half = this.#halves[end];
    if (segment.syn) half.direction.begin(segment.sequence);
    // The SYN itself is counted, also where bytes come with it (TCP Fast Open).
    const first = segment.syn ? (segment.sequence + 1) >>> 0 : segment.sequence;
    for (const bytes of half.direction.take(first, segment.data)) {
      if (half.stops !== undefined) continue;
      half.reader.push(bytes);
      yield* this.#boxesOf(end, half, segment);
    }
  }

  *#boxesOf(end: Endpoint, half: Half, { from, to }: Segment): Generator<Seen> {
    for (;;) {
      const { offset } = half.reader;
      const box = next(half);
      if (box === undefined) return;
      this.#boxes++;
      const length = half.reader.offset - offset;
      yield { time: this.#time, from, to, offset, length, box, meaning: this.#pairing.passed(end, box) };
    }
  }

  /** Once all has been heard. */
  endings(): Ending[] {
    const { client, server } = this.#ends;
    const ending = ({ direction, reader, stops }: Half, from: string, to: string): Ending => {
      const { offset } = reader;
      return { from, to, missing: direction.missing, stops: stops ?? diagnose(reader.takeRest(), offset) };
    };
    return [ending(this.#halves.client, client, server), ending(this.#halves.server, server, client)];
  }
}

function next(half: Half): Box | undefined {
  const { offset } = half.reader;
  try {
    return half.reader.next();
  } catch (error) {
    const message = messageOf(error);
    half.stops = diagnose(half.reader.takeRest(), offset) ?? { offset, message, hint: undefined, tls: false };
    return undefined;
  }
}
