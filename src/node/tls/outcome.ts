/** The outcome of a handshake, reported by the TLS client or the TLS server. */
import type { TLSSocket } from "node:tls";
import type { HandshakeFailure } from "./errors.ts";

/** Callbacks for the outcome. Calls after the first have no effect. */
export interface HandshakeOutcome {
  established(tlsSocket: TLSSocket): void;
  failed(failure: HandshakeFailure): void;
}
