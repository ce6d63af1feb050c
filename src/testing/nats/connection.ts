/** A connection to the NATS server in memory. */
import { type MemoryMessage, type PublishedHeaders, receivedHeaders, sizeOf } from "./message.ts";
import type { MemoryNatsServer } from "./server.ts";
import { StatusQueue } from "./status-queue.ts";
import { type MemoryCallback, MemorySubscription } from "./subscription.ts";

/** Options of one connection. */
export interface MemoryNatsConnectionOptions {
  /** Address that `getServer()` returns. Default `127.0.0.1:4222`: an address of this machine. */
  readonly server?: string | undefined;
  /** True if the connection counts as encrypted. Default false. */
  readonly tls?: boolean | undefined;
  /** Returns false for a subject that this user may not publish to. Default: every subject is permitted. */
  readonly mayPublish?: ((subject: string) => boolean) | undefined;
  /** Returns false for a subject that this user may not subscribe to. Default: every subject is permitted. */
  readonly maySubscribe?: ((subject: string) => boolean) | undefined;
}

declare const queueMicrotask: (callback: () => void) => void;

/** Microtasks from a message that is published to its arrival. */
const STEPS_TO_ARRIVAL = 4;

/** A connection to a {@link memoryNats}. Pass it to the functions of `ampwire/nats`. */
export class MemoryNatsConnection {
  readonly #server: MemoryNatsServer;
  readonly #options: MemoryNatsConnectionOptions;
  readonly #own = new Set<MemorySubscription>();
  readonly #statuses = new Set<StatusQueue>();
  #state: "connected" | "disconnected" | "closed" = "connected";
  #broken = false;
  /** Number of times that the connection has broken. */
  epoch = 0;
  /**
   * Error that a callback of a subscription has thrown. From then on the connection receives nothing, as with the NATS client.
   * A test should check that it is undefined.
   */
  thrown: unknown;

  constructor(server: MemoryNatsServer, options: MemoryNatsConnectionOptions) {
    this.#server = server;
    this.#options = options;
    server.connections.add(this);
  }

  get connected(): boolean {
    return this.#state === "connected";
  }

  /** Facts about the server; undefined without a connection to it. */
  get info(): { readonly max_payload: number; readonly tls_required: boolean } | undefined {
    if (!this.connected) return undefined;
    return { max_payload: this.#server.maxPayload, tls_required: this.#options.tls === true };
  }

  getServer(): string {
    return this.#options.server ?? "127.0.0.1:4222";
  }

  /** Number of subscriptions of this connection. */
  get subscriptionCount(): number {
    return this.#own.size;
  }

  /** @throws Error for a message that is too large, and after `close()`. While disconnected the message is lost */
  publish(
    subject: string,
    payload: Uint8Array = new Uint8Array(0),
    options: { reply?: string; headers?: PublishedHeaders } = {},
  ): void {
    this.#checkOpen(subject);
    if (sizeOf(payload, options.headers) > this.#server.maxPayload)
      throw new Error("payload: max_payload size exceeded");
    const { mayPublish } = this.#options;
    if (mayPublish?.(subject) === false) return this.#deny("publish", subject);
    const message: MemoryMessage = {
      subject,
      reply: options.reply || undefined,
      data: payload.slice(),
      headers: receivedHeaders(options.headers),
    };
    if (!this.connected) return;
    const { epoch } = this;
    queueMicrotask(() => {
      if (this.epoch === epoch) this.#server.route(message, this);
    });
  }

  subscribe(
    subject: string,
    { queue, callback }: { queue?: string; callback: MemoryCallback },
  ): MemorySubscription {
    this.#checkOpen(subject);
    const subscription = new MemorySubscription(this, subject, queue, callback, (one) => {
      this.#own.delete(one);
      this.#server.subscriptions.delete(one);
    });
    const { maySubscribe } = this.#options;
    if (maySubscribe?.(subject) === false) {
      queueMicrotask(() => subscription.reject(this.#denied("subscription", subject)));
      return subscription;
    }
    this.#own.add(subscription);
    this.#server.subscriptions.add(subscription);
    return subscription;
  }

  /** Resolves when the server has received what was published before, and what it sent meanwhile has arrived. */
  async flush(): Promise<void> {
    for (let step = 0; step < STEPS_TO_ARRIVAL; step++) await undefined;
    if (!this.connected) throw new Error("connection disconnected");
  }

  status(): AsyncIterable<{ readonly type: string; readonly error?: unknown }> {
    const queue = new StatusQueue();
    if (this.#state === "closed") queue.end();
    else this.#statuses.add(queue);
    return queue;
  }

  isClosed(): boolean {
    return this.#state === "closed";
  }

  isDraining(): boolean {
    return false;
  }

  /** Breaks the connection. What is on its way in either direction is lost. */
  disconnect(): void {
    if (!this.connected) return;
    this.#state = "disconnected";
    this.epoch++;
    this.#tell({ type: "disconnect" });
  }

  /** Connects again after {@link disconnect}. The subscriptions are made again. */
  reconnect(): void {
    if (this.#state !== "disconnected") return;
    this.#state = "connected";
    this.#tell({ type: "reconnect" });
  }

  /** Closes the connection permanently. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.epoch++;
    for (const subscription of [...this.#own]) subscription.unsubscribe();
    this.#server.connections.delete(this);
    this.#tell({ type: "close" });
    for (const queue of this.#statuses) queue.end();
  }

  /** Runs a callback of a subscription. After one that throws, the NATS client receives nothing. */
  run(callback: () => void): void {
    if (this.#broken || this.#state === "closed") return;
    try {
      callback();
    } catch (error) {
      this.#broken = true;
      this.thrown = error;
    }
  }

  #checkOpen(subject: string): void {
    if (this.#state === "closed") throw new Error("closed connection");
    if (subject === "" || /\s/.test(subject)) throw new Error(`illegal subject: ${JSON.stringify(subject)}`);
  }

  #deny(operation: string, subject: string): void {
    queueMicrotask(() => this.#denied(operation, subject));
  }

  #denied(operation: string, subject: string): Error {
    const error = Object.assign(new Error(`Permissions Violation for ${operation} to "${subject}"`), {
      operation,
      subject,
    });
    this.#tell({ type: "error", error });
    return error;
  }

  #tell(status: { readonly type: string; readonly error?: unknown }): void {
    for (const queue of this.#statuses) queue.push(status);
  }
}
