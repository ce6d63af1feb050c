/** Errors caused by a responder. They are passed to `onError`; their text is never sent to the peer. */
import { AmpError, identify } from "./amp-error.ts";

/**
 * A return value of a responder that does not fit the declared response, or an error whose data does not fit its declaration.
 * The peer gets the error code `UNKNOWN`.
 */
export class BadLocalReturn extends AmpError {
  static {
    identify(this, "BadLocalReturn", "BAD_LOCAL_RETURN", "responder");
  }
}
