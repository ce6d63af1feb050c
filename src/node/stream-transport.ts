/**
 * A transport over a stream of Node: a socket, a pipe, anything duplex. After StartTLS the same transport goes on
 * over the TLS socket that took the stream's place.
 */
import { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import { TLSNotAvailable } from "../core/errors/caller.ts";
import { ConnectionClosed } from "../core/errors/transport.ts";
import type {
  TLSOptions as CoreTLSOptions,
  StartTLSTransport,
  TLSSession,
  Transport,
  TransportReceiver,
} from "../core/transport.ts";
import { checkByteStream } from "./byte-stream.ts";
import { temporaryCertificate } from "./certificates/ephemeral.ts";
import type { PrivateCertificate } from "./certificates/private-certificate.ts";
import { SharedBufferSocket } from "./shared-buffer-socket.ts";
import { refusalAfterHandshake } from "./tls/errors.ts";
import { GivenSession } from "./tls/existing-session.ts";
import type { TLSOptions, TLSRole, UpgradeOptions } from "./tls/options.ts";
import { describePeer } from "./tls/peer.ts";
import { upgrade } from "./tls/upgrade.ts";
import { checkStream, checkTLSOptions } from "./tls/validate-options.ts";

const NOTHING = new Uint8Array(0);

export interface StreamTransportOptions {
  /** Who is the TLS client: the one who opened the connection. Undefined where nobody has said. */
  readonly role: TLSRole | undefined;
  /** Milliseconds between our answer and our ClientHello, where we are TLS client and were asked. */
  readonly handshakeDelay: number;
}

/** Twisted takes a ClientHello that arrives together with the answer for AMP; after this pause it does not. */
export const DEFAULT_HANDSHAKE_DELAY = 20;

/** A stream inside TLS, and what it was made with. */
interface Upgraded {
  readonly stream: TLSSocket;
  readonly settings: UpgradeOptions;
}

export class StreamTransport implements Transport {
  #stream: Duplex;
  readonly #options: StreamTransportOptions;
  readonly #initialTLS: TLSSession | undefined;
  #receiver: TransportReceiver | undefined;
  /** Set while a handshake runs: then the stream is not ours to end, only to give up. */
  #giveUpHandshake: ((reason: unknown) => void) | undefined;
  #error: Error | undefined;
  #behind = false;
  #waiters: (() => void)[] = [];
  #paused = false;
  /** Set by `destroy`: what the stream says afterwards is an echo of it. */
  #destroyed = false;
  /** After a handshake as TLS client: turns an early end into what it means, until the first byte from the peer. */
  #refusal: ((error: Error | undefined) => Error | undefined) | undefined;

  /** @throws TypeError for a stream that does not carry bytes */
  constructor(stream: Duplex, options: StreamTransportOptions) {
    checkByteStream(stream);
    this.#stream = stream;
    this.#options = options;
    if (stream instanceof TLSSocket) this.#initialTLS = new GivenSession(stream);
    stream.on("error", this.#onError); // for life: an error that nobody listens to ends the process
  }

  readonly #onError = (error: Error) => {
    if (!this.#destroyed) this.#error ??= error;
  };
  readonly #onData = (chunk: Uint8Array) => {
    if (this.#stream.destroyed) return; // a stream may go on with what it has read before
    this.#refusal = undefined;
    // A socket makes memory for each read; what any other stream gives may be the writer's own.
    this.#receiver?.received(chunk, this.#stream instanceof Socket ? "owned" : "shared");
  };
  readonly #onEnd = () => {
    const refusal = this.#refusal?.(undefined);
    if (refusal === undefined) this.#receiver?.ended();
    else this.destroy(refusal);
  };
  readonly #onClose = () => {
    this.#lost(this.#refusal?.(this.#error) ?? this.#error);
  };
  readonly #onWritten = () => {
    if (!this.#behind || this.#stream.writableLength > 0) return;
    this.#behind = false;
    this.#wake();
    this.#receiver?.drained();
  };

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver;
    this.#listen();
  }

  #listen(): void {
    const stream = this.#stream;
    if (stream instanceof SharedBufferSocket) stream.lendTo(this.#receiver);
    stream.on("data", this.#onData).on("end", this.#onEnd).on("close", this.#onClose);
    // The event may be over already.
    if (stream.destroyed) process.nextTick(this.#onClose);
  }

  /** Tells it once. Nothing is told afterwards. */
  #lost(reason: Error | undefined): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#wake();
    receiver?.lost(reason);
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  #leave(): void {
    const stream = this.#stream;
    if (stream instanceof SharedBufferSocket) stream.lendTo(undefined);
    stream.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onClose);
  }

  /** Of a stream that was TLS before it came to us. */
  get tls(): TLSSession | undefined {
    return this.#initialTLS;
  }

  write(...chunks: readonly Uint8Array[]): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return;
    // A plain socket has mostly written when it returns, and a callback for each write would cost a tick for each.
    const isSocket = stream instanceof Socket;
    const isAsked = this.#behind || !isSocket || stream instanceof TLSSocket;
    const written = isAsked ? this.#onWritten : undefined;
    if (chunks.length > 1) stream.cork(); // one call to the system for all of them
    for (const chunk of chunks) {
      // A socket has copied what it does not keep; any other stream may pass on the very chunk.
      stream.write(isSocket ? chunk : chunk.slice(), written);
    }
    if (chunks.length > 1) stream.uncork();
    if (stream.writableLength === 0) return;
    this.#behind = true;
    if (!isAsked) stream.write(NOTHING, this.#onWritten);
  }

  get unsent(): number {
    return this.#stream.writableLength;
  }

  flushed(): Promise<void> {
    const stream = this.#stream;
    if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve();
    // Not the callback of one more write: there is none once the stream has ended, or is destroyed in a write.
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  pause(): void {
    this.#paused = true;
    this.#stream.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#stream.resume();
  }

  get undelivered(): number {
    return this.#stream.readableLength;
  }

  end(): void {
    this.#refusal = undefined; // what the peer does from now on is an answer to our end
    if (this.#giveUpHandshake !== undefined) this.destroy();
    else if (!this.#stream.destroyed) this.#stream.end();
  }

  destroy(reason?: Error): void {
    this.#refusal = undefined;
    if (reason !== undefined) this.#error ??= reason;
    this.#destroyed = true;
    this.#stream.destroy();
    this.#giveUpHandshake?.(
      reason ?? new ConnectionClosed("the connection was destroyed during the TLS handshake"),
    );
  }

  prepareTLS(options: CoreTLSOptions): StartTLSTransport {
    const { role } = this.#options;
    if (role === undefined) {
      throw new TLSNotAvailable("TLS on this stream needs `role`: which end is the TLS client?");
    }
    const given = options as TLSOptions; // checkTLSOptions looks whether the certificates are ours
    checkStream(this.#stream);
    checkTLSOptions(given, role);
    return (leftovers, side) => this.#startTLS(given, role, leftovers, side);
  }

  async #startTLS(
    options: TLSOptions,
    role: TLSRole,
    leftovers: Uint8Array,
    side: "asker" | "responder",
  ): Promise<TLSSession> {
    const raw = this.#stream;
    this.#leave();
    try {
      // Not by a signal for the upgrade: an AbortController on each side costs a twentieth of all upgrades.
      const { stream, settings } = await new Promise<Upgraded>((resolve, reject) => {
        this.#giveUpHandshake = reject;
        this.#upgrade(raw, { ...options, role }, leftovers, side).then(resolve, reject);
      });
      const since = performance.now();
      this.#become(stream, (error) =>
        role === "client" ? refusalAfterHandshake(error, settings, performance.now() - since) : undefined,
      );
      return session(stream, settings.localCertificate, settings.verifyAuthorities !== undefined);
    } catch (error) {
      raw.destroy();
      // First whoever waits for the handshake hears why it failed, then the connection that it is gone.
      setImmediate(() => this.#lost(error instanceof Error ? error : undefined));
      throw error;
    } finally {
      this.#giveUpHandshake = undefined;
    }
  }

  async #upgrade(
    raw: Duplex,
    given: UpgradeOptions,
    leftovers: Uint8Array,
    side: "asker" | "responder",
  ): Promise<Upgraded> {
    const { role, localCertificate = role === "server" ? await temporaryCertificate() : undefined } = given;
    const settings = { ...given, localCertificate };
    if (role === "client" && side === "responder") await delay(this.#options.handshakeDelay);
    if (leftovers.length > 0) raw.unshift(leftovers);
    return { stream: await upgrade(raw, settings), settings };
  }

  #become(stream: TLSSocket, refusal: (error: Error | undefined) => Error | undefined): void {
    this.#stream = stream;
    this.#error = undefined;
    this.#refusal = refusal;
    stream.on("error", this.#onError);
    this.#listen();
    if (this.#paused) stream.pause();
  }

  detach(leftovers: Uint8Array): Duplex {
    const stream = this.#stream;
    this.#leave();
    stream.off("error", this.#onError);
    stream.pause();
    if (leftovers.length > 0) stream.unshift(leftovers);
    return stream;
  }
}

function session(
  stream: TLSSocket,
  hostCertificate: PrivateCertificate | undefined,
  verified: boolean,
): TLSSession {
  const { certificate, protocol, cipher } = describePeer(stream);
  return {
    peerCertificate: certificate,
    hostCertificate,
    protocol: protocol ?? "TLS",
    cipher: cipher ?? "unknown",
    verified,
  };
}
