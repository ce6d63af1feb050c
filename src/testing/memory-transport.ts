/**
 * Two transports joined in memory. Written bytes are delivered to the other end in a later microtask, so a test needs to
 * await promises only.
 */

import { HandshakeError, PlaintextAfterStartTLS } from "../core/errors/tls.ts";
import { isError } from "../core/errors/to-error.ts";
import { ConnectionLost } from "../core/errors/transport.ts";
import { checkPositive } from "../core/number-option.ts";
import { checkOptionNames } from "../core/option-names.ts";
import type {
  StartTLSTransport,
  TLSOptions,
  TLSSession,
  Transport,
  TransportReceiver,
} from "../core/transport.ts";
import { isBytes, shownValue } from "../core/wire/value-text.ts";
import type { Chunking } from "./all-splits.ts";
import { checkFakeTLS, fakeSession, type Hello } from "./fake-tls.ts";
import { flushPending } from "./flush-pending.ts";
import { type Item, Pipe } from "./pipe.ts";

/** Options that both ends share. */
export interface MemoryTransportOptions {
  /** Maximum number of bytes in flight in each direction; further bytes count as unsent. Default 64 KiB. */
  readonly capacity?: number | undefined;
  /** Function that splits written bytes into received chunks. Default: chunks arrive as they were written. */
  readonly chunking?: Chunking | undefined;
  /** Support StartTLS without encryption, to test the code around an upgrade. Default false. */
  readonly fakeTLS?: boolean | undefined;
  /**
   * Role of the first end: a `server` has accepted the connection. The other end has the other role. Only ends with a role show
   * each other that they know the commands `ampwire.*`. Default: unknown.
   */
  readonly role?: "client" | "server" | undefined;
}

const DEFAULT_CAPACITY = 64 * 1024;

/**
 * Creates two transports. Each delivers what is written to the other.
 * @throws TypeError for an unknown option or role, RangeError if `capacity` is not a positive number
 */
export function memoryTransports(
  options: MemoryTransportOptions = {},
): [a: MemoryTransport, b: MemoryTransport] {
  checkOptionNames("memoryTransports", options, ["capacity", "chunking", "fakeTLS", "role"]);
  const { capacity = DEFAULT_CAPACITY } = options;
  checkPositive({ capacity });
  const there = new Pipe(capacity);
  const back = new Pipe(capacity);
  const { role } = options;
  // A JavaScript program may pass any text.
  if (role !== undefined && role !== "client" && role !== "server")
    throw new TypeError(`role must be "client" or "server", not ${shownValue(role)}`);
  const other = role && (role === "client" ? "server" : "client");
  return [
    new MemoryTransport(back, there, options),
    new MemoryTransport(there, back, { ...options, role: other }),
  ];
}

/** One end of a pair. {@link memoryTransports} creates it. */
export class MemoryTransport implements Transport {
  readonly #incoming: Pipe;
  readonly #outgoing: Pipe;
  readonly #options: MemoryTransportOptions;
  #receiver: TransportReceiver | undefined;
  #paused = false;
  #scheduled = false;
  #behind = false;
  #ended = false;
  #peerEnded = false;
  /** Set when the transport is lost. */
  #over: { readonly reason: Error | undefined } | undefined;
  #waiters: (() => void)[] = [];
  /** Set during a fake handshake. */
  #handshake: { take(item: Item): void; fail(reason: Error): void } | undefined;

  readonly tlsRole: "client" | "server" | undefined;
  /** Undefined without the option `fakeTLS`. */
  readonly prepareTLS?: (options: TLSOptions) => StartTLSTransport;

  constructor(incoming: Pipe, outgoing: Pipe, options: MemoryTransportOptions) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#options = options;
    this.tlsRole = options.role;
    incoming.onArrival = () => this.#schedule();
    outgoing.onDeparture = () => this.#schedule();
    if (options.fakeTLS === true) {
      this.prepareTLS = (tls) => {
        checkFakeTLS(tls);
        return (leftovers) => this.#startFakeTLS(tls, leftovers);
      };
    }
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver;
    this.#schedule();
    if (this.#over !== undefined) this.#tellLost();
  }

  write(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.#write(chunk);
  }

