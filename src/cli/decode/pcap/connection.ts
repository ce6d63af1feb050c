/** Decodes one TCP connection of a capture in both directions, and pairs asks with answers. */
import { messageOf } from "../../../core/errors/to-error.ts";
import { type Box, BoxReader } from "../../../index.ts";
import type { Endpoint } from "../../traffic/endpoint.ts";
import { DECODE_LIMITS } from "../../traffic/limits.ts";
import { type Commands, type Meaning, Pairing } from "../../traffic/pairing.ts";
import { type ReadBox, readBox } from "../../traffic/read-box.ts";
import { type Diagnosis, diagnose } from "../diagnose.ts";
import { Direction } from "./direction.ts";
import type { Segment } from "./segment.ts";

/** A box in a capture, and its position. */
export interface CapturedBox {
  /** Milliseconds since the first packet; undefined if the capture has no timestamps. */
  readonly time: number | undefined;
  readonly from: string;
  readonly to: string;
  /** Offset in the bytes of this direction. */
  readonly offset: number;
  readonly length: number;
  readonly box: Box;
  /** Keys that occur more than once. */
  readonly repeated: readonly string[];
  readonly meaning: Meaning;
}

/** The end of one direction. */
export interface Ending {
  readonly from: string;
  readonly to: string;
  /** Number of bytes that the capture lacks. */
  readonly missing: number;
  /** Number of bytes after a gap that were ignored, because they exceed the limit. */
  readonly dropped: number;
  /** The position at which the direction stops being AMP, if it does. */
  readonly stops: Diagnosis | undefined;
}

class Half {
  readonly direction = new Direction();
  readonly reader = new BoxReader(DECODE_LIMITS);
  /** Set when the direction stops being AMP. The rest is not decoded. */
  stops: Diagnosis | undefined;
}

export class CapturedConnection {
  readonly #ends: Readonly<Record<Endpoint, string>>;
  readonly #halves: Readonly<Record<Endpoint, Half>> = { client: new Half(), server: new Half() };
  readonly #pairing: Pairing;
  #time: number | undefined;
  #boxes = 0;

  /** @param first the first segment: the client sent it, unless it is a SYN with an ACK */
  constructor(first: Segment, commands: Commands) {
    const answered = first.syn && first.ack;
    this.#ends = {
      client: answered ? first.to : first.from,
      server: answered ? first.from : first.to,
    };
    this.#pairing = new Pairing(commands, () => this.#time);
  }

  /** True if at least one box was decoded. */
  get isAMP(): boolean {
    return this.#boxes > 0;
  }

  /** Number of bytes kept: of incomplete boxes, and of segments after a gap. */
  get buffered(): number {
    const { client, server } = this.#halves;
    const of = ({ direction, reader }: Half) => direction.buffered + reader.buffered;
    return of(client) + of(server);
  }

  /** Number of unanswered asks that were dropped because there were too many. */
  get droppedAsks(): number {
    return this.#pairing.dropped;
  }

  /** Names of the commands without an answer. */
  get unanswered(): readonly string[] {
    return this.#pairing.unanswered.map(({ name }) => name);
  }

  /** @param time milliseconds since the first packet; undefined if the capture has no timestamps */
  *read(segment: Segment, time: number | undefined): Generator<CapturedBox> {
    this.#time = time;
    const end: Endpoint = segment.from === this.#ends.client ? "client" : "server";
    const half = this.#halves[end];
    if (segment.syn) half.direction.begin(segment.sequence);
    // The SYN has a sequence number of its own, even if data follows in the same segment (TCP Fast Open).
    const first = segment.syn ? (segment.sequence + 1) >>> 0 : segment.sequence;
    for (const bytes of half.direction.take(first, segment.data)) {
      if (half.stops !== undefined) continue;
      half.reader.push(bytes);
      yield* this.#boxesOf(end, half, segment);
    }
  }

  *#boxesOf(end: Endpoint, half: Half, { from, to }: Segment): Generator<CapturedBox> {
    for (;;) {
      const { offset } = half.reader;
      const read = next(half);
      if (read === undefined) return;
      const { box, repeated } = read;
      this.#boxes++;
      const length = half.reader.offset - offset;
      const meaning = this.#pairing.interpret(end, box);
      yield { time: this.#time, from, to, offset, length, box, repeated, meaning };
    }
  }

  /** Returns how both directions ended. Call it after the last segment. */
  endings(): Ending[] {
    const { client, server } = this.#ends;
    const ending = ({ direction, reader, stops }: Half, from: string, to: string): Ending => {
      const { offset } = reader;
      const { missing, dropped } = direction;
      return { from, to, missing, dropped, stops: stops ?? diagnose(reader.takeRest(), offset) };
    };
    return [ending(this.#halves.client, client, server), ending(this.#halves.server, server, client)];
  }
}

function next(half: Half): ReadBox | undefined {
  const { offset } = half.reader;
  try {
    return readBox(half.reader);
  } catch (error) {
    const message = messageOf(error);
    half.stops = diagnose(half.reader.takeRest(), offset) ?? { offset, message, hint: undefined, tls: false };
    return undefined;
  }
}
