/** Errors caused by the program that uses the library. Unless a class says otherwise, nothing was sent. */
import { AmpError, identify } from "./amp-error.ts";

/**
 * Arguments or a response that do not fit the declaration of the command: one is missing, unknown, of the wrong type or
 * malformed. The message names it. Also a declaration that is invalid itself.
 */
export class InvalidSignature extends AmpError {
  static {
    identify(this, "InvalidSignature", "INVALID_SIGNATURE", "caller");
  }
}

/** A key over 255 bytes or a value over 65535 bytes, the limits of the wire format; also a value over its `maxBytes`. */
export class TooLong extends AmpError {
  static {
    identify(this, "TooLong", "TOO_LONG", "caller");
  }
}

/**
 * A transport that cannot be upgraded to TLS, or is not set up for it. Over a WebSocket use `wss:` instead. The wire code is
 * `TLS_NOT_AVAILABLE`: if it comes from the peer, the peer's transport cannot be upgraded.
 */
export class TLSNotAvailable extends AmpError {
  static {
    identify(this, "TLSNotAvailable", "TLS_NOT_AVAILABLE", "caller");
  }
}

/** A file descriptor on a connection that cannot carry one: no UNIX socket, no koffi, or TLS. The message names the fix. */
export class DescriptorsNotAvailable extends AmpError {
  static {
    identify(this, "DescriptorsNotAvailable", "DESCRIPTORS_NOT_AVAILABLE", "caller");
  }
}

/**
 * A call in plaintext although the command or this end requires TLS. The wire code is `TLS_REQUIRED`: if it comes from the
 * peer, the peer requires TLS and did not serve the call.
 */
export class TLSRequired extends AmpError {
  static {
    identify(this, "TLSRequired", "TLS_REQUIRED", "caller");
  }
}

/**
 * A queue or an output buffer over its limit. The message names the limit. If it is the reason of a closed connection, the
 * peer kept calling while the output was full.
 */
export class LimitExceeded extends AmpError {
  static {
    identify(this, "LimitExceeded", "LIMIT_EXCEEDED", "caller");
  }
}

/** A call that took longer than its `timeout`. It may have been sent; a later answer is dropped. */
export class CallTimeout extends AmpError {
  static {
    identify(this, "CallTimeout", "CALL_TIMEOUT", "caller");
  }
}
