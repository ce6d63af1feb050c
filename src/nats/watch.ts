/** The state of a NATS connection: whether it is connected, and what its server does not permit. */
import { reportError } from "../core/connection/report.ts";
import { toError } from "../core/errors/to-error.ts";
import type { NatsConnectionLike } from "./nats-connection.ts";

/** Receives the changes of a NATS connection. */
export interface NatsListener {
  /** The connection to the server has broken. What was published just before may be lost. */
  disconnected?(): void;
  /** There is a connection again, and all subscriptions are made again. */
  reconnected?(): void;
  /** The connection is closed permanently. */
  closed?(): void;
  /** The server has rejected a message to this subject, because its permissions do not allow it. */
  denied?(subject: string): void;
  /** The server has rejected or ended a subscription to this subject, because its permissions do not allow it. */
  subscriptionDenied?(subject: string, error: Error): void;
}

const watches = new WeakMap<NatsConnectionLike, NatsWatch>();

/** Returns the watch of a connection: all users of the connection share it. */
export function watchOf(nats: NatsConnectionLike): NatsWatch {
  let watch = watches.get(nats);
  if (watch === undefined) {
    watch = new NatsWatch(nats);
    watches.set(nats, watch);
  }
  return watch;
}

export class NatsWatch {
  readonly listeners = new Set<NatsListener>();
  readonly #nats: NatsConnectionLike;
  #connected: boolean;

  constructor(nats: NatsConnectionLike) {
    this.#nats = nats;
    // It may have broken before, and connect again. The double of a test may lack the property.
    this.#connected = !("info" in nats) || nats.info !== undefined;
    this.#run().catch((error: unknown) => {
      this.#lost(); // nothing tells when the connection breaks
      reportError(undefined, error, { command: undefined, connection: undefined });
    });
  }

  /** False while a published message would be lost: the NATS client drops messages while it is not connected. */
  get connected(): boolean {
    return this.#connected && !this.#nats.isClosed();
  }

  async #run(): Promise<void> {
    for await (const { type, error } of this.#nats.status()) {
      if (type === "disconnect") this.#lost();
      else if (type === "reconnect") {
        // The disconnection may have come before this watch: a message from that time is lost too.
        this.#lost();
        this.#connected = true;
        for (const listener of [...this.listeners]) listener.reconnected?.();
      } else if (type === "error") this.#failed(error);
    }
    this.#lost();
    for (const listener of [...this.listeners]) listener.closed?.();
  }

  #lost(): void {
    this.#connected = false;
    for (const listener of [...this.listeners]) listener.disconnected?.();
  }

  /** The error of a permission names an operation and a subject. */
  #failed(error: unknown): void {
    const { operation, subject } = (error ?? {}) as { operation?: unknown; subject?: unknown }; // only read
    if (typeof subject !== "string") return;
    for (const listener of [...this.listeners]) {
      if (operation === "publish") listener.denied?.(subject);
      else if (operation === "subscription") listener.subscriptionDenied?.(subject, toError(error));
    }
  }
}
