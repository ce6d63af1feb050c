/**
 * Our side of the handshake where we are the TLS server.
 *
 * A server object of Node, though it never listens: `new TLSSocket(stream, { isServer: true })` lets clients with
 * an untrusted certificate through on some versions.
 */
import type { Duplex } from "node:stream";
import { createServer, type SecureContext, type Server } from "node:tls";
import { contextOptions, secureContext } from "./context.ts";
import type { TLSOptions } from "./options.ts";
import type { HandshakeOutcome } from "./outcome.ts";

/** Milliseconds, the most that a timer takes: in place of Node's own two minutes, since the caller has a bound. */
const NEVER = 2 ** 31 - 1;
/** Servers kept for the next handshakes, for each certificate and list of authorities. */
const MAX_IDLE = 8;

export function startServer(stream: Duplex, options: TLSOptions, outcome: HandshakeOutcome): void {
  const idle = idleServers(options);
  (idle.pop() ?? new HandshakeServer(options, idle)).start(stream, outcome);
}

/**
 * Serves one handshake at a time: Node does not say which stream a TLS socket lies on.
 *
 * Making one parses key and certificates, which costs as much as the handshake; so it is used again. But only after
 * a handshake that was established, for then Node tells the server nothing more of that socket: of a stream that
 * failed it may do so late.
 */
class HandshakeServer {
  readonly #server: Server;
  #outcome: HandshakeOutcome | undefined;

  constructor(options: TLSOptions, idle: HandshakeServer[]) {
    const verify = options.verifyAuthorities !== undefined;
    this.#server = createServer({
      ...contextOptions(options),
      requestCert: verify,
      rejectUnauthorized: verify,
      handshakeTimeout: NEVER,
    });
    this.#server.on("secureConnection", (tlsSocket) => {
      const outcome = this.#outcome;
      if (outcome === undefined) return;
      this.#outcome = undefined;
      if (idle.length < MAX_IDLE) idle.push(this);
      outcome.established(tlsSocket);
    });
    this.#server.on("tlsClientError", (error, { authorizationError }) =>
      this.#outcome?.failed({ error, authorizationError }),
    );
  }

  start(stream: Duplex, outcome: HandshakeOutcome): void {
    this.#outcome = outcome;
    this.#server.emit("connection", stream);
  }
}

/** As contexts are, kept for as long as certificate and authorities live. */
const kept = new WeakMap<SecureContext, HandshakeServer[]>();

function idleServers(options: TLSOptions): HandshakeServer[] {
  const context = secureContext(options);
  let idle = kept.get(context);
  if (idle === undefined) {
    idle = [];
    kept.set(context, idle);
  }
  return idle;
}
