/** Commands without an answer: published once. Their outcome is not known. */
import type { CallRules } from "./call.ts";
import { NoResponders } from "./errors.ts";
import type { SizedHeaders } from "./headers.ts";
import type { Link } from "./link.ts";

/**
 * Publishes a box. If there is no connection to NATS, it waits for one, up to `patience`.
 * @throws TooLong if it does not fit into a message; LimitExceeded if too many calls wait
 */
export function publishOnce(
  link: Link,
  { waiting, patience }: Pick<CallRules, "waiting" | "patience">,
  subject: string,
  box: Uint8Array,
  headers: SizedHeaders | undefined,
): void {
  if (link.watch.connected) {
    try {
      link.publish(subject, box, headers);
    } catch (error) {
      if (!(error instanceof NoResponders)) throw error; // the NATS client is closing
    }
    return;
  }
  const { clock, wakeUps } = link;
  const key = {};
  waiting.add(key, box.length);
  const end = () => {
    clock.clearTimeout(timer);
    wakeUps.delete(send);
    waiting.delete(key, box.length);
  };
  const send = () => {
    end();
    try {
      link.publish(subject, box, headers);
    } catch {
      // The connection has broken again, or the new server takes less: the outcome is unknown, as for any such command.
    }
  };
  const timer = clock.setTimeout(end, patience);
  wakeUps.add(send);
}
