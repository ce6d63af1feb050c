/** The handshake as TLS client. */
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";
import type { Certificate } from "../certificates/certificate.ts";
import { nextTick } from "../real-timers.ts";
import { secureContext } from "./context.ts";
import { identityOptions } from "./identity.ts";
import { logKeys } from "./key-log.ts";
import type { TLSOptions } from "./options.ts";
import type { HandshakeOutcome } from "./outcome.ts";
import { peerCertificate } from "./peer.ts";

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
  tlsSocket.once("secureConnect", () => outcome.established(tlsSocket));
}
