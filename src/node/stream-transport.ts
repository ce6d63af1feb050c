/**
 * A transport over a Node stream: a socket, a pipe, or any other duplex stream. After StartTLS the same transport uses the
 * TLS socket that replaced the stream.
 */

import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { localAddressOf, remoteAddressOf } from "../core/carriers/socket-ends.ts";
import { TLSNotAvailable } from "../core/errors/caller.ts";
import { isError } from "../core/errors/to-error.ts";
import { ConnectionClosed } from "../core/errors/transport.ts";
import type {
  Address,
  TLSOptions as CoreTLSOptions,
  StartTLSTransport,
  TLSSession,
  Transport,
  TransportReceiver,
} from "../core/transport.ts";
import { checkByteStream } from "./byte-stream.ts";
import { CombinedDuplex } from "./combined-duplex.ts";
import { DescriptorStream } from "./descriptors/descriptor-stream.ts";
import { takenBytes } from "./node-internals.ts";
import type { ReceivedProxyHeader } from "./proxy-protocol/header.ts";
import { nextTick, setImmediate } from "./real-timers.ts";
import { setRef } from "./set-ref.ts";
import { SharedBufferSocket } from "./shared-buffer-socket.ts";
import { ExistingSession } from "./tls/existing-session.ts";
import type { TLSOptions, TLSRole } from "./tls/options.ts";
import { startTLS } from "./tls/start-tls.ts";
import { type RefusalCheck, refusalCheck, sessionOf, type Upgraded } from "./tls/upgraded.ts";
import { checkStream, checkTLSOptions } from "./tls/validate-options.ts";
import { writeTLS } from "./tls/write.ts";

const NOTHING = new Uint8Array(0);

export interface StreamTransportOptions {
  /** Role of this end in a TLS handshake: the end that opened the connection is the client. Undefined if unknown. */
  readonly role: TLSRole | undefined;
  /** Milliseconds between the answer and the ClientHello, if the peer called StartTLS and this end is the TLS client. */
  readonly handshakeDelay: number;
  /** Addresses that Node does not know. */
  readonly addresses?: KnownAddresses | undefined;
  /** Result of the handshake, if the stream is a TLS socket of the library's own. */
  readonly upgraded?: Upgraded | undefined;
}

/** Addresses of the two ends that Node does not know: the paths of a UNIX socket, or the addresses of a PROXY header. */
export interface KnownAddresses {
  readonly local?: Address | undefined;
  readonly remote?: Address | undefined;
  readonly proxy?: ReceivedProxyHeader | undefined;
}

export class StreamTransport implements Transport {
  #stream: Duplex;
  /** The stream below TLS, after an upgrade. */
  #raw: Duplex | undefined;
  readonly #options: StreamTransportOptions;
  #remoteAddress: Address | undefined;
  #localAddress: Address | undefined;
  readonly #initialTLS: TLSSession | undefined;
  #receiver: TransportReceiver | undefined;
  /** Set during a handshake. The transport cannot end the stream then; it can only abort the handshake. */
  #abortHandshake: ((reason: unknown) => void) | undefined;
  #error: Error | undefined;
  /** True from a write that leaves unsent bytes until the stream has written everything. */
  #behind = false;
  /** Bytes of a write inside TLS that the system has, although Node still counts them as not written. */
  #inSystem = 0;
  /** True if the next write inside TLS waits for others of the same turn: see `tls/write.ts`. */
  #joinsWrites = false;
  #waiters: (() => void)[] = [];
  #paused = false;
  /** Set by `destroy`. Later errors of the stream are consequences of it, and are ignored. */
  #destroyed = false;
  /** Set after a handshake, until the first byte from the peer. */
  #refusal: RefusalCheck | undefined;

