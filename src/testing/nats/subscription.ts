/** A subscription of a connection in memory. */
import type { MemoryMessage } from "./message.ts";

/** The connection of a subscription. */
export interface SubscriptionOwner {
  readonly connected: boolean;
  /** Number of times that the connection has broken. */
  readonly epoch: number;
  /** Runs a callback of the program. */
  run(callback: () => void): void;
  isClosed(): boolean;
  flush(): Promise<void>;
}

export type MemoryCallback = (error: Error | null, message: MemoryMessage) => void;

export class MemorySubscription {
  readonly connection: SubscriptionOwner;
  readonly subject: string;
  readonly queue: string | undefined;
  readonly #callback: MemoryCallback;
  readonly #remove: () => void;
  #closed = false;

  constructor(
    connection: SubscriptionOwner,
    subject: string,
    queue: string | undefined,
    callback: MemoryCallback,
    remove: (subscription: MemorySubscription) => void,
  ) {
    this.connection = connection;
    this.subject = subject;
    this.queue = queue;
    this.#callback = callback;
    this.#remove = () => remove(this);
  }

  receive(message: MemoryMessage): void {
    if (!this.#closed) this.connection.run(() => this.#callback(null, message));
  }

  /** The server does not permit this subscription. */
  reject(error: Error): void {
    this.unsubscribe();
    // The NATS client passes an empty object in place of a message.
    this.connection.run(() => this.#callback(error, {} as MemoryMessage));
  }

  unsubscribe(): void {
    this.#closed = true;
    this.#remove();
  }

  /** Ends the subscription. Messages that are on their way still arrive. */
  async drain(): Promise<void> {
    if (this.connection.isClosed()) throw new Error("closed connection");
    if (this.#closed) throw new Error("subscription is already closed");
    this.#remove();
    await this.connection.flush().catch(() => {});
    this.#closed = true;
  }

  isClosed(): boolean {
    return this.#closed;
  }
}
