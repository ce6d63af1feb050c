/** Commands without an answer: published once. Their outcome is not known. */
import { TLSRequired } from "../core/errors/caller.ts";
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
  /** Returns why the box may not be sent over the present connection to NATS, or undefined. */
  readonly secrecyProblem?: (() => string | undefined) | undefined;
  /** Called if the box was dropped when there was a connection: it may not be sent, or does not fit into a message. */
  readonly failed?: ((error: unknown) => void) | undefined;
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
  { signal, secrecyProblem, failed, ended }: Waiting = {},
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
      const problem = secrecyProblem?.();
      if (problem !== undefined)
        throw new TLSRequired(`a command without an answer was not sent: ${problem}`);
      link.publish(subject, box, headers);
    } catch (error) {
      // If the connection has broken again, the outcome is unknown, as for any such command.
      if (!(error instanceof NoResponders)) failed?.(error);
    }
  };
  const release = limitTime(clock, { timeout: patience, signal }, end);
  wakeUps.add(send);
  return end;
}
