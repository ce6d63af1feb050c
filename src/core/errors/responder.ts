/** Errors on the answering side. Their text never goes to the peer; they are reported to `onError`. */
import { AmpError, identify } from "./amp-error.ts";

/** A responder returned something that the command's response does not allow. The peer sees `UNKNOWN`. */
export class BadLocalReturn extends AmpError {
  static {
    identify(this, "BadLocalReturn", "BAD_LOCAL_RETURN", "responder");
  }
}
