/**
 * The handshake as TLS server.
 *
 * Uses Node's TLS server object, which never listens. The alternative, `new TLSSocket(stream, { isServer: true })`,
 * accepts clients with an untrusted certificate on some versions of Node.
 */
import type { Duplex } from "node:stream";
import { createServer, type SecureContext, type Server } from "node:tls";
import { contextOptions, secureContext } from "./context.ts";
import type { TLSOptions } from "./options.ts";
import type { HandshakeOutcome } from "./outcome.ts";

/** In milliseconds; the longest delay of a timer. Replaces Node's default of two minutes, because the caller has a timeout. */
const NO_TIMEOUT = 2 ** 31 - 1;
/** Maximum number of idle servers that are kept for each certificate and list of CAs. */
const MAX_IDLE = 8;

export function startServer(stream: Duplex, options: TLSOptions, outcome: HandshakeOutcome): void {
  const idle = idleServers(options);
  (idle.pop() ?? new HandshakeServer(options, idle)).start(stream, outcome);
}

/**
 * Runs one handshake at a time, because Node does not tell to which stream a TLS socket belongs.
 *
 * Creating a server parses its key and certificates, which costs as much as the handshake, so a server is reused. It is
 * reused only after a successful handshake, because Node then emits no more events for that socket. After a failure,
 * Node may emit an error late.
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
      handshakeTimeout: NO_TIMEOUT,
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

/** Idle servers. Like the contexts, they live as long as the certificate and the CAs. */
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
