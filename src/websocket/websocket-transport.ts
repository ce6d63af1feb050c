/**
 * A transport over a WebSocket. Frames are only a carrier: a box may span frames, and a frame hold many boxes.
 *
 * A WebSocket does not say when it has sent: while something waits, its `bufferedAmount` is looked at from time to
 * time. A browser's cannot be paused either: what comes meanwhile is kept here, since it has arrived already.
 */
import { ProtocolError } from "../core/errors/peer.ts";
import { ConnectionLost } from "../core/errors/transport.ts";
import type { Clock, TLSSession, Transport, TransportReceiver } from "../core/transport.ts";
import { CLOSED, OPEN, type WebSocketEvent, type WebSocketLike } from "./socket.ts";

/** Milliseconds between two looks at `bufferedAmount`. */
const LOOK = 5;
/** Orderly ends: normal closure, going away, and no code given. */
const ORDERLY: ReadonlySet<number | undefined> = new Set([1000, 1001, 1005, undefined]);

/** A WebSocket does not tell what its TLS has come to. */
const PLATFORM_TLS: TLSSession = {
  peerCertificate: undefined,
  hostCertificate: undefined,
  protocol: "TLS",
  cipher: "unknown",
  verified: true,
};

export class WebSocketTransport implements Transport {
  readonly #socket: WebSocketLike;
  readonly #clock: Clock;
  #receiver: TransportReceiver | undefined;
  #paused = false;
  /** What came while paused, in order. */
  #kept: Uint8Array[] = [];
  #looking = false;
  #waiters: (() => void)[] = [];
  #closeEvent: WebSocketEvent | undefined;
  #error: Error | undefined;
  #lost = false;

  readonly tls: TLSSession | undefined;

  /**
   * @param socket open, and with no message read from it yet
   * @param secure whether it is inside TLS, which the platform has checked
   */
  constructor(socket: WebSocketLike, clock: Clock, secure: boolean) {
    this.tls = secure ? PLATFORM_TLS : undefined;
    this.#socket = socket;
    this.#clock = clock;
    socket.binaryType = "arraybuffer";
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver;
    this.#socket.addEventListener("message", ({ data }) => this.#received(data));
    this.#socket.addEventListener("error", ({ error, message }) => {
      this.#error ??= error instanceof Error ? error : new ConnectionLost(message ?? "the WebSocket failed");
    });
    this.#socket.addEventListener("close", (event) => this.#closed(event));
    if (this.#socket.readyState === CLOSED) void Promise.resolve().then(() => this.#closed({}));
  }

  write(chunk: Uint8Array): void {
    if (this.#socket.readyState !== OPEN) return;
    // A copy: a WebSocket may look at the bytes later, and ours are used again.
    this.#socket.send(chunk.slice());
    if (this.#socket.bufferedAmount > 0) this.#look();
  }

  get unsent(): number {
    return this.#socket.readyState === OPEN ? this.#socket.bufferedAmount : 0;
  }

  flushed(): Promise<void> {
    if (this.unsent === 0) return Promise.resolve();
    this.#look();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#clock.setTimeout(() => {
      this.#looking = false;
      if (this.unsent > 0) return this.#look();
      this.#wake();
      if (!this.#lost) this.#receiver?.drained();
    }, LOOK);
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause?.();
  }

  resume(): void {
    this.#paused = false;
    this.#socket.resume?.();
    while (!this.#paused) {
      const chunk = this.#kept.shift();
      if (chunk === undefined) break;
      this.#receiver?.received(chunk);
    }
    if (!this.#paused && this.#closeEvent !== undefined) this.#closed(this.#closeEvent);
  }

  get undelivered(): number {
    return this.#kept.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** A WebSocket has no half-close: what was written is sent, then both sides end. */
  end(): void {
    if (this.#socket.readyState <= OPEN) this.#socket.close(1000);
  }

  destroy(reason?: Error): void {
    if (reason !== undefined) this.#error ??= reason;
    if (this.#socket.terminate !== undefined) this.#socket.terminate();
    else this.end();
    // A browser's WebSocket may wait long for a silent peer: for us it is over now.
    void Promise.resolve().then(() => this.#end());
  }

  #received(data: unknown): void {
    if (this.#lost) return;
    const chunk = bytesOf(data);
    if (chunk === undefined) {
      this.#error = new ProtocolError("a WebSocket message was text: AMP uses binary messages");
      this.#socket.close(1003, "binary messages only");
      this.#end();
    } else if (chunk.length > 0) {
      if (this.#paused) this.#kept.push(chunk);
      else this.#receiver?.received(chunk);
    }
  }

  #closed(event: WebSocketEvent): void {
    this.#wake();
    this.#closeEvent = event;
    if (this.#kept.length > 0) return; // first what came before; `resume` comes back here
    if (ORDERLY.has(event.code)) this.#receiver?.ended();
    else
      this.#error ??= new ConnectionLost(`the WebSocket was closed with code ${event.code}: ${event.reason}`);
    this.#end();
  }

  #end(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#wake();
    this.#receiver?.lost(this.#error);
  }
}

function bytesOf(data: unknown): Uint8Array | undefined {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : undefined;
}
