/** The handshake as TLS client. */
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect, type PeerCertificate, TLSSocket } from "node:tls";
import type { Certificate } from "../certificates/certificate.ts";
import { nextTick } from "../real-timers.ts";
import { secureContext } from "./context.ts";
import { identityOptions } from "./identity.ts";
import { logKeys } from "./key-log.ts";
import type { TLSOptions } from "./options.ts";
import type { HandshakeOutcome } from "./outcome.ts";
import { peerCertificate } from "./peer.ts";
import { IS_NODE } from "./runtime.ts";

export function startClient(stream: Duplex, options: TLSOptions, outcome: HandshakeOutcome): void {
  const virtual = !(stream instanceof Socket);
  // Node writes the ClientHello to a stream that is not a socket before it listens to the stream.
  if (virtual) {
    stream.cork();
    nextTick(() => stream.uncork());
  }
  const tlsSocket = connect({
    socket: stream,
    secureContext: secureContext(options),
    rejectUnauthorized: options.verifyAuthorities !== undefined, // explicit: an environment variable can change the default
    ...identityOptions(options.serverName),
  });

  if (IS_NODE) omitIssuers(tlsSocket);
  if (options.keyLog !== undefined) logKeys(tlsSocket, options.keyLog, outcome);

  // Used for error messages only. After a failure, the socket no longer has the peer's certificate.
  let certificate: Certificate | undefined;
  const remember = (): void => {
    certificate ??= peerCertificate(tlsSocket);
  };
  tlsSocket.prependListener("secure", remember);
  tlsSocket.prependListener("end", remember);

  tlsSocket.on("error", (error) => {
    remember();
    outcome.failed({ error, authorizationError: tlsSocket.authorizationError, certificate });
  });
  tlsSocket.once("secureConnect", () => {
    Reflect.deleteProperty(tlsSocket, OWN_METHOD);
    outcome.established(tlsSocket);
  });
}

const OWN_METHOD = "getPeerCertificate";

/**
 * For the check of the name, Node asks the socket for the peer's certificate with all its issuers, which takes a tenth of a
 * handshake (180 of 1,600 us). The check uses only the peer's own certificate (18 us), so until `secureConnect` the socket
 * returns that one, parsed once.
 */
function omitIssuers(tlsSocket: TLSSocket): void {
  let certificate: Partial<PeerCertificate> | undefined;
  const getPeerCertificate = (): Partial<PeerCertificate> | undefined => {
    // Undefined or without `raw` while the peer has not sent it.
    if (certificate?.raw === undefined) certificate = TLSSocket.prototype[OWN_METHOD].call(tlsSocket);
    return certificate;
  };
  Object.defineProperty(tlsSocket, OWN_METHOD, { value: getPeerCertificate, configurable: true });
}
