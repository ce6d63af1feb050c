/** The error of a call that NATS could not bring to a callee. */
import { identify } from "../core/errors/amp-error.ts";
import { Unavailable } from "../core/errors/peer.ts";

/**
 * A call that was not executed: no worker serves the command now, every worker that was asked is at its limit, the client is
 * not connected any more, or there is no connection to NATS. The call may be made again, whether it is idempotent or not.
 */
export class NoResponders extends Unavailable {
  static {
    identify(this, "NoResponders", "NO_RESPONDERS", "peer");
  }
}

/** A message that the permissions of the NATS server do not allow. Another attempt would fail too. */
export class NotPermitted extends NoResponders {}

/** Returns the error for a message without a caller that would learn of it. @param who publishes it, for the message */
export function notPermittedTo(who: string, subject: string): NotPermitted {
  return new NotPermitted(`the NATS server does not permit ${who} to publish to ${subject}`);
}

/** No subscription exists for the subject, or the client has disconnected. */
export class NoReceiver extends NoResponders {}
