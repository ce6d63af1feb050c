/** Two joined ends of a paused plaintext stream, ready for an upgrade, over TCP or in memory. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { UpgradeOptions } from "../../../src/node/tls/options.ts";
import { upgrade } from "../../../src/node/tls/upgrade.ts";
import { within } from "../../support/within.ts";

export type Options = Omit<UpgradeOptions, "role">;

export async function socketPair(): Promise<[client: Socket, server: Socket]> {
  const listener = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo; // the address of a TCP listener is never a string
  const client = connect(port, "127.0.0.1").pause();
  const [[server]] = await Promise.all([once(listener, "connection"), once(client, "connect")]);
  listener.close();
  return [client, server];
}

/** Streams that are not sockets: Node handles them differently. */
export function memoryPair(): [client: Duplex, server: Duplex] {
  const client = new MemoryEnd();
  const server = new MemoryEnd();
  client.other = server;
  server.other = client;
  return [client, server];
}

class MemoryEnd extends Duplex {
  other: MemoryEnd | undefined;

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    setImmediate(() => {
      this.other?.push(Buffer.from(chunk));
      done();
    });
  }

  override _final(done: () => void): void {
    setImmediate(() => {
      this.other?.push(null);
      done();
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    setImmediate(() => this.other?.push(null));
    done(error);
  }
}

export interface Both {
  readonly client: PromiseSettledResult<TLSSocket>;
  readonly server: PromiseSettledResult<TLSSocket>;
}

export async function upgradeBoth(
  [clientStream, serverStream]: readonly [Duplex, Duplex],
  client: Options,
  server: Options,
): Promise<Both> {
  const [one, other] = await Promise.allSettled([
    within(upgrade(clientStream, { ...client, role: "client" }), "the upgrade of the client"),
    within(upgrade(serverStream, { ...server, role: "server" }), "the upgrade of the server"),
  ]);
  return { client: one, server: other };
}

/** Returns the two TLS sockets of an upgrade that must succeed. */
export async function securePair(
  client: Options = {},
  server: Options = {},
  streams?: readonly [Duplex, Duplex],
): Promise<[client: TLSSocket, server: TLSSocket]> {
  const both = await upgradeBoth(streams ?? (await socketPair()), client, server);
  if (both.client.status === "rejected") throw both.client.reason;
  if (both.server.status === "rejected") throw both.server.reason;
  return [both.client.value, both.server.value];
}

export function failure(result: PromiseSettledResult<unknown>): unknown {
  return result.status === "rejected" ? result.reason : undefined;
}

/** Returns the received text once `length` bytes have arrived. */
export async function receive(stream: Duplex, length: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const text = new Promise<string>((resolve, reject) => {
    stream.on("data", (chunk: Uint8Array) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= length) resolve(Buffer.concat(chunks).toString());
    });
    stream.once("error", reject);
    stream.once("close", () => reject(new Error("closed")));
    stream.resume();
  });
  return within(text, () => `${length} bytes, after ${size}`);
}

/** Returns the error that a stream ends with, undefined for an end without error, or "open" after a second without an end. */
export function ending(stream: Duplex): Promise<unknown> {
  return new Promise((resolve) => {
    let error: unknown;
    const ended = () => setTimeout(() => resolve(error), 10); // an error may follow immediately
    setTimeout(() => resolve("open"), 1000);
    stream.on("error", (one) => {
      error ??= one;
    });
    stream.once("end", ended).once("close", ended);
    if (stream.destroyed || stream.readableEnded) ended();
    else stream.resume();
  });
}
