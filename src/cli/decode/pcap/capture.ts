/** Decodes every AMP connection in a capture file. */
import { Failure } from "../../cli-error.ts";
import type { Terminal } from "../../print/terminal.ts";
import { jsonRecord } from "../../print/values.ts";
import { MAX_CAPTURED_CONNECTIONS, MAX_VALUE_CHARACTERS } from "../../traffic/limits.ts";
import { meaningFields } from "../../traffic/line.ts";
import type { Commands } from "../../traffic/pairing.ts";
import { boxLine } from "../../traffic/printing.ts";
import type { ByteSource } from "./byte-source.ts";
import { type CapturedBox, CapturedConnection } from "./connection.ts";
import { packets } from "./file.ts";
import { type Segment, segmentOf } from "./segment.ts";

/** Maximum number of unanswered commands that are named. */
const MAX_UNANSWERED = 100;

/** @throws Failure if the capture contains no AMP, or if an AMP connection stops being AMP */
export async function decodeCapture(file: ByteSource, commands: Commands, terminal: Terminal): Promise<void> {
  const capture = new Capture(commands, terminal);
  for await (const packet of packets(file)) {
    const segment = segmentOf(packet);
    if (segment === undefined) continue;
    capture.read(segment);
    await terminal.drained();
  }
  capture.finish();
}

class Capture {
  readonly #commands: Commands;
  readonly #terminal: Terminal;
  /** Connections by their two addresses, the one with the oldest segment first. */
  readonly #connections = new Map<string, CapturedConnection>();
  /** One iterator for all drops: a new one would skip the places of all deleted entries. */
  readonly #oldest = this.#connections.entries();
  #start: number | undefined;
  #hasAMP = false;
  #broken: Failure | undefined;
  #reportedLimit = false;

  constructor(commands: Commands, terminal: Terminal) {
    this.#commands = commands;
    this.#terminal = terminal;
  }

  read(segment: Segment): void {
    this.#start ??= segment.time;
    const time =
      segment.time === undefined || this.#start === undefined ? undefined : segment.time - this.#start;
    for (const box of this.#connectionOf(segment).read(segment, time)) print(box, this.#terminal);
  }

  /** @throws Failure if the capture contains no AMP, or if an AMP connection stops being AMP */
  finish(): void {
    for (const connection of this.#connections.values()) this.#conclude(connection);
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#hasAMP) return;
    throw new Failure("the capture contains no AMP", "check that it is not TLS from the first byte", {
      code: "NOT_AMP",
    });
  }

  /** Finds or begins the connection of a segment, and moves it to the end of the map. */
  #connectionOf(segment: Segment): CapturedConnection {
    const key = [segment.from, segment.to].sort().join(" ");
    const known = this.#connections.get(key);
    this.#connections.delete(key);
    // Ports are reused, so a SYN begins a new connection.
    const isNew = known === undefined || (segment.syn && !segment.ack);
    if (isNew && known !== undefined) this.#conclude(known);
    const connection = isNew ? new CapturedConnection(segment, this.#commands) : known;
    this.#connections.set(key, connection);
    if (this.#connections.size > MAX_CAPTURED_CONNECTIONS) this.#dropOldest();
    return connection;
  }

  #dropOldest(): void {
    const { value } = this.#oldest.next();
    if (value !== undefined) {
      const [key, connection] = value;
      this.#connections.delete(key);
      this.#conclude(connection);
    }
    if (this.#reportedLimit) return;
    this.#reportedLimit = true;
    this.#terminal.note(
      `more than ${MAX_CAPTURED_CONNECTIONS} connections: those without recent segments are no longer tracked`,
    );
  }

  /** Reports missing bytes, unanswered asks, and a connection that stops being AMP. */
  #conclude(connection: CapturedConnection): void {
    const terminal = this.#terminal;
    this.#hasAMP ||= connection.isAMP;
    for (const { from, to, missing, dropped, stops } of connection.endings()) {
      const way = `${from} > ${to}`;
      if (missing > 0) terminal.note(`${way}: ${missing} bytes are not in the capture`);
      if (dropped > 0) terminal.note(`${way}: ${dropped} bytes after the missing ones exceed the limit`);
      if (stops === undefined) continue;
      if (connection.isAMP && !stops.tls) {
        this.#broken ??= new Failure(`${way}: ${stops.message}`, stops.hint, { code: "NOT_AMP" });
      } else {
        terminal.note(`${way}: ${stops.tls ? `TLS from byte ${stops.offset} on` : stops.message}`);
      }
    }
    const { unanswered, droppedAsks } = connection;
    if (unanswered.length > 0) {
      const shown = unanswered.slice(0, MAX_UNANSWERED).join(", ");
      const more = unanswered.length - MAX_UNANSWERED;
      terminal.note(`unanswered: ${shown}${more > 0 ? ` and ${more} more` : ""}`);
    }
    if (droppedAsks > 0) terminal.note(`${droppedAsks} more unanswered asks exceed the limit`);
  }
}

function print(
  { time, from, to, offset, length, box, repeated, meaning }: CapturedBox,
  terminal: Terminal,
): void {
  if (terminal.json) {
    const when = time === undefined ? {} : { time: Number(time.toFixed(3)) };
    const about = { ...when, from, to, offset, length };
    terminal.printJSON({ ...about, box: jsonRecord(box), ...meaningFields(box, meaning, repeated) });
    return;
  }
  const { style } = terminal;
  const when = time === undefined ? "" : `${(time / 1000).toFixed(6)} `;
  const head = style.dim(`${when}${from} > ${to} @${offset}`);
  terminal.print(`${head} ${boxLine({ box, meaning, repeated }, { style, longest: MAX_VALUE_CHARACTERS })}`);
}
