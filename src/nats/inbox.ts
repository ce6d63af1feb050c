/** The inbox of a link: the subscription for the answers to all its calls. */
import type { Clock } from "../core/transport.ts";
import { NotPermitted } from "./errors.ts";
import type { NatsConnectionLike, NatsMessage, NatsSubscription } from "./nats-connection.ts";
import { randomId } from "./platform.ts";
import type { NatsWatch } from "./watch.ts";

/** Shortest time between two looks at an inbox that the server has refused. */
const LOOK_MS = 1_000;

interface InboxHandlers {
  received(message: NatsMessage): void;
  /** The server does not permit the inbox: no answer can arrive. */
  refused(error: NotPermitted): void;
}

export class Inbox {
  /** An answer comes to this subject, a dot and the tag of its call. */
  readonly subject: string;
  readonly #nats: NatsConnectionLike;
  readonly #clock: Clock;
  readonly #watch: NatsWatch;
  readonly #handlers: InboxHandlers;
  #isOpen = false;
  #problem: NotPermitted | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(
    nats: NatsConnectionLike,
    clock: Clock,
    watch: NatsWatch,
    prefix: string,
    handlers: InboxHandlers,
  ) {
    this.subject = `${prefix}.${randomId()}`;
    this.#nats = nats;
    this.#clock = clock;
    this.#watch = watch;
    this.#handlers = handlers;
  }

  /** Subscribes to the answers, before the first call. @throws NotPermitted if the server has refused the inbox */
  open(): void {
    if (this.#problem !== undefined) {
      this.#look();
      throw this.#problem;
    }
    if (!this.#isOpen) this.#subscribe();
  }

  #subscribe(): NatsSubscription {
    this.#isOpen = true;
    return this.#nats.subscribe(`${this.subject}.*`, {
      callback: (error, message) => {
        // The NATS client stops reading permanently if a callback throws.
        if (error === null) this.#handlers.received(message);
        else this.#refused(error);
      },
    });
  }

  #refused(cause: Error): void {
    const text = `the NATS server does not permit this user to receive answers on ${this.subject}: set inboxPrefix`;
    this.#problem = new NotPermitted(text, { cause });
    this.#handlers.refused(this.#problem);
  }

  /** Looks whether the server permits the inbox meanwhile. A call whose answer could not arrive is no way to find out. */
  #look(): void {
    const now = this.#clock.now();
    if (now - this.#lookedAt < LOOK_MS || !this.#watch.connected) return;
    this.#lookedAt = now;
    try {
      const subscription = this.#subscribe();
      const permitted = () => {
        if (!subscription.isClosed()) this.#problem = undefined;
      };
      this.#nats.flush().then(permitted, ignore); // the server answers in order: its refusal comes first
    } catch {
      // The NATS client is closing.
    }
  }

  /** The permissions may have changed. The NATS client has dropped a subscription that was refused. */
  reconnected(): void {
    if (this.#problem !== undefined) this.#isOpen = false;
    this.#problem = undefined;
  }
}

function ignore(): void {}
