/** Errors that only TLS and protocol changes cause. Only their features import this file: see `amp-error.ts`. */
import { AmpError, identify } from "./amp-error.ts";
import { ProtocolError } from "./peer.ts";

export { OnlyOneTLS } from "./only-one-tls.ts";

/** A key, a certificate or a list of CAs that cannot be used. Thrown before anything is sent. */
export class InvalidCertificate extends AmpError {
  static {
    identify(this, "InvalidCertificate", "INVALID_CERTIFICATE", "caller");
  }
}

/** An upgrade with `requireQuiescent` while calls were unanswered. If the peer had already agreed, the connection is closed. */
export class NotQuiescent extends AmpError {
  static {
    identify(this, "NotQuiescent", "NOT_QUIESCENT", "caller");
  }
}

/** Plaintext where only TLS is allowed. An attacker on the path may be injecting commands (CVE-2011-0411). */
export class PlaintextAfterStartTLS extends ProtocolError {
  static {
    identify(this, "PlaintextAfterStartTLS", "PLAINTEXT_AFTER_STARTTLS", "peer");
  }
}

/** Asks for a protocol change from both ends at once. Neither can be served, and both ends close the connection. */
export class StartTLSCollision extends ProtocolError {
  static {
    identify(this, "StartTLSCollision", "STARTTLS_COLLISION", "peer");
  }
}

/** A certificate of the peer that this end does not trust. The message names the certificate and the reason. */
export class PeerVerifyError extends AmpError {
  static {
    identify(this, "PeerVerifyError", "PEER_VERIFY_ERROR", "peer");
  }
}

/** A handshake that the peer ended because it does not accept the certificate of this end. */
export class PeerRefusedCertificate extends AmpError {
  static {
    identify(this, "PeerRefusedCertificate", "PEER_REFUSED_CERTIFICATE", "peer");
  }
}

/** A TLS handshake that failed for another reason: see `cause`. */
export class HandshakeError extends AmpError {
  static {
    identify(this, "HandshakeError", "HANDSHAKE_ERROR", "peer");
  }
}

/** An upgrade that the peer rejected. The connection is closed, so no queued call is sent in plaintext. */
export class StartTLSRefused extends AmpError {
  static {
    identify(this, "StartTLSRefused", "STARTTLS_REFUSED", "peer");
  }
}

/** An upgrade that took longer than `handshakeTimeout`. */
export class HandshakeTimeout extends AmpError {
  static {
    identify(this, "HandshakeTimeout", "HANDSHAKE_TIMEOUT", "peer");
  }
}
