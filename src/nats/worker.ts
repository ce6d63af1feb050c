/** One worker: its subscriptions, and its end. */
import type { Caller, CloseOptions } from "../core/command/types.ts";
import { toError } from "../core/errors/to-error.ts";
import { ConnectionClosed } from "../core/errors/transport.ts";
import { limitTime } from "../core/time-limit.ts";
import type { AskSource } from "./ask-source.ts";
import { WorkerAsks } from "./asks.ts";
import { clientAt } from "./call-service.ts";
import { KnownClients } from "./clients.ts";
import { Discovery } from "./discovery.ts";
import { EdgeCheck } from "./edge-check.ts";
import { type ControlArguments, type ControlName, controlClient } from "./edge-control.ts";
import { isEncrypted } from "./encryption.ts";
import { NoReceiver } from "./errors.ts";
import { LastingSubscription } from "./lasting-subscription.ts";
import type { Link } from "./link.ts";
import type { NatsConnectionLike, NatsMessage, NatsSubscription } from "./nats-connection.ts";
import { checkClose, DISPOSE_TIMEOUT_MS, linkFor, type NatsOptions } from "./options.ts";
import type { PeerServices } from "./peer.ts";
import { randomId } from "./platform.ts";
import type { ServeOptions } from "./serve-options.ts";
import { clientIn, tokenOf } from "./subjects.ts";
import type { NatsListener } from "./watch.ts";

