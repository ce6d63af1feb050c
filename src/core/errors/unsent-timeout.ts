/** The error of the limit on the time in which the peer takes no unsent bytes. A module of its own: a page need not load it. */
import { identify } from "./amp-error.ts";
import { ConnectionLost } from "./transport.ts";

/** The peer took none of the bytes that were waiting to be sent for `unsentTimeout`: it does not read, or is gone. */
export class UnsentTimeout extends ConnectionLost {
  static {
    identify(this, "UnsentTimeout", "UNSENT_TIMEOUT", "transport");
  }
}
