/**
 * A peer that a test controls: it expects boxes or bytes in order, and sends boxes or bytes.
 */

import { Connection } from "../core/complete-connection.ts";
import type { ConnectionOptions } from "../core/connection/options.ts";
import { checkIsObject } from "../core/option-names.ts";
import type { TLSOptions, TLSSession, Transport } from "../core/transport.ts";
import { Box } from "../core/wire/box.ts";
import { UNBOUNDED } from "../core/wire/box-limits.ts";
import { encodeBox } from "../core/wire/box-writer.ts";
import { BoxReader } from "../core/wire/reader.ts";
import { isBytes, wrongType } from "../core/wire/value-text.ts";
import type { PairOptions } from "./connected-pair.ts";
import { manualClock } from "./manual-clock.ts";
import { memoryTransports } from "./memory-transport.ts";
import { hexLines, linesOf, ScriptMismatch } from "./script-mismatch.ts";

/** A box, or bytes. A string holds bytes as hexadecimal digits, with optional white space. */
export type ScriptPart = Box | Readonly<Record<string, string | Uint8Array>> | Uint8Array | string;

/**
 * Creates a connection with a scripted peer at its other end.
 * @param options options of the connection
 */
export function scriptedPeer(
  options: ConnectionOptions = {},
  pairOptions: PairOptions = {},
): { readonly connection: Connection; readonly peer: ScriptedPeer } {
  checkIsObject("scriptedPeer", pairOptions);
  const { clock = manualClock(), ...transport } = pairOptions;
  const [ours, theirs] = memoryTransports(transport);
  return { connection: new Connection(ours, clock, options), peer: new ScriptedPeer(theirs) };
}

/** The peer of a connection. A test calls `send` to send boxes and `expect` to wait for them. */
export class ScriptedPeer {
  readonly transport: Transport;
  readonly #reader = new BoxReader(UNBOUNDED);
  #ended = false;
  #wake: (() => void)[] = [];

  /** @param transport a transport that is not started; the peer owns it from now on */
  constructor(transport: Transport) {
    // A JavaScript program may pass a value of any type.
    if (typeof transport?.start !== "function")
      throw wrongType("ScriptedPeer: the transport", "a Transport", transport);
    this.transport = transport;
    transport.start({
      received: (chunk, ownership) => {
        this.#reader.push(chunk, ownership);
        this.#reader.giveBack(); // the script reads the bytes later
        this.#notify();
      },
      ended: () => this.#end(),
      drained: () => {},
      lost: () => this.#end(),
    });
  }

  /** Number of received bytes that the script has not read. */
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
   * Waits until these boxes and bytes have arrived in this order.
   * @throws ScriptMismatch if something else arrives, or the stream ends
   */
  async expect(...parts: readonly ScriptPart[]): Promise<void> {
    for (const part of parts) {
      const bytes = bytesOf(part);
      if (bytes === undefined) await this.#expectBox(boxOf(part));
      else await this.#expectBytes(bytes);
    }
  }

  /** Waits for the next box. Resolves with undefined at the end of the stream. */
  async next(): Promise<Box | undefined> {
    for (;;) {
      const box = this.#reader.next();
      if (box !== undefined || this.#ended) return box;
      await this.#news();
    }
  }

  /** Waits until the other end has ended its side. @throws ScriptMismatch if something arrives before that */
  async expectEnd(): Promise<void> {
    while (!this.#ended && this.unread === 0) await this.#news();
    if (this.unread === 0) return;
    const box = await this.next();
    throw box === undefined ? this.#cutOff([]) : new ScriptMismatch(WRONG_END, [], linesOf(box));
  }

  /**
   * Starts TLS, after the script has exchanged the boxes of StartTLS.
   * @throws TypeError if the transport cannot start TLS (set `fakeTLS`)
   */
  async startTLS(side: "asker" | "responder", options: TLSOptions = {}): Promise<TLSSession> {
    const start = this.transport.prepareTLS?.(options);
    if (start === undefined) throw new TypeError("this transport cannot start TLS: set the option fakeTLS");
    this.transport.pause();
    await this.transport.flushed();
    const session = await start(this.#reader.takeRest(), side);
    this.transport.resume();
    return session;
  }

  /** Ends this side; the other end may continue to send. */
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
      throw new ScriptMismatch("received another box than expected:", lines, came);
  }

  async #expectBytes(expected: Uint8Array): Promise<void> {
    while (!this.#ended && this.unread < expected.length) await this.#news();
    const came = this.#reader.takeRest();
    this.#reader.push(came.slice(expected.length));
    const lines = hexLines(expected);
    const found = hexLines(came.subarray(0, expected.length));
    if (lines.join("\n") !== found.join("\n"))
      throw new ScriptMismatch("received other bytes than expected:", lines, found);
  }

  #cutOff(expected: readonly string[]): ScriptMismatch {
    const rest = this.#reader.takeRest();
    if (rest.length === 0) return new ScriptMismatch("the stream ended before this box:", expected, []);
    return new ScriptMismatch("the stream ended inside a box:", expected, hexLines(rest));
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

const WRONG_END = "received a box in place of the end of the stream:";

/** Returns undefined for a box. */
function bytesOf(part: ScriptPart): Uint8Array | undefined {
  if (isBytes(part)) return part;
  if (typeof part !== "string") return undefined;
  const digits = part.replace(/\s/g, "");
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits))
    throw new TypeError(`a string must hold pairs of hexadecimal digits, not ${JSON.stringify(part)}`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function boxOf(part: ScriptPart): Box {
  // The cast is safe: bytesOf has handled strings and bytes.
  return part instanceof Box ? part : new Box(part as Readonly<Record<string, string | Uint8Array>>);
}