/** A worker. `serve` creates it. */
export class NatsWorker implements AsyncDisposable {
  /** Id of this worker, which discovery shows. */
  readonly id: string = randomId();
  readonly #nats: NatsConnectionLike;
  readonly #link: Link;
  readonly #options: ServeOptions;
  readonly #clients: KnownClients;
  readonly #edges: EdgeCheck;
  readonly #asks: WorkerAsks;
  readonly #discovery: Discovery;
  /** Subscriptions for the asks of all workers. */
  readonly #subscriptions: LastingSubscription[] = [];
  /** With affinity: subscriptions for the asks of the clients of this worker. */
  readonly #ownSubscriptions: LastingSubscription[] = [];
  readonly #gone: LastingSubscription;
  #notPermitted: unknown;
  #isStarted = false;
  #ended: ((reason: Error) => void) | undefined;
  readonly #listener: NatsListener = {
    reconnected: () => this.#edges.reconnected(), // what the edges have told meanwhile is lost
    denied: (subject) => this.#asks.denied(subject),
    closed: () => this.destroy(new ConnectionClosed("the NATS connection is closed")),
  };
  /** Promise of the reason why the worker ended. It never rejects. */
  readonly closed: Promise<Error>;

  /** Use `serve`, which checks the options. */
  constructor(nats: NatsConnectionLike, options: ServeOptions) {
    this.#nats = nats;
    this.#options = options;
    this.#link = linkFor(nats, options);
    this.#clients = new KnownClients(options.affinity === undefined ? undefined : () => this.#edges.begin());
    this.#edges = new EdgeCheck(this.#link, options.service, this.#clients);
    this.closed = new Promise((resolve) => {
      this.#ended = resolve;
    });
    const { service, version = "0.0.0", description = "", metadata = {}, locator } = options;
    const names = locator.names?.();
    const endpoints = (names ?? []).map((command) => ({
      command,
      subject: `${service}.call.${tokenOf(command)}`,
    }));
    this.#discovery = new Discovery(
      nats,
      { name: service, id: this.id, version, description, metadata, endpoints },
      (error) => this.#asks.report(error, undefined),
    );
    this.#asks = new WorkerAsks(this.#link, options, this.#services(), this.#clients, this.#discovery);
    for (const name of names ?? [undefined]) this.#subscribe(name);
    this.#gone = this.#lasting(`${service}.gone.*.*`, undefined, (message) => {
      // An answer or a status may come here: any publisher chooses the subject on which its ask is answered.
      if (message.data.length === 0 && !message.headers?.code) this.#clients.gone(clientIn(message.subject));
    });
    this.#link.watch.listeners.add(this.#listener);
  }

  /** @param command undefined for all commands */
  #subscribe(command: string | undefined): void {
    const { service, affinity } = this.#options;
    const token = command === undefined ? "*" : tokenOf(command);
    const program: AskSource = { command, isEdge: false };
    const edge: AskSource = { command, isEdge: true };
    this.#subscriptions.push(
      this.#receiveOn(`${service}.call.${token}`, service, program),
      this.#receiveOn(`${service}.edge.${token}`, service, edge),
    );
    if (affinity === undefined) return;
    this.#ownSubscriptions.push(this.#receiveOn(`${service}.worker.${this.id}.${token}`, undefined, edge));
  }

  #receiveOn(subject: string, queue: string | undefined, source: AskSource): LastingSubscription {
    return this.#lasting(subject, queue, (message) => this.#asks.receive(message, source));
  }

  #lasting(
    subject: string,
    queue: string | undefined,
    receive: (message: NatsMessage) => void,
  ): LastingSubscription {
    return new LastingSubscription(this.#link, subject, queue, {
      receive,
      rejected: (error) => {
        this.#notPermitted ??= error;
        if (this.#isStarted) this.#asks.report(error, undefined);
      },
    });
  }

  #services(): PeerServices {
    const { service } = this.#options;
    const nats = this.#nats;
    return {
      id: this.id,
      addressPrefix: service,
      get encrypted() {
        return isEncrypted(nats);
      },
      clientAt: (client): Caller => clientAt(nats, `${service}.${client}`, this.#ownOptions),
      clock: this.#link.clock,
      control: (client, what, values) => this.#control(client, what, values),
      report: (error, command) => this.#asks.report(error, command),
      goneOf: (client) => {
        if (client === undefined) return this.closed;
        return this.#goneOf(client);
      },
    };
  }

  get #ownOptions(): NatsOptions {
    const { limits, trustNetwork, inboxPrefix, clock } = this.#options;
    return { limits, trustNetwork, inboxPrefix, clock };
  }

  #control(client: string, what: ControlName, values?: ControlArguments): Promise<void> {
    return controlClient(this.#link, this.#options.service, this.#ownOptions, client, what, values);
  }

  #goneOf(client: string): Promise<Error> {
    const isKnown = this.#clients.has(client);
    this.#edges.begin();
    const gone = new Promise<Error>((resolve) => {
      this.#clients.of(client).waiters.push(resolve);
    });
    if (!isKnown) void this.#edges.lookAt(client); // it may have disconnected since its ask
    return gone;
  }

  /** @internal The error of a subscription that the server has rejected. */
  get notPermitted(): unknown {
    return this.#notPermitted;
  }

  /** @internal From now on, rejected subscriptions are reported to `onError`. */
  begun(): void {
    this.#isStarted = true;
  }

  /** Number of asks whose responders have not finished. */
  get inProgress(): number {
    return this.#asks.inProgress.size;
  }

  /**
   * Ends the worker without a failed call: the server gives it no further asks, and the asks that it has are answered. The NATS
   * connection stays open.
   * @param options limits after which the asks in progress are dropped
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkClose(options);
    const reason = new ConnectionClosed("the worker is closing");
    this.#asks.closing = reason;
    for (const ask of this.#asks.inProgress) ask.announceClosing(reason);
    const late = () => this.destroy(new ConnectionClosed("close() has reached its timeout, or was aborted"));
    if (options.signal?.aborted) late();
    const release = limitTime(this.#link.clock, options, late);
    await Promise.race([this.#drain(), this.closed]);
    release();
    this.#end(reason);
  }

  async #drain(): Promise<void> {
    await drainAll([...this.#discovery.subscriptions, ...this.#subscriptions]);
    if (this.#options.affinity !== undefined) await this.#closeClients();
    await drainAll(this.#ownSubscriptions);
    await this.#asks.inProgress.ended();
    if (!this.#nats.isClosed()) await this.#nats.flush().catch(ignore);
  }

  /**
   * With affinity: lets the edges close the connections of this worker's clients, as a server does that closes. Their calls in
   * progress finish first, and so do those that are on their way. Then the clients connect again, and get another worker.
   */
  async #closeClients(): Promise<void> {
    const close = async (client: string) => {
      const gone = this.#goneOf(client);
      try {
        await this.#control(client, "close");
      } catch (error) {
        if (!(error instanceof NoReceiver)) return; // no connection to NATS, or no permission
        this.#clients.gone(client);
      }
      await gone;
    };
    if (this.#link.watch.connected) await Promise.all(this.#clients.ids.map(close));
  }

  /** Ends the worker at once. The signals of responders are aborted, and their answers are dropped. */
  destroy(reason: Error = new ConnectionClosed("the worker was destroyed")): void {
    const why = toError(reason); // a program in JavaScript may pass anything
    for (const ask of [...this.#asks.inProgress]) ask.abort(why);
    this.#end(why);
  }

  #end(reason: Error): void {
    this.#asks.inProgress.clear();
    this.#asks.end();
    this.#edges.end();
    this.#clients.end(reason);
    this.#link.watch.listeners.delete(this.#listener);
    for (const one of [...this.#subscriptions, ...this.#ownSubscriptions, this.#gone]) one.unsubscribe();
    for (const one of this.#discovery.subscriptions)
      if (!this.#nats.isClosed() && !one.isClosed()) one.unsubscribe();
    this.#ended?.(reason);
  }

  /** Closes the worker, and drops the asks in progress after 10 seconds. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeout: DISPOSE_TIMEOUT_MS });
  }
}

/** Ends subscriptions after the messages that the server has sent. One that the server has rejected is closed already. */
async function drainAll(subscriptions: readonly NatsSubscription[]): Promise<void> {
  await Promise.all(subscriptions.map((one) => (one.isClosed() ? undefined : one.drain().catch(ignore))));
}

function ignore(): void {}
