/** What the other end did: refused a call, answered with an error, or broke the protocol. */
import { AmpError, identify } from "./amp-error.ts";

/** The peer broke the protocol. The connection is closed. */
export class ProtocolError extends AmpError {
  static {
    identify(this, "ProtocolError", "PROTOCOL_ERROR", "peer");
  }
}

/**
 * Bytes that are not a box: an overlong key, a cut-off box, a key that must be there and is not. Also an answer behind which
 * the protocol changes, and which its command cannot read.
 */
export class MalformedAmpBox extends ProtocolError {
  static {
    identify(this, "MalformedAmpBox", "MALFORMED_BOX", "peer");
  }
}

/** A key length of 256 or more. AMP has none, so this is some other protocol: the message tells the first bytes. */
export class KeyTooLong extends MalformedAmpBox {
  static {
    identify(this, "KeyTooLong", "KEY_TOO_LONG", "peer");
  }
}

/** A box over `maxBoxBytes` or `maxBoxKeys`. */
export class BoxTooLarge extends MalformedAmpBox {
  static {
    identify(this, "BoxTooLarge", "BOX_TOO_LARGE", "peer");
  }
}

/** A box that had not come whole within `boxTimeout`. The connection is closed. */
export class BoxTimeout extends AmpError {
  static {
    identify(this, "BoxTimeout", "BOX_TIMEOUT", "peer");
  }
}

/** A box without `_answer`, `_error` and `_command`: neither an ask nor an answer. */
export class NoEmptyBoxes extends ProtocolError {
  static {
    identify(this, "NoEmptyBoxes", "NO_EMPTY_BOXES", "peer");
  }
}

/** An answer to a call that was never sent, or was answered already. */
export class UnexpectedAnswer extends ProtocolError {
  static {
    identify(this, "UnexpectedAnswer", "UNEXPECTED_ANSWER", "peer");
  }
}

/** Plaintext came where only TLS may come: somebody on the way may be injecting commands (CVE-2011-0411). */
export class PlaintextAfterStartTLS extends ProtocolError {
  static {
    identify(this, "PlaintextAfterStartTLS", "PLAINTEXT_AFTER_STARTTLS", "peer");
  }
}

/** Both ends asked for a protocol change at once. Neither can be served; both close. */
export class StartTLSCollision extends ProtocolError {
  static {
    identify(this, "StartTLSCollision", "STARTTLS_COLLISION", "peer");
  }
}

/** The peer's certificate did not pass our check. The message says which certificate and why. */
export class PeerVerifyError extends AmpError {
  static {
    identify(this, "PeerVerifyError", "PEER_VERIFY_ERROR", "peer");
  }
}

/** The peer ended the handshake because it did not accept our certificate. */
export class PeerRefusedCertificate extends AmpError {
  static {
    identify(this, "PeerRefusedCertificate", "PEER_REFUSED_CERTIFICATE", "peer");
  }
}

/** The TLS handshake failed for another reason: see `cause`. */
export class HandshakeError extends AmpError {
  static {
    identify(this, "HandshakeError", "HANDSHAKE_ERROR", "peer");
  }
}

/** The peer refused to start TLS. The connection is closed: nothing that waited for TLS goes out in plaintext. */
export class StartTLSRefused extends AmpError {
  static {
    identify(this, "StartTLSRefused", "STARTTLS_REFUSED", "peer");
  }
}

/** The upgrade took longer than `handshakeTimeout`. */
export class HandshakeTimeout extends AmpError {
  static {
    identify(this, "HandshakeTimeout", "HANDSHAKE_TIMEOUT", "peer");
  }
}

/**
 * An error as it travels. A responder may throw one to choose code and description itself;
 * a caller gets {@link UnknownRemoteError} for a code that its command does not declare.
 */
export class RemoteAmpError extends AmpError {
  /** On the wire `_error_code`. */
  readonly errorCode: string;
  /** On the wire `_error_description`. */
  readonly description: string;
  /** Whether the connection is closed behind it. Only known where it is thrown: it does not go over the wire. */
  readonly fatal: boolean;

  static {
    identify(this, "RemoteAmpError", "REMOTE_ERROR", "peer");
  }

  /**
   * @param errorCode the wire code, `_error_code`
   * @param description for people, `_error_description`
   * @param fatal thrown by a responder: close the connection after the error has been sent
   */
  constructor(errorCode: string, description: string, fatal = false, options?: { readonly cause?: unknown }) {
    super(`${errorCode}: ${description}`, options);
    this.errorCode = errorCode;
    this.description = description;
    this.fatal = fatal;
  }
}

/** The peer answered with an error code that the command does not declare. */
export class UnknownRemoteError extends RemoteAmpError {
  static {
    identify(this, "UnknownRemoteError", "UNKNOWN_REMOTE_ERROR", "peer");
  }
}

/** The peer has no responder for the command (`UNHANDLED`). */
export class UnhandledCommand extends AmpError {
  static {
    identify(this, "UnhandledCommand", "UNHANDLED_COMMAND", "peer");
  }
}

/** The peer speaks a version of its own protocol that does not fit ours. For programs to throw and declare. */
export class IncompatibleVersions extends AmpError {
  static {
    identify(this, "IncompatibleVersions", "INCOMPATIBLE_VERSIONS", "peer");
  }
}
