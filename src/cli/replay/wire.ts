/** The connection of a replay to the server: sends and receives boxes and raw bytes, and starts TLS. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type Box, BoxReader, ConnectFailed, ConnectionClosed, encodeBox } from "../../index.ts";
import type { TLSOptions } from "../../node/index.ts";
import { DEFAULT_HANDSHAKE_DELAY } from "../../node/tls/start-tls.ts";
import { upgrade } from "../../node/tls/upgrade.ts";
import { type SocketAddress, socketText } from "../net/address.ts";
import { flushed } from "../net/flushed.ts";
import { reasonOf } from "../net/reason.ts";
import { RELAY_LIMITS } from "../traffic/limits.ts";

export class Wire {
  #stream: Duplex;
  /** Accepts every box that the proxy can record. */
  #reader = new BoxReader(RELAY_LIMITS);
  #ended = false;
  #error: Error | undefined;
  #wake = () => {};

  private constructor(stream: Duplex) {
    this.#stream = stream;
    this.#listen();
  }

  /** @throws ConnectFailed */
  static async open(address: SocketAddress, signal?: AbortSignal): Promise<Wire> {
    const socket: Socket = connect({ ...address, noDelay: true, allowHalfOpen: true });
    try {
      await once(socket, "connect", { signal });
    } catch (cause) {
      socket.destroy();
      const reason = reasonOf(cause);
      throw new ConnectFailed(`cannot connect to ${socketText(address)}: ${reason}`, { cause });
    }
    return new Wire(socket);
  }

  readonly #onData = (chunk: Uint8Array) => {
    this.#reader.push(chunk);
    this.#wake();
  };
  readonly #onEnd = () => {
    this.#ended = true;
    this.#wake();
  };
  readonly #onError = (error: Error) => {
    this.#error ??= error;
  };

  #listen(): void {
    this.#stream.on("error", this.#onError);
    this.#stream.on("data", this.#onData).on("end", this.#onEnd).on("close", this.#onEnd).resume();
  }

  send(box: Box): void {
    this.sendBytes(encodeBox(box));
  }

  sendBytes(bytes: Uint8Array): void {
    if (!this.#stream.destroyed && !this.#stream.writableEnded) this.#stream.write(bytes);
  }

  /**
   * Returns the next box, without parsing the bytes after it.
   * @throws ConnectionClosed if the stream ends, MalformedAmpBox for bytes that are not AMP, the reason of the signal
   */
  async box(signal: AbortSignal): Promise<Box> {
    for (;;) {
      const box = this.#reader.next();
      if (box !== undefined) return box;
      await this.#more(signal);
    }
  }

  /** Returns the next `count` bytes without parsing them. @throws the errors of `box` */
  async bytes(count: number, signal: AbortSignal): Promise<Uint8Array> {
    while (this.#reader.buffered < count) await this.#more(signal);
    const all = this.#reader.takeRest();
    this.#reader.push(all.subarray(count));
    return all.subarray(0, count);
  }

  async #more(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#ended) {
      throw new ConnectionClosed("the server closed the connection", { cause: this.#error });
    }
    await new Promise<void>((resolve) => {
      const wake = () => {
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  /**
   * Starts TLS as the client. `upgrade` rejects plaintext that arrived after the last box.
   * @param answered true if this side answered StartTLS, so that the server reads TLS only after that answer
   * @throws the errors of `upgrade`, Error if the server does not read the bytes before TLS in time
   */
  async startTLS(answered: boolean, tls: TLSOptions, signal: AbortSignal): Promise<void> {
    const raw = this.#stream;
    raw.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onEnd).pause();
    const rest = this.#reader.takeRest();
    if (rest.length > 0) raw.unshift(rest);
    await flushed(raw, signal);
    if (answered) await delay(DEFAULT_HANDSHAKE_DELAY);
    this.#reader = new BoxReader(RELAY_LIMITS);
    this.#stream = await upgrade(raw, { ...tls, role: "client", signal });
    this.#listen();
  }

  end(): void {
    this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }
}