  /** @throws TypeError for a stream in object mode or with an encoding set */
  constructor(stream: Duplex, options: StreamTransportOptions) {
    checkByteStream(stream);
    this.#stream = stream;
    this.#options = options;
    if (stream instanceof Socket) this.#learnRemoteAddress(stream);
    const { upgraded } = options;
    if (upgraded !== undefined) this.#initialTLS = this.#established(upgraded);
    else if (stream instanceof TLSSocket) this.#initialTLS = new ExistingSession(stream);
    stream.on("error", this.#onError); // never removed: an `error` event without a listener ends the process
  }

  /** Keeps the address, because a closed socket does not know it. A socket that is still connecting learns it later. */
  #learnRemoteAddress(socket: Socket): void {
    if (socket.connecting) socket.once("connect", () => this.#learnRemoteAddress(socket));
    else this.#remoteAddress = remoteAddressOf(socket);
  }

  readonly #onError = (error: Error) => {
    if (!this.#destroyed) this.#error ??= error;
  };
  readonly #onData = (chunk: Uint8Array) => {
    if (this.#stream.destroyed) return; // a destroyed stream may still emit data from its buffer
    this.#refusal = undefined;
    // A socket allocates memory for each read. A chunk of any other stream may be the writer's own memory.
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
    this.#inSystem = 0;
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
    // A `data` listener does not start a stream that was paused.
    if (stream.readableFlowing === false && !this.#paused) stream.resume();
    // The events may have been emitted already.
    if (stream.destroyed) nextTick(this.#onClose);
    else if (stream.readableEnded) nextTick(this.#onEnd);
  }

  /** Calls `lost` of the receiver, at most once. The receiver is not called afterwards. */
  #lost(reason: Error | undefined): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#wake();
    receiver?.lost(reason);
  }

  #wake(): void {
    if (this.#waiters.length > 0) for (const wake of this.#waiters.splice(0)) wake();
  }

  #stopListening(): void {
    const stream = this.#stream;
    if (stream instanceof SharedBufferSocket) stream.lendTo(undefined);
    stream.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onClose);
  }

  /** The session of a stream that was a TLS socket from the beginning. */
  get tls(): TLSSession | undefined {
    return this.#initialTLS;
  }

  get tlsRole(): TLSRole | undefined {
    return this.#options.role;
  }

  write(...chunks: readonly Uint8Array[]): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return;
    if (stream instanceof TLSSocket) return this.#writeTLS(stream, chunks);
    // A plaintext socket has usually written everything when `write` returns, and each callback would cost a tick. So the
    // callback is used only if data is left.
    const isSocket = stream instanceof Socket;
    const usesCallback = this.#behind || !isSocket;
    const written = usesCallback ? this.#onWritten : undefined;
    if (chunks.length > 1) stream.cork(); // one system call for all chunks
    for (const chunk of chunks) {
      // The caller may reuse the chunk once `unsent` is 0. A socket is done with it by then; another stream may keep it.
      stream.write(isSocket ? chunk : chunk.slice(), written);
    }
    if (chunks.length > 1) stream.uncork();
    if (stream.writableLength === 0) return;
    this.#behind = true;
    if (!usesCallback) stream.write(NOTHING, this.#onWritten);
  }

  #writeTLS(stream: TLSSocket, chunks: readonly Uint8Array[]): void {
    const isFirst = stream.writableLength === 0;
    const isJoined = isFirst && this.#joinsWrites;
    this.#joinsWrites = !isFirst;
    if (writeTLS(stream, chunks, isJoined, this.#onWritten)) this.#inSystem = stream.writableLength;
    else this.#behind = true;
  }

  get unsent(): number {
    return this.#stream.writableLength - this.#inSystem;
  }

  get remoteAddress(): Address | undefined {
    return this.#options.addresses?.remote ?? this.#remoteAddress;
  }

  get localAddress(): Address | undefined {
    const stream = this.rawStream;
    if (this.#localAddress === undefined && stream instanceof Socket)
      this.#localAddress = localAddressOf(stream);
    return this.#options.addresses?.local ?? this.#localAddress;
  }

  /** PROXY header of the connection. */
  get proxy(): ReceivedProxyHeader | undefined {
    return this.#options.addresses?.proxy;
  }

  /** The socket or other stream below TLS. */
  get rawStream(): Duplex {
    return this.#raw ?? this.#stream;
  }

  /** @param refs false: the stream does not keep the process running. Streams other than sockets and pipes ignore it */
  setRef(refs: boolean): void {
    const stream = this.rawStream;
    if (stream instanceof DescriptorStream) stream.setRef(refs);
    for (const socket of stream instanceof CombinedDuplex ? stream.halves : [stream]) {
      if (socket instanceof Socket) setRef(socket, refs);
    }
  }

  get taken(): number | undefined {
    const stream = this.rawStream;
    if (stream instanceof CombinedDuplex || stream instanceof DescriptorStream) return stream.taken;
    return takenBytes(stream);
  }

  flushed(): Promise<void> {
    const stream = this.#stream;
    if (this.unsent === 0 || stream.destroyed) return Promise.resolve();
    // The callback of an empty write would not do: a stream that has ended, or is destroyed in a write, never calls it.
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
    this.#refusal = undefined; // from now on, the peer may end the stream because this end did
    if (this.#abortHandshake !== undefined) this.destroy();
    else if (!this.#stream.destroyed) this.#stream.end();
  }

  destroy(reason?: Error): void {
    this.#refusal = undefined;
    if (reason !== undefined) this.#error ??= reason;
    this.#destroyed = true;
    this.#stream.destroy();
    this.#abortHandshake?.(
      reason ?? new ConnectionClosed("the connection was destroyed during the TLS handshake"),
    );
  }

  prepareTLS(options: CoreTLSOptions): StartTLSTransport {
    const { role } = this.#options;
    if (role === undefined) {
      throw new TLSNotAvailable(
        'StartTLS on this stream needs `role`: set it to "client" or "server" when attaching',
      );
    }
    const given = options as TLSOptions; // checkTLSOptions checks the classes that the cast claims
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
    this.#stopListening();
    try {
      // No AbortController: one at each end takes 5 % of the time of an upgrade.
      const upgraded = await new Promise<Upgraded>((resolve, reject) => {
        this.#abortHandshake = reject;
        const { handshakeDelay } = this.#options;
        startTLS(raw, { ...options, role }, leftovers, side, handshakeDelay).then(resolve, reject);
      });
      this.#replaceStream(upgraded.stream);
      return this.#established(upgraded);
    } catch (error) {
      raw.destroy();
      // The promise of the handshake rejects first, then the receiver learns that the transport is lost.
      setImmediate(() => this.#lost(isError(error) ? error : undefined));
      throw error;
    } finally {
      this.#abortHandshake = undefined;
    }
  }

  /** Returns the session after a handshake. From now on, the end of the stream may be a refusal of the client's certificate. */
  #established(upgraded: Upgraded): TLSSession {
    this.#refusal = refusalCheck(upgraded.settings);
    return sessionOf(upgraded);
  }

  #replaceStream(stream: TLSSocket): void {
    this.#raw = this.#stream;
    this.#stream = stream;
    this.#error = undefined;
    stream.on("error", this.#onError);
    this.#listen();
    if (this.#paused) stream.pause();
  }

  detach(leftovers: Uint8Array): Duplex {
    const stream = this.#stream;
    this.#stopListening();
    stream.off("error", this.#onError);
    stream.pause();
    if (leftovers.length > 0) stream.unshift(leftovers);
    return stream;
  }
}
