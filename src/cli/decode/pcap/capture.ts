/** Decodes every AMP connection in a capture file. */
import { Failure } from "../../cli-error.ts";
import type { Terminal } from "../../print/terminal.ts";
import { jsonRecord } from "../../print/values.ts";
import { MAX_CAPTURED_BYTES, MAX_CAPTURED_CONNECTIONS, MAX_VALUE_CHARACTERS } from "../../traffic/limits.ts";
import { meaningFields } from "../../traffic/line.ts";
import type { Commands } from "../../traffic/pairing.ts";
import { boxLine } from "../../traffic/printing.ts";
import type { ByteSource } from "./byte-source.ts";
import { type CapturedBox, CapturedConnection } from "./connection.ts";
import { packets } from "./file.ts";
import { isKnownLink, type Segment, segmentOf } from "./segment.ts";

/** Maximum number of unanswered commands that are named. */
const MAX_UNANSWERED = 100;

/** @throws Failure if the capture contains no AMP, or if an AMP connection stops being AMP */
export async function decodeCapture(file: ByteSource, commands: Commands, terminal: Terminal): Promise<void> {
  const capture = new Capture(commands, terminal);
  const onCut = () => terminal.note("the capture ends in the middle of a packet");
  for await (const packet of packets(file, onCut)) {
    if (!isKnownLink(packet.linkType)) capture.skip(packet.linkType);
    const segment = segmentOf(packet);
    if (segment === undefined) continue;
    capture.read(segment);
    await terminal.drained();
  }
  capture.finish();
}

export class Capture {
  readonly #commands: Commands;
  readonly #terminal: Terminal;
  /** Connections by their two addresses, the one with the oldest segment first. */
  readonly #connections = new Map<string, CapturedConnection>();
  /** One iterator for all drops: a new one would skip the places of all deleted entries. */
  readonly #oldest = this.#connections.entries();
  #start: number | undefined;
  #hasAMP = false;
  #hasSegments = false;
  #skippedLink: number | undefined;
  #broken: Failure | undefined;
  readonly #maxBytes: number;
  /** Bytes kept of all connections. */
  #bytes = 0;
  #reportedCount = false;
  #reportedBytes = false;

  /** @param maxBytes limit on the bytes kept of all connections together */
  constructor(commands: Commands, terminal: Terminal, maxBytes = MAX_CAPTURED_BYTES) {
    this.#maxBytes = maxBytes;
    this.#commands = commands;
    this.#terminal = terminal;
  }

  read(segment: Segment): void {
    this.#hasSegments = true;
    this.#start ??= segment.time;
    const time =
      segment.time === undefined || this.#start === undefined ? undefined : segment.time - this.#start;
    const connection = this.#connectionOf(segment);
    const before = connection.buffered;
    for (const box of connection.read(segment, time)) print(box, this.#terminal);
    this.#bytes += connection.buffered - before;
    while (this.#bytes > this.#maxBytes && this.#connections.size > 1) this.#dropForBytes();
  }

  /** Counts a packet of a link type that cannot be read. */
  skip(linkType: number): void {
    this.#skippedLink ??= linkType;
  }

  /** @throws Failure if the capture contains no AMP, or if an AMP connection stops being AMP */
  finish(): void {
    for (const connection of this.#connections.values()) this.#conclude(connection);
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#hasAMP) return;
    throw new Failure("the capture contains no AMP", this.#reason(), { code: "NOT_AMP" });
  }

  /** Returns a hint why the capture contains no AMP. */
  #reason(): string {
    if (this.#hasSegments) return "check that it is not TLS from the first byte";
    if (this.#skippedLink !== undefined)
      return `packets of link type ${this.#skippedLink} are not supported: capture at an Ethernet or loopback interface`;
    return "it has no complete TCP packets: check the interface and the filter of the capture";
  }

  /** Finds or begins the connection of a segment, and moves it to the end of the map. */
  #connectionOf(segment: Segment): CapturedConnection {
    const key = [segment.from, segment.to].sort().join(" ");
    const known = this.#connections.get(key);
    this.#connections.delete(key);
    // Ports are reused, so a SYN begins a new connection.
    const isNew = known === undefined || (segment.syn && !segment.ack);
    if (isNew && known !== undefined) {
      this.#bytes -= known.buffered;
      this.#conclude(known);
    }
    const connection = isNew ? new CapturedConnection(segment, this.#commands) : known;
    this.#connections.set(key, connection);
    if (this.#connections.size > MAX_CAPTURED_CONNECTIONS) this.#dropForCount();
    return connection;
  }

  /** Removes and returns the connection with the oldest segment. */
  #takeOldest(): CapturedConnection | undefined {
    const { value } = this.#oldest.next();
    if (value === undefined) return undefined;
    const [key, connection] = value;
    this.#connections.delete(key);
    this.#bytes -= connection.buffered;
    return connection;
  }

  #dropForBytes(): void {
    const connection = this.#takeOldest();
    // Not concluded: its boxes are incomplete because of the limit, not because of the connection.
    this.#hasAMP ||= connection?.isAMP === true;
    if (this.#reportedBytes) return;
    this.#reportedBytes = true;
    this.#terminal.note(
      `more than ${this.#maxBytes} bytes of incomplete boxes: connections without recent segments are no longer tracked`,
    );
  }

  #dropForCount(): void {
    const connection = this.#takeOldest();
    if (connection !== undefined) this.#conclude(connection);
    if (this.#reportedCount) return;
    this.#reportedCount = true;
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
