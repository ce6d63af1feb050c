/** Asks whether a service has any worker, by NATS's own service protocol. */
import { NO_RECEIVER } from "./headers.ts";
import type { Link } from "./link.ts";
import { randomId } from "./platform.ts";

/** Milliseconds to wait for a worker to answer. The server reports at once that there is none. */
const PING_MS = 1_000;

const pings = new WeakMap<Link, Map<string, Promise<boolean>>>();

/** Returns true if a worker of the service answers. Calls at the same time share one question. */
export function anyWorker(link: Link, service: string): Promise<boolean> {
  let asked = pings.get(link);
  if (asked === undefined) {
    asked = new Map();
    pings.set(link, asked);
  }
  let answer = asked.get(service);
  if (answer === undefined) {
    const inProgress = asked;
    answer = ping(link, service).finally(() => inProgress.delete(service));
    asked.set(service, answer);
  }
  return answer;
}

function ping({ nats, clock, inboxPrefix, watch }: Link, service: string): Promise<boolean> {
  if (!watch.connected) return Promise.resolve(false);
  return new Promise((resolve) => {
    const subject = `${inboxPrefix}.${randomId()}`;
    const end = (exists: boolean) => {
      clock.clearTimeout(timer);
      try {
        subscription?.unsubscribe();
      } catch {
        // The NATS connection has been closed.
      }
      resolve(exists);
    };
    const timer = clock.setTimeout(() => end(false), PING_MS);
    let subscription: ReturnType<typeof nats.subscribe> | undefined;
    try {
      subscription = nats.subscribe(subject, {
        callback: (error, message) =>
          end(error === null && !(message.data.length === 0 && message.headers?.code === NO_RECEIVER)),
      });
      nats.publish(`$SRV.PING.${service}`, new Uint8Array(0), { reply: subject });
    } catch {
      end(false);
    }
  });
}
