/** The error of calls after a protocol switch. A module of its own: a connection without the feature does not load it. */
import { AmpError, identify } from "./amp-error.ts";

/** A call on a connection that has switched to another protocol. Calls that were in progress also reject with it. */
export class ProtocolSwitched extends AmpError {
  static {
    identify(this, "ProtocolSwitched", "PROTOCOL_SWITCHED", "caller");
  }
}
