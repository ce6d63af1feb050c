/**
 * A transport over a WebSocket. Boxes and messages are independent: a box may span messages, and a message may contain
 * several boxes.
 *
 * A WebSocket has no event for sent bytes: while some are unsent, `bufferedAmount` is polled. Only the WebSocket of `ws`
 * can be paused. What others deliver meanwhile is buffered.
 */
import { BufferingTransport, bytesOf } from "../core/carriers/buffering-transport.ts";
import { ProtocolError } from "../core/errors/peer.ts";
import { isError } from "../core/errors/to-error.ts";
import { ConnectionLost } from "../core/errors/transport.ts";
import type { UnsharedBytes } from "../core/platform.ts";
import type { Clock, TLSSession, TransportReceiver } from "../core/transport.ts";
import { CLOSED, MAX_MESSAGE_BYTES, OPEN, type WebSocketEvent, type WebSocketLike } from "./socket.ts";

/** Milliseconds before the first poll of `bufferedAmount`. The delay doubles with each poll, up to the maximum. */
const FIRST_POLL = 5;
const MAX_POLL = 100;
/** Close codes of an orderly end: normal closure, going away, and no code. */
const ORDERLY: ReadonlySet<number | undefined> = new Set([1000, 1001, 1005, undefined]);
/** Close codes that stand for 1003 (unsupported data) and 1011 (internal error). A browser may send only 1000 and 3000 to 4999. */
const TEXT_REFUSED = 4003;
const FAILED = 4011;

/** The session of a WebSocket inside TLS: the platform reports nothing about it. */
const PLATFORM_TLS: TLSSession = {
  peerCertificate: undefined,
  hostCertificate: undefined,
  protocol: "TLS",
  cipher: "unknown",
  verified: undefined,
};

export class WebSocketTransport extends BufferingTransport {
  readonly #socket: WebSocketLike;
  readonly #clock: Clock;
  #polling = false;
  #error: Error | undefined;

  readonly tls: TLSSession | undefined;

  /**
   * @param socket an open WebSocket, from which no message has been read
   * @param secure true if the WebSocket is inside TLS
   * @param maxBufferedBytes most bytes that are buffered while reading is paused
   */
  constructor(socket: WebSocketLike, clock: Clock, secure: boolean, maxBufferedBytes: number) {
    super(maxBufferedBytes);
    this.tls = secure ? PLATFORM_TLS : undefined;
    this.#socket = socket;
    this.#clock = clock;
    socket.binaryType = "arraybuffer";
  }

  /** A WebSocket that a server has accepted has no URL. */
  get tlsRole(): "client" | "server" {
    return this.#socket.url ? "client" : "server";
  }

  override start(receiver: TransportReceiver): void {
    super.start(receiver);
    const socket = this.#socket;
    socket.addEventListener("message", ({ data }) => this.#received(data));
    // The event of a browser has no error, and the error of Node's WebSocket may have no message. The close event that
    // follows has a code.
    socket.addEventListener("error", ({ error }) => {
      if (isError(error) && error.message) this.#error ??= violationOf(error) ?? error;
    });
    socket.addEventListener("close", (event) => this.#closed(event));
    if (socket.readyState === CLOSED) void Promise.resolve({}).then((event) => this.#closed(event));
  }

  write(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += MAX_MESSAGE_BYTES)
        this.#send(chunk.subarray(at, at + MAX_MESSAGE_BYTES));
    }
  }

  #send(message: Uint8Array): void {
    if (!this.open || this.#socket.readyState !== OPEN) return;
    // Not copied: the chunk belongs to the transport while `bufferedAmount` counts it.
    this.#socket.send(message as UnsharedBytes); // boxes are never written from shared memory
    if (this.unsent > 0) this.#poll();
  }

  get unsent(): number {
    // `bufferedAmount` keeps what a closed socket has not sent.
    return !this.open || this.#socket.readyState === CLOSED ? 0 : this.#socket.bufferedAmount;
  }

  override flushed(): Promise<void> {
    if (this.unsent > 0) this.#poll();
    return super.flushed();
  }

  #poll(): void {
    if (this.#polling) return;
    this.#polling = true;
    this.#pollAfter(FIRST_POLL);
  }

  #pollAfter(delay: number): void {
    this.#clock.setTimeout(() => {
      if (this.unsent > 0) return this.#pollAfter(Math.min(2 * delay, MAX_POLL));
      this.#polling = false;
      this.drained();
    }, delay);
  }

  override pause(): void {
    super.pause();
    this.#socket.pause?.();
  }

  override resume(): void {
    super.resume();
    this.#socket.resume?.();
  }

  /** Sends what was written, then ends both sides: a WebSocket has no half-close. */
  end(): void {
    this.#close(1000);
  }

  #close(code: number): void {
    if (this.#socket.readyState <= OPEN) this.#socket.close(code);
  }

  protected override abort(reason: Error | undefined): void {
    if (this.#socket.terminate === undefined) this.#close(reason === undefined ? 1000 : FAILED);
    else this.#socket.terminate();
  }

  #received(data: unknown): void {
    const chunk = bytesOf(data);
    if (chunk !== undefined) return this.accept(chunk);
    this.#socket.close(TEXT_REFUSED, "binary messages only");
    this.acceptClose(new ProtocolError("a WebSocket message was text or a Blob: AMP uses binary messages"));
  }

  #closed({ code, reason }: WebSocketEvent): void {
    const orderly = ORDERLY.has(code);
    if (orderly) this.acceptEnd();
    const why = `the WebSocket was closed with code ${code}${reason ? `: ${reason}` : ""}`;
    this.acceptClose(this.#error ?? (orderly ? undefined : new ConnectionLost(why)));
  }
}

/** Returns the error for a violation that the package `ws` has found: for example, a message over `maxPayload`. */
function violationOf(error: Error): ProtocolError | undefined {
  if (!("code" in error) || !/^WS_ERR_/.test(String(error.code))) return undefined;
  return new ProtocolError(error.message, { cause: error });
}
