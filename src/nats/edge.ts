/** Edges: they accept AMP clients, and bring calls to workers and back. An edge has no state but its connections. */
import type { CloseOptions, ResponderContext } from "../core/command/types.ts";
import { reportError } from "../core/connection/report.ts";
import { InvalidSignature } from "../core/errors/caller.ts";
import { MalformedAmpBox } from "../core/errors/peer.ts";
import { toError } from "../core/errors/to-error.ts";
import { ConnectionClosed } from "../core/errors/transport.ts";
import { checkPositive } from "../core/number-option.ts";
import type { ResponderLocator } from "../core/serving/locator.ts";
import { limitTime } from "../core/time-limit.ts";
import { encodeBox } from "../core/wire/box-writer.ts";
import { shownValue } from "../core/wire/value-text.ts";
import { ClientAsks } from "./client-asks.ts";
import { serveControl } from "./control.ts";
import { EdgeClient, type EdgeConnection } from "./edge-client.ts";
import { EDGE_OPTIONS, type EdgeOptions } from "./edge-options.ts";
import { EdgeTopics } from "./edge-topics.ts";
import { notPermittedTo } from "./errors.ts";
import { Forwarder } from "./forwarder.ts";
import { NO_RECEIVER, NOT_A_BOX } from "./headers.ts";
import { LastingSubscription } from "./lasting-subscription.ts";
import type { Link } from "./link.ts";
import type { NatsConnectionLike, NatsMessage } from "./nats-connection.ts";
import {
  checkAffinity,
  checkClose,
  checkNats,
  checkOptions,
  DISPOSE_TIMEOUT_MS,
  limitsOf,
  linkFor,
} from "./options.ts";
import { randomId } from "./platform.ts";
import { started } from "./started.ts";
import { checkService, lastToken, replyProblem } from "./subjects.ts";
import type { NatsListener } from "./watch.ts";

const EMPTY = new Uint8Array(0);
const DEFAULT_HEARTBEAT_MS = 1_000;
/** Clients whose end is reported to the workers after a break of the NATS connection. */
const MAX_UNREPORTED = 10_000;

/**
 * Starts an edge. Pass its `locator` and its `accept` to a server: `listen({ locator: front.locator, onConnection: front.accept })`,
 * or call `front.accept(connection)` for each connection of `attach`. Resolves when the NATS server knows the edge.
 * @param nats a connection of `@nats-io/transport-node`, or any other connection of `@nats-io/nats-core`
 * @throws ConnectionLost if there is no connection to NATS, or the server does not permit the subscriptions
 * @throws InvalidSignature, RangeError, TypeError for invalid options
 */
export async function edge(nats: NatsConnectionLike, options: EdgeOptions): Promise<NatsEdge> {
  checkNats("edge", nats);
  checkOptions("edge", options, EDGE_OPTIONS);
  checkService("edge", options?.service);
  checkPositive({ heartbeat: options.heartbeat });
  checkAffinity("edge", options.affinity);
  return await started(nats, () => new NatsEdge(nats, options), "an edge");
}

/** An edge. `edge` creates it. */
export class NatsEdge implements AsyncDisposable, NatsListener {
  /** Id of this edge: the second part of the addresses of its clients. */
  readonly id: string = randomId();
  readonly #nats: NatsConnectionLike;
  readonly #link: Link;
  readonly #options: EdgeOptions;
  readonly #clients = new Map<string, EdgeClient>();
  readonly #byConnection = new WeakMap<object, EdgeClient>();
  readonly #forwarder: Forwarder;
  readonly #topics: EdgeTopics;
  readonly #asks: ClientAsks;
  readonly #subscriptions: readonly LastingSubscription[];
  #unreported: string[] = [];
  #count = 0;
  #notPermitted: unknown;
  #isStarted = false;
  #isEnded = false;
  #idle: (() => void)[] = [];
  /** Responders of the commands that are forwarded, for the server's option `locator`. */
  readonly locator: ResponderLocator;

