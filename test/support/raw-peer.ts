/** A peer that a test controls: it sends any bytes, and records all that it receives. */
import { once } from "node:events";
import type { Socket } from "node:net";
import { type ConnectionOptions, connect, createServer, type TLSSocket, type TlsOptions } from "node:tls";
import { Box, BoxReader, encodeBox, type PrivateCertificateLike } from "ampwire";

import { within } from "./within.ts";

/** A box in a form that tests can write. */
type Fields = Readonly<Record<string, string | Uint8Array>>;

/** Bytes, or a box. */
export type Part = Uint8Array | Fields;

/** Boxes of the StartTLS exchange. */
export const STLS = { _ask: "1", _command: "StartTLS" };
export const ANS = { _answer: "1" };

export function bytesOf(...parts: readonly Part[]): Buffer {
  return Buffer.concat(parts.map((part) => (part instanceof Uint8Array ? part : encodeBox(new Box(part)))));
}

/** The key by which ampwire shows that it knows the commands `ampwire.*`. */
const SHOWN_KEY = "_m.ampwire";

/** Converts a box to an object with its values as text, without the key that other implementations of AMP ignore. */
export function textOf(box: Box): Record<string, string> {
  const keys = [...box.keys()].filter((key) => key !== SHOWN_KEY);
  return Object.fromEntries(keys.map((key) => [key, box.text(key) ?? ""]));
}

export class RawPeer {
  readonly socket: Socket;
  readonly #closed: Promise<void>;
  readonly #chunks: Buffer[] = [];
  #reader = new BoxReader();
  #ended = false;
  #wake: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("error", () => {}); // many tests reset the connection
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    this.#closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.#onEnd();
        resolve();
      });
    });
  }

  readonly #onData = (chunk: Buffer) => {
    this.#chunks.push(chunk);
    this.#reader.push(chunk);
    this.#notify();
  };

  readonly #onEnd = () => {
    this.#ended = true;
    this.#notify();
  };

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** All bytes that were received in plaintext. */
  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Resolves when the socket is closed, for any reason. */
  get closed(): Promise<void> {
    return within(this.#closed, "the socket of the raw peer to close");
  }

  /** True if the other end has ended its side. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Sends boxes and bytes in one write. */
  send(...parts: readonly Part[]): void {
    this.socket.write(bytesOf(...parts));
  }

  /** Returns the next box, or undefined if the other end ended first. */
  async box(): Promise<Record<string, string> | undefined> {
    for (;;) {
      const box = this.#reader.next();
      if (box !== undefined) return textOf(box);
      if (this.#ended) return undefined;
      await this.#news();
    }
  }

  /** Returns all boxes up to the end. */
  async boxes(): Promise<Record<string, string>[]> {
    const found: Record<string, string>[] = [];
    for (let box = await this.box(); box !== undefined; box = await this.box()) found.push(box);
    return found;
  }

  /** Resolves when the other end has ended its side, or the socket is closed. */
  async end(): Promise<void> {
    while (!this.#ended) await this.#news();
  }

  #news(): Promise<void> {
    const next = new Promise<void>((resolve) => this.#wake.push(resolve));
    return within(next, () => `the other end to send or to end, after ${this.received.length} bytes from it`);
  }

  /** Ends this side with FIN. */
  finish(): void {
    this.socket.end();
  }

  /** Ends both sides with RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Passes the socket to TLS, with the bytes that came after the last box. */
  release(): Socket {
    const { socket } = this;
    socket.off("data", this.#onData).off("end", this.#onEnd);
    socket.pause();
    const rest = this.#reader.takeRest();
    if (rest.length > 0) socket.unshift(rest);
    return socket;
  }

  /** Becomes a TLS client on the socket, by default without verification. */
  tlsClient(options: ConnectionOptions = {}): TLSSocket {
    const tls = connect({ rejectUnauthorized: false, ...options, socket: this.release() });
    return tls.on("error", () => {});
  }

  /** Becomes a TLS server on the socket, by default without a client certificate. Waits for the handshake. */
  async tlsServer(certificate: PrivateCertificateLike, options: TlsOptions = {}): Promise<RawTLS> {
    const pem = certificate.toPEMWithKey();
    const server = createServer({ cert: pem, key: pem, ...options });
    const done = once(server, "secureConnection");
    server.on("tlsClientError", (error) => server.emit("error", error));
    server.emit("connection", this.release());
    const [tls] = await done;
    return new RawTLS(tls as TLSSocket);
  }

  /** Does the same as a TLS client. */
  async secure(options: ConnectionOptions = {}): Promise<RawTLS> {
    const tls = this.tlsClient(options);
    await once(tls, "secureConnect");
    return new RawTLS(tls);
  }
}

/** Continues inside TLS. */
export class RawTLS extends RawPeer {
  declare readonly socket: TLSSocket;
}
