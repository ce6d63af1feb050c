/** The stream to the server, in the hands of a replay: boxes pulled one by one, raw bytes, and TLS between them. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../core/errors/to-error.ts";
import { type Box, BoxReader, ConnectFailed, ConnectionClosed, encodeBox } from "../../index.ts";
import type { TLSOptions } from "../../node/index.ts";
import { DEFAULT_HANDSHAKE_DELAY } from "../../node/stream-transport.ts";
import { upgrade } from "../../node/tls/upgrade.ts";
import { written } from "../net/flushed.ts";
import { LIMITS } from "../proxy/relay-direction.ts";
import type { Place } from "../proxy/server.ts";

export class Wire {
  #stream: Duplex;
  /** Takes what the proxy has recorded. */
  #reader = new BoxReader(LIMITS);
  #ended = false;
  #error: Error | undefined;
  #wake = () => {};

  private constructor(stream: Duplex) {
    this.#stream = stream;
    this.#listen();
  }

  /** @throws ConnectFailed */
  static async open(place: Place, signal?: AbortSignal): Promise<Wire> {
    const socket: Socket = connect({ ...place, noDelay: true, allowHalfOpen: true });
    try {
      await once(socket, "connect", { signal });
    } catch (cause) {
      socket.destroy();
      const where = "path" in place ? place.path : `${place.host}:${place.port}`;
      const reason = messageOf(cause);
      throw new ConnectFailed(`cannot connect to ${where}: ${reason}`, { cause });
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
   * The next box. What stands behind it has not been looked at.
   * @throws ConnectionClosed when there is none, KeyTooLong and the like for what is not AMP, the signal's reason
   */
  async box(signal: AbortSignal): Promise<Box> {
    for (;;) {
      const box = this.#reader.next();
      if (box !== undefined) return box;
      await this.#more(signal);
    }
  }

  /** So many bytes, unread. @throws as `box` */
  async bytes(count: number, signal: AbortSignal): Promise<Uint8Array> {
    while (this.#reader.buffered < count) await this.#more(signal);
    const all = this.#reader.takeRest();
    this.#reader.push(all.subarray(count));
    return all.subarray(0, count);
  }

  async #more(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#ended) {
      throw new ConnectionClosed("the server has closed the connection", { cause: this.#error });
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
   * TLS, as its client. What came behind the last box is plaintext where none may be.
   * @param asked whether the server has asked: then it begins to read TLS when it has read our answer
   * @throws what `upgrade` throws, Error when the server does not take in time what goes before TLS
   */
  async startTLS(asked: boolean, tls: TLSOptions, signal: AbortSignal): Promise<void> {
    const raw = this.#stream;
    raw.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onEnd).pause();
    const rest = this.#reader.takeRest();
    if (rest.length > 0) raw.unshift(rest);
    await written(raw, signal);
    if (asked) await delay(DEFAULT_HANDSHAKE_DELAY);
    this.#reader = new BoxReader(LIMITS);
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
