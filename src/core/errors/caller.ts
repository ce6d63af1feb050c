/** Errors of the program that uses the library. Most are thrown before anything is sent; each says where it is not so. */
import { AmpError, identify } from "./amp-error.ts";

/**
 * Arguments or answers do not fit what the command declares: one is missing, unknown, of the wrong type
 * or malformed. The message names it.
 */
export class InvalidSignature extends AmpError {
  static {
    identify(this, "InvalidSignature", "INVALID_SIGNATURE", "caller");
  }
}

/** A key over 255 bytes or a value over 65535 bytes: what the two length bytes of the wire can tell. */
export class TooLong extends AmpError {
  static {
    identify(this, "TooLong", "TOO_LONG", "caller");
  }
}

/** TLS may be started only once on a connection. On the wire it is `TLS_ERROR`: then it is the peer that says so. */
export class OnlyOneTLS extends AmpError {
  static {
    identify(this, "OnlyOneTLS", "ONLY_ONE_TLS", "caller");
  }
}

/**
 * The transport cannot start TLS in mid-stream (a WebSocket uses `wss:` instead), or is not set up for it. On the wire it
 * is `TLS_NOT_AVAILABLE`: then it is the peer's that cannot.
 */
export class TLSNotAvailable extends AmpError {
  static {
    identify(this, "TLSNotAvailable", "TLS_NOT_AVAILABLE", "caller");
  }
}

/** A file descriptor where none can go: no UNIX socket, no koffi, or TLS. The message says what to do. */
export class DescriptorsNotAvailable extends AmpError {
  static {
    identify(this, "DescriptorsNotAvailable", "DESCRIPTORS_NOT_AVAILABLE", "caller");
  }
}

/**
 * The command, or this end, demands TLS and the connection is still in plaintext. On the wire it is `TLS_REQUIRED`: then it
 * is the peer that demands it, and has not served the call.
 */
export class TLSRequired extends AmpError {
  static {
    identify(this, "TLSRequired", "TLS_REQUIRED", "caller");
  }
}

/** A key, certificate or list of authorities that cannot be used. Thrown before anything is sent. */
export class InvalidCertificate extends AmpError {
  static {
    identify(this, "InvalidCertificate", "INVALID_CERTIFICATE", "caller");
  }
}

/** The connection speaks another protocol now. Calls that were in progress reject with it: their answers never come. */
export class ProtocolSwitched extends AmpError {
  static {
    identify(this, "ProtocolSwitched", "PROTOCOL_SWITCHED", "caller");
  }
}

/** An upgrade with `requireQuiescent` found open calls. It closes the connection where the peer had agreed already. */
export class NotQuiescent extends AmpError {
  static {
    identify(this, "NotQuiescent", "NOT_QUIESCENT", "caller");
  }
}

/**
 * More was to be held or written than the limits allow. The message names the limit. As the reason of a closed connection:
 * the peer went on asking while that much was held back.
 */
export class LimitExceeded extends AmpError {
  static {
    identify(this, "LimitExceeded", "LIMIT_EXCEEDED", "caller");
  }
}

/** The call took longer than its `timeout`. It was sent, and its late answer will be dropped in silence. */
export class CallTimeout extends AmpError {
  static {
    identify(this, "CallTimeout", "CALL_TIMEOUT", "caller");
  }
}
