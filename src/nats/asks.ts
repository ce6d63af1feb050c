/** The asks of a worker: reads them, and runs their responders. */
import { asCommandResponder } from "../core/command/responder.ts";
import type { AnyCommand } from "../core/command/types.ts";
import type { Limits } from "../core/connection/limits.ts";
import { reportError } from "../core/connection/report.ts";
import { LimitExceeded } from "../core/errors/caller.ts";
import { MalformedAmpBox, RemoteAmpError } from "../core/errors/peer.ts";
import { TLS_REQUIRED_ERROR_CODE, toWire, UNHANDLED_ERROR_CODE } from "../core/errors/wire-codes.ts";
import { guardedObserver, type Observer, watchesCalls } from "../core/observer.ts";
import { isThenable } from "../core/serving/answers.ts";
import { ReportLimiter } from "../core/serving/report-limiter.ts";
import type { Frame } from "../core/wire/frame.ts";
import { WorkerAnswers } from "./answers.ts";
import { type AskSource, checkAsk, clientOf } from "./ask-source.ts";
import { commandNameOf, PayloadReader } from "./boxes.ts";
import type { KnownClient, KnownClients } from "./clients.ts";
import type { Discovery } from "./discovery.ts";
import { NotPermitted, notPermittedTo } from "./errors.ts";
import { headerOf, NOT_A_BOX, TLS_HEADER, TOO_MANY, timeoutOf } from "./headers.ts";
import { InProgress } from "./in-progress.ts";
import type { Link } from "./link.ts";
import type { NatsMessage } from "./nats-connection.ts";
import { limitsOf, secrecyOf } from "./options.ts";
import { type PeerServices, RemotePeer } from "./peer.ts";
import { RecentReplies } from "./recent-replies.ts";
import type { ServeOptions } from "./serve-options.ts";
import { ServedAsk } from "./served-ask.ts";
import { replyProblem } from "./subjects.ts";

const DEFAULT_MAX_ASKS = 1_000;
const DEFAULT_HEARTBEAT_MS = 1_000;
/** Errors that one worker reports in one second. */
const MAX_REPORTS = 200;

export class WorkerAsks {
  readonly inProgress: InProgress<ServedAsk>;
  /** Set while the worker is closing: the reason for the signal `closing` of responders. */
  closing: Error | undefined;
  readonly #link: Link;
  readonly #options: ServeOptions;
  readonly #limits: Limits;
  readonly #peers: PeerServices;
  readonly #clients: KnownClients;
  readonly #discovery: Discovery;
  readonly #maxAsks: number;
  readonly #observer: Observer | undefined;
  readonly #reader = new PayloadReader();
  readonly #answers: WorkerAnswers;
  readonly #recent = new RecentReplies();
  readonly #reports: ReportLimiter;
  readonly #secrecyProblem: () => string | undefined;
  readonly #program: RemotePeer;

