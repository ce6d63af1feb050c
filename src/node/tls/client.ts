/** The handshake as TLS client. */
import { isIP, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, checkServerIdentity, connect } from "node:tls";
import type { Certificate } from "../certificates/certificate.ts";
import { nextTick } from "../real-timers.ts";
import { secureContext } from "./context.ts";
import type { TLSOptions } from "./options.ts";
import type { HandshakeOutcome } from "./outcome.ts";
import { peerCertificate } from "./peer.ts";
import { normalServerName } from "./validate-options.ts";

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
    ...identity(options.serverName),
  });

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

/** Returns the options that verify the name. Without a name, Node would compare the certificate with `localhost`. */
function identity(serverName: string | undefined): ConnectionOptions {
  if (serverName === undefined) return { checkServerIdentity: () => undefined };
  const name = normalServerName(serverName);
  return {
    ...(isIP(name) === 0 ? { servername: name } : { host: name }),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  };
}
