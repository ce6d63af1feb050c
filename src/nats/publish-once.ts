/** Commands without an answer: published once. Their outcome is not known. */
import type { AbortSignalLike } from "../core/platform.ts";
import { limitTime } from "../core/time-limit.ts";
import type { CallRules } from "./call.ts";
import { NoResponders } from "./errors.ts";
import type { SizedHeaders } from "./headers.ts";
import type { Link } from "./link.ts";

/** A box that waits for a connection to NATS. */
interface Waiting {
  /** Drops the box when it is aborted. */
  readonly signal?: AbortSignalLike | undefined;
  /** Called when the box was published or dropped. */
  readonly ended?: (() => void) | undefined;
}

/**
 * Publishes a box. If there is no connection to NATS, it waits for one, up to `patience`.
 * @returns if the box waits, a function that drops it
 * @throws TooLong if it does not fit into a message; LimitExceeded if too many calls wait
 */
export function publishOnce(
  link: Link,
  { waiting, patience }: Pick<CallRules, "waiting" | "patience">,
  subject: string,
  box: Uint8Array,
  headers: SizedHeaders | undefined,
  { signal, ended }: Waiting = {},
): (() => void) | undefined {
  if (link.watch.connected) {
    try {
      link.publish(subject, box, headers);
    } catch (error) {
      if (!(error instanceof NoResponders)) throw error; // the NATS client is closing
    }
    return undefined;
  }
  const { clock, wakeUps } = link;
  const key = {};
  waiting.add(key, box.length);
  const end = () => {
    release();
    wakeUps.delete(send);
    waiting.delete(key, box.length);
    ended?.();
  };
  const send = () => {
    end();
    try {
      link.publish(subject, box, headers);
    } catch {
      // The connection has broken again, or the new server takes less: the outcome is unknown, as for any such command.
    }
  };
  const release = limitTime(clock, { timeout: patience, signal }, end);
  wakeUps.add(send);
  return end;
}
