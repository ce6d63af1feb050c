/** What happened to the stream between the two ends. */
import { AmpError, identify } from "./amp-error.ts";

/** The connection is gone. `cause` says why, where something is known. */
export class ConnectionLost extends AmpError {
  static {
    identify(this, "ConnectionLost", "CONNECTION_LOST", "transport");
  }
}

/** The connection was closed in an orderly way: by `close()` here, or by the peer between two boxes. */
export class ConnectionClosed extends ConnectionLost {
  static {
    identify(this, "ConnectionClosed", "CONNECTION_CLOSED", "transport");
  }
}

/** Nothing came from the peer for `idleTimeout` milliseconds. */
export class IdleTimeout extends ConnectionLost {
  static {
    identify(this, "IdleTimeout", "IDLE_TIMEOUT", "transport");
  }
}

/** The peer gave no sign of life when the heartbeat asked for one. */
export class HeartbeatTimeout extends ConnectionLost {
  static {
    identify(this, "HeartbeatTimeout", "HEARTBEAT_TIMEOUT", "transport");
  }
}

/** No connection could be opened. `cause` is the system's own error. */
export class ConnectFailed extends AmpError {
  static {
    identify(this, "ConnectFailed", "CONNECT_FAILED", "transport");
  }
}
