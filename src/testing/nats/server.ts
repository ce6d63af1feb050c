/** The routing of messages to subscriptions. */
import type { Clock } from "../../core/transport.ts";
import type { MemoryMessage } from "./message.ts";
import { matchesSubject } from "./subject.ts";
import type { MemorySubscription, SubscriptionOwner } from "./subscription.ts";

/** See `NatsFault`, which has the documentation. */
interface Fault {
  readonly lose?: boolean | undefined;
  readonly delay?: number | undefined;
  readonly duplicate?: boolean | undefined;
  readonly reorder?: boolean | undefined;
}

/** A connection to the server. */
interface ServerConnection extends SubscriptionOwner {
  disconnect(): void;
  reconnect(): void;
}

declare const queueMicrotask: (callback: () => void) => void;

const NO_RESPONDERS = { code: 503, get: () => "" };

export class MemoryNatsServer {
  readonly maxPayload: number;
  readonly connections = new Set<ServerConnection>();
  readonly subscriptions = new Set<MemorySubscription>();
  fault: ((message: MemoryMessage) => Fault | undefined) | undefined;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Deliveries that wait for the next one to the same connection. */
  readonly #overtaken = new Map<SubscriptionOwner, (() => void)[]>();

  constructor(
    clock: Clock,
    maxPayload: number,
    fault: ((message: MemoryMessage) => Fault | undefined) | undefined,
    random: () => number,
  ) {
    this.#clock = clock;
    this.maxPayload = maxPayload;
    this.fault = fault;
    this.#random = random;
  }

  /** Brings a message to its subscriptions. If there are none, the publisher learns it at once. */
  route(message: MemoryMessage, publisher: SubscriptionOwner): void {
    const receivers = this.#receivers(message.subject);
    for (const receiver of receivers) this.#deliver(message, receiver);
    const { reply } = message;
    if (receivers.length > 0 || !reply) return;
    const status = { subject: reply, reply: undefined, data: new Uint8Array(0), headers: NO_RESPONDERS };
    for (const subscription of this.subscriptions) {
      if (subscription.connection === publisher && matchesSubject(subscription.subject, reply))
        this.#deliver(status, subscription);
    }
  }

  /** Returns every subscription without a queue group, and one of each queue group. */
  #receivers(subject: string): MemorySubscription[] {
    const receivers: MemorySubscription[] = [];
    const groups = new Map<string, MemorySubscription[]>();
    for (const subscription of this.subscriptions) {
      if (!subscription.connection.connected || !matchesSubject(subscription.subject, subject)) continue;
      const { queue } = subscription;
      if (queue === undefined) receivers.push(subscription);
      else groups.set(queue, [...(groups.get(queue) ?? []), subscription]);
    }
    for (const members of groups.values()) {
      const chosen = members[Math.floor(this.#random() * members.length)];
      if (chosen !== undefined) receivers.push(chosen);
    }
    return receivers;
  }

  #deliver(message: MemoryMessage, subscription: MemorySubscription): void {
    const { lose = false, delay = 0, duplicate = false, reorder = false } = this.fault?.(message) ?? {};
    if (lose) return;
    const { connection } = subscription;
    // A connection that has broken meanwhile does not get what was sent on it.
    const { epoch } = connection;
    const arrive = () => {
      if (connection.epoch === epoch) subscription.receive(message);
    };
    const deliver = () => {
      arrive();
      if (duplicate) arrive();
      const overtaken = this.#overtaken.get(connection);
      if (reorder || overtaken === undefined) return;
      this.#overtaken.delete(connection);
      for (const later of overtaken) later();
    };
    if (reorder) this.#overtaken.set(connection, [...(this.#overtaken.get(connection) ?? []), deliver]);
    else if (delay > 0) this.#clock.setTimeout(deliver, delay);
    else queueMicrotask(deliver);
  }
}
