/** How a handshake ends, as the two roles report it. */
import type { TLSSocket } from "node:tls";
import type { HandshakeFailure } from "./errors.ts";

/** Only the first report counts. */
export interface HandshakeOutcome {
  established(tlsSocket: TLSSocket): void;
  failed(failure: HandshakeFailure): void;
}