  /** Use `edge`, which checks the options. @throws InvalidSignature, RangeError, TypeError for invalid options */
  constructor(nats: NatsConnectionLike, options: EdgeOptions) {
    const { service, heartbeat = DEFAULT_HEARTBEAT_MS } = options;
    this.#nats = nats;
    this.#options = options;
    this.#link = linkFor(nats, options);
    this.#forwarder = new Forwarder(this.#link, options, {
      clientOf: (context) => this.#clientOf(context),
      report: (error, command) => this.#report(error, command),
      callEnded: () => this.#checkIdle(),
      isEnded: () => this.#isEnded,
    });
    const { responders } = this.#forwarder;
    this.locator = {
      locateResponder: (name) => responders.get(name),
      names: () => [...responders.keys()],
    };
    const limits = limitsOf(options);
    const report = (error: unknown, command?: string) => this.#report(error, command);
    this.#topics = new EdgeTopics(nats, service, limits, report);
    this.#asks = new ClientAsks(
      this.#link,
      service,
      limits,
      heartbeat,
      (id) => this.#clients.get(id),
      report,
    );
    this.#link.watch.listeners.add(this);
    this.#subscriptions = [
      this.#subscribe(`${service}.client.${this.id}.*`, (message) => this.#asks.receive(message)),
      this.#subscribe(`${service}.join.${this.id}.*`, (message) => this.#control(message)),
    ];
  }

  #subscribe(subject: string, receive: (message: NatsMessage) => void): LastingSubscription {
    return new LastingSubscription(this.#link, subject, undefined, {
      receive,
      rejected: (error) => {
        this.#notPermitted ??= error;
        if (this.#isStarted) this.#report(error, undefined);
      },
    });
  }

  /** Accepts a connection: for the option `onConnection` of a server. Calling it again has no effect. */
  readonly accept = (connection: EdgeConnection): void => {
    if (typeof connection?.callRemote !== "function" || typeof connection.closed?.then !== "function")
      throw new InvalidSignature(`accept needs a connection, not ${shownValue(connection)}`);
    this.#accepted(connection);
  };

  #accepted(connection: EdgeConnection): EdgeClient {
    let client = this.#byConnection.get(connection);
    if (client !== undefined) return client;
    const number = (++this.#count).toString(36);
    client = new EdgeClient(connection, `${this.id}.${number}`);
    const accepted = client;
    this.#byConnection.set(connection, client);
    this.#clients.set(number, client);
    void connection.closed.then((reason) => {
      this.#clients.delete(number);
      this.#gone(accepted, reason);
    });
    return client;
  }

  /** Connections of a server that does not call `accept` are accepted with their first ask. */
  #clientOf({ connection, signal }: ResponderContext): EdgeClient {
    const client = this.#accepted(connection);
    if (!client.isKnown) {
      client.isKnown = true;
      // A client that has ended its side waits for nothing. Its connection ends when its calls have.
      signal.addEventListener("abort", () => this.#gone(client, toError(signal.reason)), { once: true });
    }
    return client;
  }

  /** A client waits for nothing any more, or has disconnected: its calls end, and workers abort its asks. */
  #gone(client: EdgeClient, reason: Error): void {
    client.hasGone = true;
    this.#topics.leaveAll(client);
    for (const call of [...client.calls]) call.abandon(reason);
    if (!client.isKnown || client.isReported || this.#nats.isClosed()) return;
    client.isReported = true;
    if (this.#link.watch.connected) this.#reportGone(client.id);
    else if (this.#unreported.length < MAX_UNREPORTED) this.#unreported.push(client.id);
  }

  #reportGone(client: string): void {
    try {
      this.#nats.publish(`${this.#options.service}.gone.${client}`, EMPTY);
    } catch {
      // The NATS connection is closing. Workers notice later that the edge has gone.
    }
  }

  /** The server has rejected a message of this edge: a report that a client has gone, or an answer. */
  denied(subject: string): void {
    const isReport = subject.startsWith(`${this.#options.service}.gone.${this.id}.`);
    if (isReport || this.#asks.isReply(subject)) this.#report(notPermittedTo("the edge", subject), undefined);
  }

  /** The NATS connection is closed permanently: nothing is subscribed again. */
  closed(): void {
    for (const one of this.#subscriptions) one.unsubscribe();
  }

  /** There is a connection to NATS again. */
  reconnected(): void {
    for (const client of this.#unreported.splice(0)) this.#reportGone(client);
  }

  #control(message: NatsMessage): void {
    const reply = message.reply || undefined;
    const problem = replyProblem(this.#options.service, reply);
    if (problem !== undefined) return this.#report(new MalformedAmpBox(problem), undefined);
    try {
      const client = this.#clients.get(lastToken(message.subject));
      const answer = serveControl(message.data, client, this.#topics);
      if (answer === undefined) this.#asks.status(reply, NO_RECEIVER);
      else {
        // Until the server knows the subscription of a topic, a command that is published to it would not arrive.
        const send = () => this.#asks.send(reply, encodeBox(answer()));
        this.#nats.flush().then(send, send);
      }
    } catch (error) {
      this.#report(error, undefined);
      this.#asks.status(reply, NOT_A_BOX);
    }
  }

  /** @internal The error of a subscription that the server has rejected. */
  get notPermitted(): unknown {
    return this.#notPermitted;
  }

  /** @internal From now on, rejected subscriptions are reported to `onError`. */
  begun(): void {
    this.#isStarted = true;
  }

  /** True while there is a connection to NATS, so that calls of clients can reach workers: for the health of a server. */
  get connected(): boolean {
    return !this.#isEnded && this.#link.watch.connected;
  }

  /** Number of connected clients. */
  get clients(): number {
    return this.#clients.size;
  }

  /** Number of topics that a client has joined. */
  get topics(): number {
    return this.#topics.size;
  }

  #report(error: unknown, command: string | undefined): void {
    reportError(this.#options.onError, error, { command, connection: undefined });
  }

  #hasCalls(): boolean {
    for (const { calls } of this.#clients.values()) if (calls.size > 0) return true;
    return false;
  }

  #checkIdle(): void {
    if (this.#idle.length === 0 || this.#hasCalls()) return;
    for (const wake of this.#idle.splice(0)) wake();
  }

  /**
   * Waits for the calls in progress, then ends the edge. Close the server first: it stops accepting clients. The NATS connection
   * stays open.
   * @param options limits after which the calls in progress are dropped
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkClose(options);
    let isLate: () => void = ignore;
    const late = new Promise<void>((resolve) => {
      isLate = resolve;
    });
    if (options.signal?.aborted) isLate();
    const release = limitTime(this.#link.clock, options, isLate);
    await Promise.race([late, this.#finished()]);
    this.destroy(new ConnectionClosed("the edge is closed"));
    // A server that hangs answers after minutes.
    if (!this.#nats.isClosed()) await Promise.race([late, this.#nats.flush().catch(ignore)]);
    release();
  }

  async #finished(): Promise<void> {
    // A client may call while it answers the ask of a worker.
    while (this.#hasCalls() || this.#asks.inProgress.size > 0) {
      if (this.#hasCalls())
        await new Promise<void>((resolve) => {
          this.#idle.push(resolve);
        });
      await this.#asks.inProgress.ended();
    }
  }

  /** Ends the edge at once. Calls in progress are rejected. Connections stay open, and their calls are rejected. */
  destroy(reason: Error = new ConnectionClosed("the edge was destroyed")): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const client of this.#clients.values()) this.#gone(client, toError(reason));
    this.#asks.inProgress.clear();
    this.#link.watch.listeners.delete(this);
    for (const one of this.#subscriptions ?? []) one.unsubscribe();
  }

  /** Closes the edge, and drops the calls in progress after 10 seconds. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeout: DISPOSE_TIMEOUT_MS });
  }
}

function ignore(): void {}
