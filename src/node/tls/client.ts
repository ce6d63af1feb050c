/** Our side of the handshake where we are the TLS client. */
import { isIP, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, checkServerIdentity, connect } from "node:tls";
import type { Certificate } from "../certificates/certificate.ts";
import { secureContext } from "./context.ts";
import type { TLSOptions } from "./options.ts";
import type { HandshakeOutcome } from "./outcome.ts";
import { peerCertificate } from "./peer.ts";
import { normalServerName } from "./validate-options.ts";

export function startClient(stream: Duplex, options: TLSOptions, outcome: HandshakeOutcome): void {
  const virtual = !(stream instanceof Socket);
  // Node writes the ClientHello to such a stream before it has set itself up to read from it.
  if (virtual) {
    stream.cork();
    process.nextTick(() => stream.uncork());
  }
  const tlsSocket = connect({
    socket: stream,
    secureContext: secureContext(options),
    rejectUnauthorized: options.verifyAuthorities !== undefined, // said aloud: the environment can change the default
    ...identity(options.serverName),
  });

  // For the words of an error only: on a socket that has failed there is no certificate to be found any more.
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

/** Node would compare the certificate with `localhost` where no name is given. */
function identity(serverName: string | undefined): ConnectionOptions {
  if (serverName === undefined) return { checkServerIdentity: () => undefined };
  const name = normalServerName(serverName);
  return {
    ...(isIP(name) === 0 ? { servername: name } : { host: name }),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  };
}
