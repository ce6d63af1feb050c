/**
 * A transport over a WebSocket. Frames are only a carrier: a box may span frames, and a frame hold many boxes.
 *
 * A WebSocket does not say when it has sent: while something waits, its `bufferedAmount` is looked at from time to
 * time. A browser's cannot be paused either: what comes meanwhile is kept here, since it has arrived already.
 */
import { ProtocolError } from "../core/errors/peer.ts";
import { ConnectionLost } from "../core/errors/transport.ts";
import type { Clock, TLSSession, Transport, TransportReceiver } from "../core/transport.ts";
import { Chunks } from "../core/wire/chunks.ts";
import { CLOSED, OPEN, type WebSocketEvent, type WebSocketLike } from "./socket.ts";

/** Milliseconds until `bufferedAmount` is looked at again: twice as long after every look in vain. */
const FIRST_LOOK = 5;
const LONGEST_LOOK = 100;
/** Orderly ends: normal closure, going away, and no code given. */
const ORDERLY: ReadonlySet<number | undefined> = new Set([1000, 1001, 1005, undefined]);
/** What 1003, unsupported data, says. A browser may send no code but 1000 and those from 3000 up. */
const TEXT_REFUSED = 4003;

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
  /** What came and was not delivered, in order. */
  #kept = new Chunks();
  #looking = false;
  #waiters: (() => void)[] = [];
  /** The peer's end, while what came before it waits to be delivered. */
  #closeEvent: WebSocketEvent | undefined;
  #error: Error | undefined;
  /** Set by `destroy`: nothing is delivered any more. */
  #destroyed = false;
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
    const socket = this.#socket;
    socket.addEventListener("message", ({ data }) => this.#received(data));
    // A browser says nothing more here, and Node's own may have an error without a text; the close event, which
    // follows, has at least a code.
    socket.addEventListener("error", ({ error }) => {
      if (error instanceof Error && error.message) this.#error ??= error;
    });
    socket.addEventListener("close", (event) => this.#closed(event));
    if (socket.readyState === CLOSED) void soon.then(() => this.#closed({}));
  }

  write(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.#write(chunk);
  }

  #write(chunk: Uint8Array): void {
    if (chunk.length === 0 || this.#destroyed || this.#socket.readyState !== OPEN) return;
    // No copy: the chunk is ours while `bufferedAmount` says that it is kept.
    this.#socket.send(chunk as Uint8Array<ArrayBuffer>);
    if (this.unsent > 0) this.#look();
  }

  get unsent(): number {
    // One that is closed counts for ever what it has not sent.
    return this.#lost || this.#socket.readyState === CLOSED ? 0 : this.#socket.bufferedAmount;
  }

  flushed(): Promise<void> {
    if (this.unsent === 0) return soon;
    this.#look();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#lookAfter(FIRST_LOOK);
  }

  #lookAfter(delay: number): void {
    this.#clock.setTimeout(() => {
      if (this.unsent > 0) return this.#lookAfter(Math.min(2 * delay, LONGEST_LOOK));
      this.#looking = false;
      this.#wake();
      if (!this.#lost) this.#receiver?.drained();
    }, delay);
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
    void soon.then(() => this.#deliver()); // not inside the caller, who does not expect it
  }

  get undelivered(): number {
    return this.#kept.bytes;
  }

  /** A WebSocket has no half-close: what was written is sent, then both sides end. */
  end(): void {
    if (this.#socket.readyState <= OPEN) this.#socket.close(1000);
  }

  destroy(reason?: Error): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    if (reason !== undefined) this.#error ??= reason;
    if (this.#socket.terminate === undefined) this.end();
    else this.#socket.terminate();
    // A browser's WebSocket may wait long for a silent peer: for us it is over now.
    void soon.then(() => this.#end());
  }

  #received(data: unknown): void {
    if (this.#destroyed || this.#lost) return;
    const chunk = bytesOf(data);
    if (chunk === undefined) {
      this.#error = new ProtocolError("a WebSocket message was text: AMP uses binary messages");
      this.#socket.close(TEXT_REFUSED, "binary messages only");
      this.#end();
    } else if (chunk.length > 0) {
      this.#kept.push(chunk);
      this.#deliver();
    }
  }

  #closed(event: WebSocketEvent): void {
    this.#wake();
    this.#closeEvent = event;
    this.#deliver();
  }

  /** What came, then the end. */
  #deliver(): void {
    while (!this.#paused && !this.#destroyed && !this.#lost) {
      const chunk = this.#kept.shift();
      if (chunk !== undefined) this.#receiver?.received(chunk);
      else if (this.#closeEvent !== undefined) this.#over(this.#closeEvent);
      else return;
    }
  }

  #over({ code, reason }: WebSocketEvent): void {
    if (ORDERLY.has(code)) this.#receiver?.ended();
    else
      this.#error ??= new ConnectionLost(
        `the WebSocket was closed with code ${code}${reason ? `: ${reason}` : ""}`,
      );
    this.#end();
  }

  #end(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#kept = new Chunks();
    this.#wake();
    this.#receiver?.lost(this.#error);
  }
}

const soon = Promise.resolve();

function bytesOf(data: unknown): Uint8Array | undefined {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : undefined;
}
