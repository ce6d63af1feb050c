/** One worker: its subscriptions, and its end. */
import type { Caller, CloseOptions } from "../core/command/types.ts";
import { toError } from "../core/errors/to-error.ts";
import { ConnectionClosed } from "../core/errors/transport.ts";
import { checkNotNegative } from "../core/number-option.ts";
import { CLOSE_OPTIONS, checkOptionNames } from "../core/option-names.ts";
import { limitTime } from "../core/time-limit.ts";
import { type AskSource, WorkerAsks } from "./asks.ts";
import { clientAt, targetOf } from "./call-service.ts";
import { NatsCaller } from "./caller.ts";
import { KnownClients } from "./clients.ts";
import { Close, Destroy, Join, Leave } from "./control.ts";
import { Discovery } from "./discovery.ts";
import { EdgeCheck } from "./edge-check.ts";
import { isEncrypted } from "./encryption.ts";
import type { Link } from "./link.ts";
import type { NatsConnectionLike, NatsSubscription } from "./nats-connection.ts";
import { linkFor } from "./options.ts";
import type { PeerServices } from "./peer.ts";
import { randomId } from "./platform.ts";
import type { ServeOptions } from "./serve-options.ts";
import { clientIn, tokenOf } from "./subjects.ts";

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
  /** Subscriptions for asks. */
  readonly #subscriptions: NatsSubscription[] = [];
  readonly #gone: NatsSubscription;
  #notPermitted: unknown;
  #ended: ((reason: Error) => void) | undefined;
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
    this.#gone = nats.subscribe(`${service}.gone.*.*`, {
      callback: (error, message) => {
        if (error === null) this.#clients.gone(clientIn(message.subject));
        else this.#notPermitted ??= error;
      },
    });
  }

  /** @param command undefined for all commands */
  #subscribe(command: string | undefined): void {
    const { service, affinity } = this.#options;
    const token = command === undefined ? "*" : tokenOf(command);
    const program: AskSource = { command, isEdge: false };
    const edge: AskSource = { command, isEdge: true };
    this.#receiveOn(`${service}.call.${token}`, service, program);
    this.#receiveOn(`${service}.edge.${token}`, service, edge);
    if (affinity !== undefined) this.#receiveOn(`${service}.worker.${this.id}.${token}`, undefined, edge);
  }

  #receiveOn(subject: string, queue: string | undefined, source: AskSource): void {
    this.#subscriptions.push(
      this.#nats.subscribe(subject, {
        ...(queue !== undefined && { queue }),
        callback: (error, message) => {
          if (error !== null) this.#notPermitted ??= error;
          else this.#asks.receive(message, source);
        },
      }),
    );
  }

  #services(): PeerServices {
    const { service } = this.#options;
    const nats = this.#nats;
    const { limits, trustNetwork, inboxPrefix, clock } = this.#options;
    const own = { limits, trustNetwork, inboxPrefix, clock };
    return {
      id: this.id,
      addressPrefix: service,
      get encrypted() {
        return isEncrypted(nats);
      },
      clientAt: (client): Caller => clientAt(nats, `${service}.${client}`, own),
      control: async (client, what, topic = "") => {
        const subject = `${service}.join.${client}`;
        const edge = new NatsCaller(
          this.#link,
          targetOf(nats, own, undefined, () => subject),
        );
        if (what === "join") await edge.callRemote(Join, { topic });
        else if (what === "leave") await edge.callRemote(Leave, { topic });
        else await edge.callRemote(what === "close" ? Close : Destroy);
      },
      goneOf: (client) => {
        if (client === undefined) return this.closed;
        this.#edges.begin();
        return new Promise((resolve) => {
          this.#clients.of(client).waiters.push(resolve);
        });
      },
    };
  }

  /** @internal The error of a subscription that the server has rejected. */
  get notPermitted(): unknown {
    return this.#notPermitted;
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
    checkOptionNames("close", options, CLOSE_OPTIONS);
    checkNotNegative({ timeout: options.timeout });
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
    const subscriptions = [...this.#discovery.subscriptions, ...this.#subscriptions];
    // One that the server has rejected is closed already.
    await Promise.all(subscriptions.map((one) => (one.isClosed() ? undefined : one.drain().catch(ignore))));
    await this.#asks.inProgress.ended();
    if (!this.#nats.isClosed()) await this.#nats.flush().catch(ignore);
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
    for (const one of [...this.#discovery.subscriptions, ...this.#subscriptions, this.#gone]) {
      if (!this.#nats.isClosed() && !one.isClosed()) one.unsubscribe();
    }
    this.#ended?.(reason);
  }

  /** Closes the worker, and drops the asks in progress after 10 seconds. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeout: DISPOSE_TIMEOUT_MS });
  }
}

const DISPOSE_TIMEOUT_MS = 10_000;

function ignore(): void {}
