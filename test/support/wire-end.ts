/** One end of a stream as bytes, in plaintext and then in TLS, for tests that compare every byte. */
import { once } from "node:events";
import type { Socket } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import type { PrivateCertificate } from "ampwire/node";

export class WireEnd {
  #socket: Socket;
  #waiting = Buffer.alloc(0);
  #ended = false;
  #wake = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
  }

  #listen(): void {
    this.#socket.on("error", () => {}); // the tests check how an end looks
    this.#socket.on("data", this.#onData).on("end", this.#onEnd).on("close", this.#onEnd);
  }

  readonly #onData = (chunk: Buffer) => {
    this.#waiting = Buffer.concat([this.#waiting, chunk]);
    this.#wake();
  };

  readonly #onEnd = () => {
    this.#ended = true;
    this.#wake();
  };

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Ends this side. */
  end(): void {
    this.#socket.end();
  }

  /** Returns this number of bytes, or fewer if the stream ends first. */
  async take(count: number): Promise<Buffer> {
    while (this.#waiting.length < count && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const taken = this.#waiting.subarray(0, count);
    this.#waiting = this.#waiting.subarray(count);
    return taken;
  }

  /** Returns everything up to the end of the stream. */
  rest(): Promise<Buffer> {
    return this.take(Number.POSITIVE_INFINITY);
  }

  /** Continues inside TLS: as a server with this certificate, or as a client without verification. */
  async startTLS(certificate?: PrivateCertificate): Promise<void> {
    const plain = this.#socket;
    plain.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onEnd).pause();
    if (this.#waiting.length > 0) plain.unshift(this.#waiting);
    this.#waiting = Buffer.alloc(0);
    this.#socket = certificate === undefined ? await client(plain) : await server(plain, certificate);
    this.#listen();
  }
}

async function client(plain: Socket): Promise<TLSSocket> {
  const secure = connect({ socket: plain, rejectUnauthorized: false });
  await once(secure, "secureConnect");
  return secure;
}

async function server(plain: Socket, certificate: PrivateCertificate): Promise<TLSSocket> {
  const pem = certificate.toPEMWithKey();
  const listener = createServer({ cert: pem, key: pem });
  const done = once(listener, "secureConnection");
  listener.on("tlsClientError", (error) => listener.emit("error", error));
  listener.emit("connection", plain);
  const [secure] = await done;
  return secure as TLSSocket;
}