  constructor(
    link: Link,
    options: ServeOptions,
    peers: PeerServices,
    clients: KnownClients,
    discovery: Discovery,
  ) {
    const { maxAsksInProgress = DEFAULT_MAX_ASKS, heartbeat = DEFAULT_HEARTBEAT_MS, affinity } = options;
    this.#link = link;
    this.#options = options;
    this.#limits = limitsOf(options);
    this.#peers = peers;
    this.#clients = clients;
    this.#discovery = discovery;
    this.#maxAsks = maxAsksInProgress;
    this.#observer = guardedObserver(options.observer, (error) =>
      reportError(options.onError, error, { command: undefined, connection: undefined }),
    );
    const worker = affinity === undefined ? undefined : peers.id;
    this.inProgress = new InProgress(link.nats, link.watch, link.clock, heartbeat, worker);
    this.#secrecyProblem = secrecyOf(link.nats, options);
    this.#program = new RemotePeer(peers, undefined, undefined);
    this.#answers = new WorkerAnswers(link, worker, (error, served) =>
      this.report(error, served.ask.name, served),
    );
    this.#reports = new ReportLimiter(
      link.clock,
      (count) =>
        this.#callOnError(
          new LimitExceeded(`${count} more errors of this worker were not reported`),
          undefined,
        ),
      MAX_REPORTS,
    );
  }

  /** Receives a message. Never throws: the NATS client would stop reading permanently. */
  receive(message: NatsMessage, source: AskSource): void {
    const reply = message.reply || undefined;
    const problem = replyProblem(this.#options.service, reply);
    if (problem !== undefined) return this.report(new MalformedAmpBox(problem), source.command);
    if (reply !== undefined && this.#recent.isKnown(reply)) return;
    if (this.inProgress.size >= this.#maxAsks) return this.#tooMany(reply, source);
    let frame: Frame;
    let client: string | undefined;
    try {
      frame = this.#reader.read(message.data, this.#limits);
      checkAsk(frame, message, source);
      client = source.isEdge ? clientOf(message) : undefined;
    } catch (error) {
      this.report(error, source.command);
      return this.#answers.status(reply, NOT_A_BOX);
    }
    const timeout = timeoutOf(message);
    if (timeout === 0) return; // its caller does not wait any more
    this.#serve(frame, message, source, reply, client, timeout);
  }

  /** The server has rejected a message. Only this end learns that an answer did not arrive. */
  denied(subject: string): void {
    if (!this.#recent.has(subject)) return;
    const { message } = notPermittedTo("the worker", subject);
    this.report(new NotPermitted(`${message}: set allow_responses for its user`), undefined);
  }

  #tooMany(reply: string | undefined, { command }: AskSource): void {
    if (reply !== undefined) return this.#answers.status(reply, TOO_MANY);
    const text = `${command ?? "a command"} that wants no answer was not executed: the limit is maxAsksInProgress`;
    this.report(new LimitExceeded(text), command);
  }

  #serve(
    frame: Frame,
    message: NatsMessage,
    source: AskSource,
    reply: string | undefined,
    client: string | undefined,
    timeout: number | undefined,
  ): void {
    const known = client === undefined ? undefined : this.#clients.of(client);
    const session = known && this.#sessionOf(known, client, message);
    const peer =
      session?.peer ?? (client === undefined ? this.#program : new RemotePeer(this.#peers, client, message));
    const served = new ServedAsk(
      this.#link.clock,
      reply,
      peer,
      client,
      timeout,
      session?.state,
      this.closing,
    );
    served.ask.begin(source.command ?? commandNameOf(frame), frame);
    if (watchesCalls(this.#observer)) served.ask.watch(this.#observer, peer);
    if (reply === undefined) served.ask.wantsAnswer = false;
    let result: unknown;
    try {
      result = this.#run(served, frame, source.isEdge);
      if (isThenable(result)) {
        served.ask.keep();
        this.inProgress.add(served);
        known?.asks.add(served);
        Promise.resolve(result).then(
          (value) => this.#answer(served, source, value),
          (error: unknown) => this.#fail(served, source, error),
        );
        return;
      }
    } catch (error) {
      return this.#fail(served, source, error);
    }
    this.#answer(served, source, result);
  }

  /** With affinity: the state and the connection of a client. New ones when the client has started TLS. */
  #sessionOf(known: KnownClient, client: string | undefined, message: NatsMessage): KnownClient["session"] {
    if (this.#options.affinity === undefined) return undefined;
    const tls = headerOf(message, TLS_HEADER);
    if (known.session === undefined || known.session.tls !== tls)
      known.session = { tls, state: {}, peer: new RemotePeer(this.#peers, client, message) };
    return known.session;
  }

  #run(served: ServedAsk, frame: Frame, isEdge: boolean): unknown {
    const { ask } = served;
    const responder = this.#options.locator.locateResponder(ask.name);
    if (responder === undefined)
      throw new RemoteAmpError(UNHANDLED_ERROR_CODE, `Unhandled Command: '${ask.name}'`);
    const typed = asCommandResponder(responder);
    if (typed !== undefined) this.#checkCommand(typed.command, served, isEdge);
    return served.respond(responder, frame, this.#limits.maxElements);
  }

  /**
   * @throws RemoteAmpError if the command requires TLS, and the client or the connection to NATS does not use it; or if it changes
   * the protocol
   */
  #checkCommand({ name, requireTLS, change }: AnyCommand, served: ServedAsk, isEdge: boolean): void {
    if (requireTLS) this.#checkSecrecy(served, isEdge);
    if (change !== undefined)
      throw new RemoteAmpError("TLS_NOT_AVAILABLE", `${name} changes the protocol, which NATS cannot carry`);
  }

  #checkSecrecy(served: ServedAsk, isEdge: boolean): void {
    const isPlain = isEdge && !served.connection.secure;
    if (isPlain || this.#secrecyProblem() !== undefined)
      throw new RemoteAmpError(
        TLS_REQUIRED_ERROR_CODE,
        isPlain
          ? "this is not served in plaintext: start TLS first"
          : "this is not served over NATS without TLS",
      );
  }

  #answer(served: ServedAsk, source: AskSource, result: unknown): void {
    const { ask, reply } = served;
    if (reply === undefined || !ask.wantsAnswer) return this.#answered(served);
    try {
      this.#answers.result(served, reply, source.isEdge, result);
    } catch (error) {
      ask.command = undefined; // the error is this end's own
      return this.#fail(served, source, error);
    }
    this.#answered(served);
  }

  #answered(served: ServedAsk): void {
    const { watched } = served.ask;
    if (watched !== undefined) this.#observer?.callAnswered?.(watched);
    this.#ended(served, undefined);
  }

  #fail(served: ServedAsk, source: AskSource, error: unknown): void {
    const { ask, reply } = served;
    const wire = toWire(error, ask.command?.declaredErrors);
    if (wire.undeclared || !ask.wantsAnswer) this.report(wire.reported ?? error, ask.name, served);
    if (reply !== undefined && ask.wantsAnswer) {
      const isFatal = wire.fatal && !(wire.undeclared && this.#options.closeOnUndeclaredError === false);
      this.#answers.error(served, reply, source.isEdge, wire, isFatal);
    }
    if (ask.watched !== undefined) this.#observer?.callFailed?.(ask.watched, error);
    this.#ended(served, wire.code);
  }

  #ended(served: ServedAsk, errorCode: string | undefined): void {
    const { ask, client, since } = served;
    served.ended();
    this.inProgress.delete(served);
    if (client !== undefined) this.#clients.ended(client, served);
    this.#discovery.count(ask.name, this.#link.clock.now() - since, errorCode);
  }

  /** Reports an error that no caller receives. */
  report(error: unknown, command: string | undefined, served?: ServedAsk): void {
    if (this.#reports.admit()) this.#callOnError(error, command, served);
  }

  #callOnError(error: unknown, command: string | undefined, served?: ServedAsk): void {
    this.#observer?.errorReported?.(error, command, served?.connection);
    reportError(this.#options.onError, error, { command, connection: served?.connection });
  }

  /** Drops what is received and answered from now on. */
  end(): void {
    this.#answers.end();
    this.#reports.end();
  }
}