  #write(chunk: Uint8Array): void {
    if (this.#ended || this.#over !== undefined || chunk.length === 0) return;
    if (this.#outgoing.abandoned) return this.destroy(new ConnectionLost("the peer is gone: a write failed"));
    // A copy, because the caller may reuse the chunk.
    const bytes = chunk.slice();
    for (const piece of this.#options.chunking?.(bytes) ?? [bytes]) this.#outgoing.push(piece);
    if (this.unsent > 0) this.#behind = true;
  }

  get unsent(): number {
    return this.#outgoing.unsent;
  }

  get undelivered(): number {
    return this.#incoming.arrived;
  }

  flushed(): Promise<void> {
    if (this.unsent === 0 || this.#over !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  end(): void {
    if (this.#ended || this.#over !== undefined) return;
    this.#ended = true;
    this.#outgoing.push("end");
    this.#schedule();
  }

  destroy(reason?: Error): void {
    if (this.#over !== undefined) return;
    this.#outgoing.dropUnsent();
    this.#outgoing.push("end");
    this.#incoming.abandon();
    this.#handshake?.fail(
      reason ?? new ConnectionLost("the transport was destroyed during the TLS handshake"),
    );
    this.#finish(reason);
  }

  /** Returns a new transport for the same stream, not started yet, for the next protocol. */
  detach(leftovers: Uint8Array): MemoryTransport {
    this.#receiver = undefined;
    if (leftovers.length > 0) this.#incoming.putBack(leftovers);
    return new MemoryTransport(this.#incoming, this.#outgoing, this.#options);
  }

  /** Delivers in a microtask, never inside the call that caused the delivery. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    void Promise.resolve().then(() => {
      this.#scheduled = false;
      this.#drain();
      this.#deliver();
      if (this.#ended && this.#peerEnded && this.unsent === 0) this.#finish(undefined);
    });
  }

  #drain(): void {
    if (!this.#behind || this.unsent > 0) return;
    this.#behind = false;
    this.#wake();
    if (this.#over === undefined) this.#receiver?.drained();
  }

  #deliver(): void {
    while (this.#over === undefined) {
      const item = this.#mayTake() ? this.#incoming.take() : undefined;
      if (item === undefined) return;
      if (this.#handshake !== undefined) this.#handshake.take(item);
      else this.#give(item);
    }
  }

  #mayTake(): boolean {
    if (this.#handshake !== undefined) return true;
    // The handshake of the other end waits until this end starts its own.
    return this.#receiver !== undefined && !this.#paused && !isHello(this.#incoming.next);
  }

  #give(item: Item): void {
    if (isBytes(item)) this.#receiver?.received(item);
    else if (!this.#peerEnded) {
      this.#peerEnded = true;
      this.#receiver?.ended();
    }
  }

  async #startFakeTLS(options: TLSOptions, leftovers: Uint8Array): Promise<TLSSession> {
    try {
      if (leftovers.length > 0)
        throw new PlaintextAfterStartTLS(`the peer sent plaintext after StartTLS: ${leftovers.length} bytes`);
      this.#outgoing.push({ certificate: options.localCertificate });
      const item = await this.#nextItem();
      if (item === "end") throw new HandshakeError("the peer ended the stream during the TLS handshake");
      if (isBytes(item)) throw new HandshakeError("the peer sent plaintext in place of a TLS handshake");
      return fakeSession(options, item);
    } catch (error) {
      // The promise of the handshake rejects first, then the receiver learns that the transport is lost.
      void flushPending().then(() => this.destroy(isError(error) ? error : undefined));
      throw error;
    }
  }

  #nextItem(): Promise<Item> {
    return new Promise((resolve, reject) => {
      this.#handshake = {
        take: (item) => {
          this.#handshake = undefined;
          resolve(item);
        },
        fail: reject,
      };
      this.#schedule();
    });
  }

  #finish(reason: Error | undefined): void {
    if (this.#over !== undefined) return;
    this.#over = { reason };
    this.#wake();
    if (this.#receiver !== undefined) this.#tellLost();
  }

  #tellLost(): void {
    const receiver = this.#receiver;
    void Promise.resolve().then(() => receiver?.lost(this.#over?.reason));
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

function isHello(item: Item | undefined): item is Hello {
  return typeof item === "object" && "certificate" in item;
}
