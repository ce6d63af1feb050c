/**
 * The other end of a connection, in the hands of a test: it expects boxes or bytes, one after the other, and sends
 * what it is told.
 */
import { Connection } from "../core/complete-connection.ts";
import type { ConnectionOptions } from "../core/connection/options.ts";
import type { TLSOptions, TLSSession, Transport } from "../core/transport.ts";
import { Box } from "../core/wire/box.ts";
import { UNBOUNDED } from "../core/wire/box-limits.ts";
import { encodeBox } from "../core/wire/box-writer.ts";
import { BoxReader } from "../core/wire/reader.ts";
import type { PairOptions } from "./connected-pair.ts";
import { manualClock } from "./manual-clock.ts";
import { memoryTransports } from "./memory-transport.ts";
import { hexLines, linesOf, ScriptMismatch } from "./script-mismatch.ts";

/** A box, or bytes: as they are, or as hexadecimal digits with white space wherever it helps. */
export type ScriptPart = Box | Readonly<Record<string, string | Uint8Array>> | Uint8Array | string;

/** A connection, and a scripted peer at its other end. */
export function scriptedPeer(
  options: ConnectionOptions = {},
  pairOptions: PairOptions = {},
): { readonly connection: Connection; readonly peer: ScriptedPeer } {
  const { clock = manualClock(), ...transport } = pairOptions;
  const [ours, theirs] = memoryTransports(transport);
  return { connection: new Connection(ours, clock, options), peer: new ScriptedPeer(theirs) };
}

/** The peer of a connection, as a test tells it: `send` says something, `expect` waits for something. */
export class ScriptedPeer {
  readonly transport: Transport;
  readonly #reader = new BoxReader(UNBOUNDED);
  #ended = false;
  #wake: (() => void)[] = [];

  /** @param transport not started yet: it is the peer's from now on */
  constructor(transport: Transport) {
    this.transport = transport;
    transport.start({
      received: (chunk, ownership) => {
        this.#reader.push(chunk, ownership);
        this.#reader.giveBack(); // the script looks later
        this.#notify();
      },
      ended: () => this.#end(),
      drained: () => {},
      lost: () => this.#end(),
    });
  }

  /** Bytes that came and that the script has not looked at. */
  get unread(): number {
    return this.#reader.buffered;
  }

  /** Sends boxes and bytes, in one write. */
  send(...parts: readonly ScriptPart[]): void {
    const pieces = parts.map((part) => bytesOf(part) ?? encodeBox(boxOf(part)));
    const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    this.transport.write(whole);
  }

  /**
   * Waits until these have come, in this order.
   * @throws ScriptMismatch when something else does, or the end of the stream
   */
  async expect(...parts: readonly ScriptPart[]): Promise<void> {
    for (const part of parts) {
      const bytes = bytesOf(part);
      if (bytes === undefined) await this.#expectBox(boxOf(part));
      else await this.#expectBytes(bytes);
    }
  }

  /** The box that comes next; undefined at the end of the stream. */
  async next(): Promise<Box | undefined> {
    for (;;) {
      const box = this.#reader.next();
      if (box !== undefined || this.#ended) return box;
      await this.#news();
    }
  }

  /** Waits until the other end has ended its side. @throws ScriptMismatch when something comes before that */
  async expectEnd(): Promise<void> {
    while (!this.#ended && this.unread === 0) await this.#news();
    if (this.unread === 0) return;
    const box = await this.next();
    throw box === undefined ? this.#cutOff([]) : new ScriptMismatch(WRONG_END, [], linesOf(box));
  }

  /** Starts TLS where the transport can, when the exchange of boxes before it is over. */
  async startTLS(side: "asker" | "responder", options: TLSOptions = {}): Promise<TLSSession> {
    const start = this.transport.prepareTLS?.(options);
    if (start === undefined) throw new TypeError("this transport cannot start TLS");
    this.transport.pause();
    await this.transport.flushed();
    const session = await start(this.#reader.takeRest(), side);
    this.transport.resume();
    return session;
  }

  /** Ends our side; the other end may go on. */
  end(): void {
    this.transport.end();
  }

  /** Ends both sides at once. */
  destroy(reason?: Error): void {
    this.transport.destroy(reason);
  }

  async #expectBox(expected: Box): Promise<void> {
    const lines = linesOf(expected);
    const box = await this.next();
    if (box === undefined) throw this.#cutOff(lines);
    const came = linesOf(box);
    if (lines.join("\n") !== came.join("\n"))
      throw new ScriptMismatch("another box came than expected:", lines, came);
  }

  async #expectBytes(expected: Uint8Array): Promise<void> {
    while (!this.#ended && this.unread < expected.length) await this.#news();
    const came = this.#reader.takeRest();
    this.#reader.push(came.slice(expected.length));
    const lines = hexLines(expected);
    const found = hexLines(came.subarray(0, expected.length));
    if (lines.join("\n") !== found.join("\n"))
      throw new ScriptMismatch("other bytes came than expected:", lines, found);
  }

  #cutOff(expected: readonly string[]): ScriptMismatch {
    const rest = this.#reader.takeRest();
    if (rest.length === 0) return new ScriptMismatch("the stream has ended before this box:", expected, []);
    return new ScriptMismatch("the stream has ended inside a box:", expected, hexLines(rest));
  }

  #end(): void {
    this.#ended = true;
    this.#notify();
  }

  #news(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

const WRONG_END = "the end of the stream was expected, and a box came:";

/** Undefined for a box. */
function bytesOf(part: ScriptPart): Uint8Array | undefined {
  if (part instanceof Uint8Array) return part;
  if (typeof part !== "string") return undefined;
  const digits = part.replace(/\s/g, "");
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) throw new TypeError(`these are no hexadecimal digits: ${part}`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function boxOf(part: ScriptPart): Box {
  // Bytes were looked for before.
  return part instanceof Box ? part : new Box(part as Readonly<Record<string, string | Uint8Array>>);
}
