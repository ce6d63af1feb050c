/** Errors of the transport between the two ends. */
import { AmpError, identify } from "./amp-error.ts";
import { setStackLimit } from "./stack-limit.ts";

/** The connection was lost. `cause` is the underlying error, if there is one. */
export class ConnectionLost extends AmpError {
  static {
    identify(this, "ConnectionLost", "CONNECTION_LOST", "transport");
  }
}

/**
 * The connection was closed in order: by `close()` or `destroy()` on this end, or by the peer between two boxes. It has no
 * stack, because every connection ends with such an error.
 */
export class ConnectionClosed extends ConnectionLost {
  constructor(...given: ConstructorParameters<typeof ConnectionLost>) {
    const limit = setStackLimit(0);
    super(...given);
    setStackLimit(limit);
  }

  static {
    identify(this, "ConnectionClosed", "CONNECTION_CLOSED", "transport");
  }
}

/** A connection could not be opened. `cause` is the error of the system, if there is one. */
export class ConnectFailed extends AmpError {
  static {
    identify(this, "ConnectFailed", "CONNECT_FAILED", "transport");
  }
}

/**
 * The callee of a call over NATS, or the way to it, was lost before the answer. The call may have been executed. The error code
 * on the wire, from an edge to its client, is `LOST`.
 */
export class ResponderLost extends ConnectionLost {
  static {
    identify(this, "ResponderLost", "RESPONDER_LOST", "transport");
  }
}
