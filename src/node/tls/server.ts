/**
 * Our side of the handshake where we are the TLS server.
 *
 * A server object for each connection, though it never listens: `new TLSSocket(stream, { isServer: true })`
 * lets clients with an untrusted certificate through on some versions of Node. Making it costs less than
 * half a millisecond, and its keys for session tickets die with it.
 */
import type { Duplex } from "node:stream";
import { createServer } from "node:tls";
import { contextOptions } from "./context.ts";
import type { HandshakeOutcome } from "./handshake.ts";
import type { TLSOptions } from "./options.ts";

/** Node has a timeout of its own, of two minutes. Ours is the caller's `signal` alone. */
const NEVER = 2 ** 31 - 1;

export function startServer(stream: Duplex, options: TLSOptions, outcome: HandshakeOutcome): void {
  const verify = options.verifyAuthorities !== undefined;
  const server = createServer({
    ...contextOptions(options),
    requestCert: verify,
    rejectUnauthorized: verify,
    handshakeTimeout: NEVER,
  });
  server.on("secureConnection", (tlsSocket) => outcome.established(tlsSocket));
  server.on("tlsClientError", (error, { authorizationError }) =>
    outcome.failed({ error, authorizationError }),
  );
  server.emit("connection", stream);
}
