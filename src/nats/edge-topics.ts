/** The topics that clients of an edge have joined: one subscription for each topic. */
import type { CommandType } from "../core/command/types.ts";
import { toError } from "../core/errors/to-error.ts";
import type { Fields } from "../core/schema/argument.ts";
import type { BoxLimits } from "../core/wire/box-limits.ts";
import { commandNameOf, PayloadReader, taggedBox } from "./boxes.ts";
import type { EdgeClient } from "./edge-client.ts";
import { headerOf, REQUIRE_TLS_HEADER } from "./headers.ts";
import type { NatsConnectionLike, NatsMessage, NatsSubscription } from "./nats-connection.ts";
import { checkRelayed, RelayedCommand } from "./passed-on.ts";
import { tokenOf } from "./subjects.ts";

interface Topic {
  readonly subscription: NatsSubscription;
  readonly clients: Set<EdgeClient>;
}

export class EdgeTopics {
  readonly #nats: NatsConnectionLike;
  readonly #service: string;
  readonly #limits: BoxLimits;
  readonly #report: (error: unknown) => void;
  readonly #reader = new PayloadReader();
  readonly #topics = new Map<string, Topic>();

  constructor(
    nats: NatsConnectionLike,
    service: string,
    limits: BoxLimits,
    report: (error: unknown) => void,
  ) {
    this.#nats = nats;
    this.#service = service;
    this.#limits = limits;
    this.#report = report;
  }

  /** Number of topics that have a client. */
  get size(): number {
    return this.#topics.size;
  }

  /** @throws InvalidSignature if the topic cannot be part of a subject */
  join(client: EdgeClient, topic: string): void {
    let joined = this.#topics.get(topic);
    if (joined === undefined) {
      const clients = new Set<EdgeClient>();
      const subscription = this.#nats.subscribe(`${this.#service}.event.${tokenOf(topic)}`, {
        callback: (error, message) => {
          if (error === null) this.#received(message, clients);
          else this.#rejected(topic, error);
        },
      });
      joined = { subscription, clients };
      this.#topics.set(topic, joined);
    }
    joined.clients.add(client);
    client.topics ??= new Set();
    client.topics.add(topic);
  }

  /** The server does not permit the subscription. The next join makes another one: the permissions may have changed. */
  #rejected(topic: string, error: unknown): void {
    this.#report(error);
    const joined = this.#topics.get(topic);
    this.#topics.delete(topic);
    for (const client of joined?.clients ?? []) client.topics?.delete(topic);
  }

  /** True if the topic has no subscription although a client has just joined it. */
  isNotPermitted(topic: string): boolean {
    return !this.#topics.has(topic);
  }

  leave(client: EdgeClient, topic: string): void {
    const joined = this.#topics.get(topic);
    client.topics?.delete(topic);
    if (joined === undefined || !joined.clients.delete(client) || joined.clients.size > 0) return;
    this.#topics.delete(topic);
    if (!this.#nats.isClosed() && !joined.subscription.isClosed()) joined.subscription.unsubscribe();
  }

  leaveAll(client: EdgeClient): void {
    for (const topic of [...(client.topics ?? [])]) this.leave(client, topic);
  }

  #received(message: NatsMessage, clients: ReadonlySet<EdgeClient>): void {
    let command: RelayedCommand;
    try {
      const frame = this.#reader.read(message.data, this.#limits);
      if (frame.command < 0 || frame.ask >= 0 || frame.answer >= 0 || frame.error >= 0)
        throw new TypeError("the message of a topic is not a command without an answer");
      const name = commandNameOf(frame);
      checkRelayed(name);
      const requireTLS = headerOf(message, REQUIRE_TLS_HEADER) !== undefined;
      command = new RelayedCommand(name, taggedBox(frame, -1), false, requireTLS);
    } catch (error) {
      return this.#report(error);
    }
    // RelayedCommand has no fields for types, which `callRemote` does not read.
    const erased = command as unknown as CommandType<Fields, Fields, false>;
    for (const { connection } of [...clients]) {
      // A client that closes, or asks for no more calls, still waits for the answers of its own calls.
      if (!connection.acceptsCalls || (command.requireTLS && !connection.secure)) continue;
      try {
        connection.callRemote(erased);
      } catch (error) {
        connection.destroy(toError(error)); // it does not read: its queue is at its limit
      }
    }
  }
}
