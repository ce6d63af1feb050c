/** The error of a second TLS. A module of its own: a page over `wss:` loads it, and not the other errors of TLS. */
import { AmpError, identify } from "./amp-error.ts";

/** StartTLS on a connection that is inside TLS already, by StartTLS or from its first byte. The wire code is `TLS_ERROR`. */
export class OnlyOneTLS extends AmpError {
  static {
    identify(this, "OnlyOneTLS", "ONLY_ONE_TLS", "caller");
  }
}
