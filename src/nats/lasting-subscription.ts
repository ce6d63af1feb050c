/** A subscription that is made again after the NATS server has rejected it: permissions may change while a program runs. */
import type { Link } from "./link.ts";
import type { NatsMessage, NatsSubscription } from "./nats-connection.ts";
import type { NatsListener } from "./watch.ts";

/** Milliseconds until a rejected subscription is made again. */
const RETRY_MS = 30_000;

interface SubscriptionHandlers {
  /** Must not throw: the NATS client would stop reading permanently. */
  receive(message: NatsMessage): void;
  /** Called each time that the server rejects the subscription. */
  rejected(error: Error): void;
}

export class LastingSubscription implements NatsSubscription, NatsListener {
  readonly #link: Link;
  readonly #subject: string;
  readonly #queue: string | undefined;
  readonly #handlers: SubscriptionHandlers;
  #current: NatsSubscription;
  #timer: unknown;
  #isEnded = false;

  /** @throws an error of the NATS client */
  constructor(link: Link, subject: string, queue: string | undefined, handlers: SubscriptionHandlers) {
    this.#link = link;
    this.#subject = subject;
    this.#queue = queue;
    this.#handlers = handlers;
    this.#current = this.#subscribe();
    link.watch.listeners.add(this);
  }

  #subscribe(): NatsSubscription {
    const queue = this.#queue;
    return this.#link.nats.subscribe(this.#subject, {
      ...(queue !== undefined && { queue }),
      callback: (error, message) => {
        if (error === null) this.#handlers.receive(message);
        else this.#rejected(error);
      },
    });
  }

  #rejected(error: Error): void {
    if (this.#isEnded) return;
    const { clock } = this.#link;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(this.#again, RETRY_MS);
    this.#handlers.rejected(error);
  }

  /** The NATS client does not find a subscription of a queue group, whose group the error of a reload does not name. */
  subscriptionDenied(subject: string, error: Error): void {
    if (subject !== this.#subject || this.#timer !== undefined || this.#current.isClosed()) return;
    this.#current.unsubscribe();
    this.#rejected(error);
  }

  readonly #again = (): void => {
    this.#timer = undefined;
    if (this.#link.nats.isClosed() || this.#link.nats.isDraining()) return;
    this.#current = this.#subscribe();
  };

  #end(): void {
    this.#isEnded = true;
    this.#link.watch.listeners.delete(this);
    this.#link.clock.clearTimeout(this.#timer);
  }

  unsubscribe(): void {
    this.#end();
    if (!this.#link.nats.isClosed() && !this.#current.isClosed()) this.#current.unsubscribe();
  }

  async drain(): Promise<void> {
    this.#end();
    // The NATS client has closed one that the server has rejected.
    if (!this.#link.nats.isClosed() && !this.#current.isClosed()) await this.#current.drain();
  }

  isClosed(): boolean {
    return this.#isEnded && this.#current.isClosed();
  }
}
