/**
 * The handshake as TLS server.
 *
 * Uses Node's TLS server object, which never listens. The alternative, `new TLSSocket(stream, { isServer: true })`,
 * accepts clients with an untrusted certificate on some versions of Node.
 */
import type { Duplex } from "node:stream";
import { createServer, type SecureContext, type Server, type TLSSocket, type TlsOptions } from "node:tls";
import type { PrivateCertificate } from "../certificates/private-certificate.ts";
import { contextOptions, secureContext } from "./context.ts";
import { logKeys } from "./key-log.ts";
import type { TLSOptions } from "./options.ts";
import type { HandshakeOutcome } from "./outcome.ts";
import { checkLocalCertificate } from "./validate-options.ts";

/** In milliseconds; the longest delay of a timer. Replaces Node's default of two minutes, because the caller has a timeout. */
const NO_TIMEOUT = 2 ** 31 - 1;
/** Maximum number of idle servers that are kept for each certificate and list of CAs. */
const MAX_IDLE = 8;

export function startServer(stream: Duplex, options: TLSOptions, outcome: HandshakeOutcome): void {
  // The functions belong to one upgrade: such a server is not reused.
  const own = options.keyLog !== undefined || options.certificateFor !== undefined;
  const idle = own ? undefined : idleServers(options);
  (idle?.pop() ?? new HandshakeServer(options, idle)).start(stream, outcome);
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
  /** The stream below, during a handshake. */
  #stream: Duplex | undefined;
  /** The certificate for the name that the client sent. */
  #chosen: PrivateCertificate | undefined;

  /** @param idle the list to which the server returns after a handshake */
  constructor(options: TLSOptions, idle: HandshakeServer[] | undefined) {
    const { keyLog, certificateFor } = options;
    const verify = options.verifyAuthorities !== undefined;
    this.#server = createServer({
      ...contextOptions(options),
      requestCert: verify,
      rejectUnauthorized: verify,
      handshakeTimeout: NO_TIMEOUT,
      ...(certificateFor === undefined ? {} : { SNICallback: this.#choose(certificateFor, options) }),
    });
    if (keyLog !== undefined) {
      logKeys(this.#server, keyLog, {
        established() {},
        failed: (failure) => this.#outcome?.failed(failure),
      });
    }
    this.#server.on("secureConnection", (tlsSocket) => {
      const outcome = this.#outcome;
      if (outcome === undefined) return;
      this.#outcome = undefined;
      this.#stream = undefined;
      if (idle !== undefined && idle.length < MAX_IDLE) idle.push(this);
      if (this.#chosen !== undefined) chosen.set(tlsSocket, this.#chosen);
      outcome.established(tlsSocket);
    });
    this.#server.on("tlsClientError", (error, { authorizationError }) =>
      this.#outcome?.failed({ error, authorizationError }),
    );
  }

  /** Returns the function that Node calls with the name. An error of the program becomes the error of the handshake. */
  #choose(certificateFor: NonNullable<TLSOptions["certificateFor"]>, options: TLSOptions): SNICallback {
    const choose = async (serverName: string): Promise<SecureContext | undefined> => {
      const localCertificate = await certificateFor(serverName);
      if (localCertificate === undefined) return undefined;
      checkLocalCertificate(localCertificate);
      this.#chosen = localCertificate;
      return secureContext({ ...options, localCertificate });
    };
    return (serverName, done) => {
      choose(serverName).then(
        (context) => {
          // The peer may have gone meanwhile. Node 20 crashes if the handshake continues on a destroyed stream.
          if (this.#stream?.destroyed === false) done(null, context);
        },
        (error: unknown) => this.#outcome?.failed({ error }),
      );
    };
  }

  start(stream: Duplex, outcome: HandshakeOutcome): void {
    this.#outcome = outcome;
    this.#stream = stream;
    this.#server.emit("connection", stream);
  }
}

type SNICallback = NonNullable<TlsOptions["SNICallback"]>;

const chosen = new WeakMap<TLSSocket, PrivateCertificate>();

/** Returns the certificate that `certificateFor` chose for a TLS server's socket. */
export function chosenCertificate(tlsSocket: TLSSocket): PrivateCertificate | undefined {
  return chosen.get(tlsSocket);
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
