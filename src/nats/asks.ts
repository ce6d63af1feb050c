/** The asks of a worker: reads them, runs their responders, and answers. */
import { asCommandResponder } from "../core/command/responder.ts";
import type { AnyCommand } from "../core/command/types.ts";
import type { Limits } from "../core/connection/limits.ts";
import { reportError } from "../core/connection/report.ts";
import { LimitExceeded } from "../core/errors/caller.ts";
import { MalformedAmpBox, RemoteAmpError } from "../core/errors/peer.ts";
import { BadLocalReturn } from "../core/errors/responder.ts";
import { TLS_REQUIRED_ERROR_CODE, toWire, UNHANDLED_ERROR_CODE } from "../core/errors/wire-codes.ts";
import { guardedObserver, type Observer, watchesCalls } from "../core/observer.ts";
import { isThenable, writeAnswer, writeError } from "../core/serving/answers.ts";
import { ReportLimiter } from "../core/serving/report-limiter.ts";
import type { Frame } from "../core/wire/frame.ts";
import { type AskSource, checkAsk, clientOf } from "./ask-source.ts";
import { BoxEncoder, commandNameOf, PayloadReader } from "./boxes.ts";
import type { KnownClient, KnownClients } from "./clients.ts";
import type { Discovery } from "./discovery.ts";
import {
  FATAL_HEADER,
  headerOf,
  headersOf,
  NOT_A_BOX,
  type SizedHeaders,
  statusHeaders,
  TLS_HEADER,
  TOO_MANY,
  timeoutOf,
  WORKER_HEADER,
} from "./headers.ts";
import { InProgress } from "./in-progress.ts";
import { checkAnswerSize, type Link, payloadProblem } from "./link.ts";
import type { NatsMessage } from "./nats-connection.ts";
import { limitsOf, secrecyOf } from "./options.ts";
import { type PeerServices, RemotePeer } from "./peer.ts";
import { RecentReplies } from "./recent-replies.ts";
import type { ServeOptions } from "./serve-options.ts";
import { ServedAsk } from "./served-ask.ts";
import { replyProblem } from "./subjects.ts";

const EMPTY = new Uint8Array(0);
/** Bytes that the headers of an error may have. */
const MAX_ERROR_HEADERS = 100;
const DEFAULT_MAX_ASKS = 1_000;
const DEFAULT_HEARTBEAT_MS = 1_000;
/** Errors that one worker reports in one second. */
const MAX_REPORTS = 200;

export class WorkerAsks {
  readonly inProgress: InProgress<ServedAsk>;
  /** Set while the worker is closing: the reason for the signal `closing` of responders. */
  closing: Error | undefined;
  #isEnded = false;
  readonly #link: Link;
  readonly #options: ServeOptions;
  readonly #limits: Limits;
  readonly #peers: PeerServices;
  readonly #clients: KnownClients;
  readonly #discovery: Discovery;
  readonly #maxAsks: number;
  readonly #observer: Observer | undefined;
  readonly #reader = new PayloadReader();
  readonly #encoder = new BoxEncoder();
  readonly #recent = new RecentReplies();
  readonly #reports: ReportLimiter;
  readonly #secrecyProblem: () => string | undefined;
  readonly #program: RemotePeer;
  /** Headers of the answers to edges, with affinity. */
  readonly #workerHeader: SizedHeaders | undefined;

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
    this.inProgress = new InProgress(link.nats, link.watch, link.clock, heartbeat);
    this.#secrecyProblem = secrecyOf(link.nats, options);
    this.#program = new RemotePeer(peers, undefined, undefined);
    this.#workerHeader = affinity === undefined ? undefined : headersOf({ [WORKER_HEADER]: peers.id });
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
      return this.#status(reply, NOT_A_BOX);
    }
    const timeout = timeoutOf(message);
    if (timeout === 0) return; // its caller does not wait any more
    this.#serve(frame, message, source, reply, client, timeout);
  }

  #tooMany(reply: string | undefined, { command }: AskSource): void {
    if (reply !== undefined) return this.#status(reply, TOO_MANY);
    const text = `${command ?? "a command"} that wants no answer was not executed: the limit is maxAsksInProgress`;
    this.report(new LimitExceeded(text), command);
  }

  #status(reply: string | undefined, status: typeof TOO_MANY | typeof NOT_A_BOX): void {
    if (reply !== undefined) this.#publish(reply, EMPTY, { headers: statusHeaders(status), bytes: 0 });
  }

  #publish(reply: string, data: Uint8Array, headers: SizedHeaders | undefined): void {
    if (this.#isEnded || !this.#link.watch.connected) return; // its caller has noticed that the connection broke
    try {
      this.#link.nats.publish(reply, data, headers && { headers: headers.headers });
    } catch {
      // The NATS connection is closing. The caller notices the missing heartbeats.
    }
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
    const { ask, reply, connection } = served;
    if (reply === undefined || !ask.wantsAnswer) return this.#answered(served);
    try {
      const headers = source.isEdge ? this.#workerHeader : undefined;
      const data = this.#encoder.encode(ask.name, (out) => writeAnswer(out, ask, result, connection));
      checkAnswerSize(this.#link.nats, ask.name, data.length + (headers?.bytes ?? 0));
      this.#publish(reply, data, headers);
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
      const { undeclared } = wire;
      const isFatal = wire.fatal && !(undeclared && this.#options.closeOnUndeclaredError === false);
      this.#publish(
        reply,
        this.#errorBox(served, wire),
        source.isEdge ? this.#errorHeaders(isFatal) : undefined,
      );
    }
    if (ask.watched !== undefined) this.#observer?.callFailed?.(ask.watched, error);
    this.#ended(served, wire.code);
  }

  /** An error that does not fit into a message is reported, and the caller gets UNKNOWN. */
  #errorBox(served: ServedAsk, { code, description, data }: ReturnType<typeof toWire>): Uint8Array {
    const { ask } = served;
    const box = this.#encoder.encode(ask.name, (out) => writeError(out, ask.tag, code, description, data));
    const problem = payloadProblem(this.#link.nats, box.length + MAX_ERROR_HEADERS);
    if (problem === undefined) return box;
    this.report(new BadLocalReturn(`the error of ${ask.name} cannot be sent: ${problem}`), ask.name, served);
    const { code: unknown, description: text } = toWire(undefined, undefined);
    return this.#encoder.encode(ask.name, (out) => writeError(out, ask.tag, unknown, text, undefined));
  }

  #errorHeaders(isFatal: boolean): SizedHeaders | undefined {
    if (!isFatal) return this.#workerHeader;
    return headersOf({
      [FATAL_HEADER]: "1",
      [WORKER_HEADER]: this.#workerHeader === undefined ? undefined : this.#peers.id,
    });
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
    this.#isEnded = true;
    this.#reports.end();
  }
}
