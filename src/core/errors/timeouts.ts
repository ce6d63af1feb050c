/** Errors of the features that watch a silent or slow peer. A module of their own: a page without the features does not load them. */
import { AmpError, identify } from "./amp-error.ts";
import { ConnectionLost } from "./transport.ts";

/** A box that was not complete within `boxTimeout`. The connection is closed. */
export class BoxTimeout extends AmpError {
  static {
    identify(this, "BoxTimeout", "BOX_TIMEOUT", "peer");
  }
}

/** The peer sent nothing for `idleTimeout` milliseconds. */
export class IdleTimeout extends ConnectionLost {
  static {
    identify(this, "IdleTimeout", "IDLE_TIMEOUT", "transport");
  }
}

/** The peer sent nothing within the `timeout` of a heartbeat. */
export class HeartbeatTimeout extends ConnectionLost {
  static {
    identify(this, "HeartbeatTimeout", "HEARTBEAT_TIMEOUT", "transport");
  }
}
