/** Helpers for tests of limits: a connection with a misbehaving peer, and measurement of its cost. */
import { once } from "node:events";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { type Box, Box as BoxClass, type ConnectionOptions, command, locator } from "ampwire";
import { attach } from "ampwire/node";
import { arrived, attached, type Joined, tidy } from "../../support/loopback.ts";
import { ended } from "../../support/settled.ts";

const Echo = command("Echo");

export interface Opened extends Joined {
  /** Resolves when this number of bytes has arrived at this end's socket. */
  readonly arrived: (bytes: number) => Promise<void>;
  readonly socket: Socket;
}

/** Opens a server's connection that serves `Echo`. */
export async function openedBy(options: Omit<ConnectionOptions, "tls">): Promise<Opened> {
  const responders = locator(
    Echo.responder(() => {}),
    ...(options.locator === undefined ? [] : [options.locator]),
  );
  const joined = await attached("server", { ...options, locator: responders });
  return { ...joined, arrived: (bytes) => arrived(joined.socket, bytes) };
}

/** Feeds bytes to a connection one by one. Returns the number of answered asks and the time in seconds. */
export async function answeredAsks(bytes: Uint8Array): Promise<{ asks: number; seconds: number }> {
  let asks = 0;
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const raw = {
    amp_ECHO: (_: Box) => {
      asks++;
      return new BoxClass();
    },
  };
  const connection = attach(stream, { locator: locator(raw) });
  tidy(connection);
  const start = performance.now();
  for (let at = 0; at < bytes.length; at++) {
    stream.push(bytes.subarray(at, at + 1));
    if (stream.readableLength > 10_000) await once(stream, "data");
  }
  stream.push(null);
  await ended(connection);
  return { asks, seconds: (performance.now() - start) / 1000 };
}
