/**
 * The kernel of a connection: its state, the bytes in and out, calls and asks. Features add the rest (`feature.ts`).
 *
 * Boxes come from the inbox and go to calls or to serving; what both of them append goes to the outbox, the one place that
 * writes to the transport. `move` is the only place that changes the state, and `ending` the only one that ends it.
 */

import { Calls } from "../calls/calls.ts";
import type { AskReceiver, ChangeAsk, Port } from "../calls/port.ts";
import type { CommandResponder } from "../command/responder.ts";
import type { AmpConnection, AnyCommand } from "../command/types.ts";
import { toError } from "../errors/to-error.ts";
import { ConnectionClosed } from "../errors/transport.ts";
import { guardedObserver, type Observer } from "../observer.ts";
import { IN_DEVELOPMENT } from "../platform.ts";
import type { SharedBudget, SharedBudgets } from "../serving/shared-budget.ts";
import type { ChunkOwnership, Clock, TLSSession, Transport, TransportReceiver } from "../transport.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import type { Frame } from "../wire/frame.ts";
import { addShownKey } from "../wire/own-commands.ts";
import { noChanges, plaintextForbids } from "./admission.ts";
import { Ending } from "./ending.ts";
import type { Feature, FeatureSet, Kernel, ProtocolChanges, UnsentObserver } from "./feature.ts";
import { Inbox, type InboxOwner } from "./inbox.ts";
import { type Introduction, newIntroduction } from "./introduction.ts";
import type { Limits } from "./limits.ts";
import { type ConnectionOptions, checkConnectionOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { introductionAfter, ownResponder, serveGoAway } from "./own-boxes.ts";
import { neitherAskNorAnswer, tooMuchUnsent } from "./refused-boxes.ts";
import { reportError } from "./report.ts";
import { type ChangeKind, next, STATES, type State, type StateRules, type Transition } from "./states.ts";

/** Creates the half of a connection that receives the peer's asks: `serving`, or `notServing`. */
export type ServingFactory = (
  port: Port,
  options: ConnectionOptions,
  budget: SharedBudget | undefined,
) => AskReceiver;

export class ConnectionKernel implements Kernel, Port, InboxOwner, TransportReceiver {
  readonly connection: AmpConnection;
  readonly options: ConnectionOptions;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly observer: Observer | undefined;
  readonly ending: Ending;
  readonly outbox: Outbox;
  readonly calls: Calls;
  readonly serving: AskReceiver;
  readonly inbox: Inbox;
  readonly budgets: SharedBudgets | undefined;
  readonly #features: FeatureSet;
  readonly #made: readonly Feature[];
  readonly #boxReceiver: Feature | undefined;
  #changes: ProtocolChanges | undefined = undefined;
  #unsentWatch: UnsentObserver | undefined = undefined;

  // The state, and what belongs to it but is not in the table: see `states.ts`.
  state: State = "open";
  rules: StateRules = STATES.open;
  changeKind: ChangeKind | undefined = undefined;
  closeWanted = false;
  peerEnded = false;
  introduction: Introduction;
  /** The reason why no call is accepted any more. Calls in progress continue. */
  callsEnded: Error | undefined = undefined;
  /** Set when the connection is inside TLS. */
  tls: TLSSession | undefined;
  /** The reason of the end, as soon as it is known. The first one counts. */
  reason: Error | undefined = undefined;
  /** The peer has not taken `maxUnsentBytes`. As of the last box. */
  isBehind = false;
  /** The connections of the server have too many unsent bytes, and this one has more than its share. */
  isOverShare = false;
  /** Set if startTLS() has failed before its ask was sent: the error with which later calls in plaintext are rejected. */
  plaintextRefused: Error | undefined = undefined;

  /** @throws TypeError, RangeError for invalid options */
  constructor(
    connection: AmpConnection,
    transport: Transport,
    clock: Clock,
    options: ConnectionOptions,
    serving: ServingFactory,
    features: FeatureSet,
    budgets?: SharedBudgets,
  ) {
    this.connection = connection;
    this.options = options;
    this.limits = checkConnectionOptions(options, features);
    this.clock = clock;
    this.transport = transport;
    this.observer = guardedObserver(options.observer, (error) => this.#programFailed(error));
    this.tls = transport.tls;
    this.introduction = newIntroduction(options, transport);
    this.ending = new Ending(this);
    this.budgets = budgets;
    budgets?.unsent.join();
    this.outbox = new Outbox(transport, this);
    this.calls = new Calls(this, clock);
    this.serving = serving(this, options, budgets?.inProgress);
    this.inbox = new Inbox(transport, this.limits, clock, this);
    this.#features = features;
    this.#made = features.flatMap((kind) => kind.make?.(this, options) ?? []);
    this.#boxReceiver = this.#made.find((feature) => feature.boxReceived !== undefined);
  }

  /** Starts the transport. @throws what a receiver or an observer throws; the transport is then destroyed */
  start(): void {
    try {
      for (const feature of this.#made) feature.started?.();
      this.observer?.connectionOpened?.(this.connection);
    } catch (error) {
      this.transport.destroy(); // the caller gets no connection that it could end
      throw error;
    }
    this.transport.start(this);
  }

  // The state.

  /** @throws Error for a transition that the table does not have: a bug in ampwire */
  move(transition: Transition): void {
    this.state = next(this.state, transition);
    this.rules = STATES[this.state];
    if (!this.rules.calls) this.endCalls(this.whyClosed());
    if (!this.rules.reads && this.state !== "closed") this.inbox.pause();
  }

  endCalls(reason: Error): void {
    if (this.callsEnded !== undefined) return;
    this.callsEnded = reason;
    this.ending.reportCallsEnded?.(reason);
  }

  get closed(): Promise<Error> {
    return this.ending.closed;
  }

  get secure(): boolean {
    return this.tls !== undefined;
  }

  fail(reason: Error): void {
    this.ending.fail(reason);
  }

  destroy(reason: Error): void {
    this.ending.destroy(reason);
  }

  /** AMP has ended: stops the features. */
  stopFeatures(reason: Error): void {
    this.outbox.checkDrained();
    this.#unsentWatch?.stopped();
    this.budgets?.unsent.leave();
    this.serving.ended();
    this.#changes?.stopped(reason);
    for (const feature of this.#made) feature.stopped?.(reason);
  }

  /** Lets a feature delay the rest of `close()`. Returns true if it calls `done` later. */
  delaysClosing(timeout: number, done: () => void): boolean {
    return this.#features.some((kind) => kind.beforeClose?.(this, timeout, done) === true);
  }

  /** The driver of protocol changes; undefined if the entry point has none. */
  get changes(): ProtocolChanges | undefined {
    this.#changes ??= this.#features.find(({ changes }) => changes)?.changes?.(this);
    return this.#changes;
  }

  // From the transport.

  received(chunk: Uint8Array, ownership: ChunkOwnership = "shared"): void {
    if (this.state === "closed") return;
    for (const feature of this.#made) feature.bytesReceived?.();
    this.inbox.push(chunk, ownership);
  }

  room(): Uint8Array | undefined {
    return this.inbox.reader.room();
  }

  ended(): void {
    this.peerEnded = true;
    if (this.options.finishHalfClosed !== true)
      this.serving.abort(new ConnectionClosed("the peer has ended its side of the connection"));
    this.inbox.read();
  }

  drained(): void {
    this.outbox.drained();
    this.isBehind = false;
    this.serving.continueQueue();
    if (this.inbox.transportPaused) this.inbox.read();
  }

  lost(reason: Error | undefined): void {
    this.ending.lost(reason);
  }

  // From the inbox.

  mayRead(): boolean {
    // When AMP has ended, boxes are discarded, so that the end of the stream is noticed.
    if (this.rules.reads === false) return this.state === "closed";
    this.isBehind = this.outbox.untaken >= this.limits.maxUnsentBytes || this.isOverShare === true;
    if (this.isBehind === false && this.serving.full === false) return true;
    // The responders of both ends may wait for answers: as long as a call waits, the answers to this end must be read.
    return this.calls.pending.size > 0 || (!this.isBehind && this.serving.readsAhead);
  }

  get callStacks(): boolean {
    return this.options.callStacks ?? IN_DEVELOPMENT;
  }

  /** True if this end has no reason not to read. The peer may be one: see {@link mayRead}. */
  mayListen(): boolean {
    const { calls, rules, serving } = this;
    return rules.reads && (!serving.full || calls.pending.size > 0 || serving.readsAhead);
  }

  /**
   * Brings a box to its destination.
   * @throws NoEmptyBoxes, MalformedAmpBox, UnexpectedAnswer: the peer has violated the protocol; LimitExceeded
   */
  receive(frame: Frame): void {
    if (this.#boxReceiver !== undefined) this.#boxReceiver.boxReceived?.(frame);
    // In this order: a box with `_answer` is an answer, whatever else it holds.
    else if (frame.answer >= 0) {
      // A box like the box before has no key that the box before did not have.
      if (frame.matched === undefined && this.introduction === "looking")
        this.introduction = introductionAfter(this, frame, "seen");
      this.calls.receiveAnswer(frame);
    } else if (frame.error >= 0) this.calls.receiveError(frame);
    else this.#receiveAsk(frame);
  }

  #receiveAsk(frame: Frame): void {
    if (frame.command < 0) throw neitherAskNorAnswer(frame);
    if (this.rules.boxes === "queued") this.#changes?.checkQueue();
    if (this.isBehind === true && this.outbox.untaken >= 2 * this.limits.maxUnsentBytes)
      throw tooMuchUnsent(this.outbox.untaken);
    if (frame.matched === undefined && this.introduction === "shown")
      this.introduction = introductionAfter(this, frame, "known");
    this.serving.receive(frame);
  }

  readEnded(everything: boolean): void {
    this.outbox.turnOver();
    this.serving.readEnded();
    for (const feature of this.#made) feature.readEnded?.(everything);
    if (everything && this.peerEnded) this.ending.streamEnded();
    this.ending.finish();
  }

  // From the outbox.

  unsentChanged(): void {
    this.#unsentWatch ??= this.#features.find(({ watchUnsent }) => watchUnsent)?.watchUnsent?.(this);
    this.#unsentWatch?.unsentChanged();
  }

  // From calls and serving.

  get out(): ByteWriter {
    return this.outbox.out;
  }

  written(): void {
    this.outbox.written();
  }

  askWritten(command: AnyCommand | undefined): void {
    if (this.introduction === "seen" && command?.change === undefined) this.#showKey("known");
    this.outbox.written();
  }

  answerWritten(): void {
    if (this.introduction === "unshown") this.#showKey("shown");
    this.outbox.written();
  }

  #showKey(next: Introduction): void {
    addShownKey(this.out);
    this.introduction = next;
  }

  serveGoAway(frame: Frame): boolean {
    return serveGoAway(this, frame);
  }

  get waitingCalls(): number {
    return this.calls.pending.size;
  }

  /** A call waits for an answer: reading and serving that limits have stopped may have to continue. */
  callBegan(): void {
    if (this.serving.full === true) this.serving.continueQueue();
    if (this.inbox.transportPaused === true) this.inbox.read();
  }

  get alive(): boolean {
    return this.rules.boxes !== "dropped";
  }

  whyClosed(): Error {
    return this.reason ?? new ConnectionClosed("the connection is closed");
  }

  finished(): void {
    if (this.inbox.transportPaused) this.inbox.read();
    this.ending.finish();
  }

  quit(): void {
    // During a protocol change the answer is queued: the connection is closed after the change.
    if (this.rules.boxes === "queued") this.ending.close();
    else this.fail(new ConnectionClosed("the connection was closed here"));
  }

  forbidsPlaintext(command: AnyCommand | undefined): boolean {
    return plaintextForbids(this, command);
  }

  report(error: unknown, command: string | undefined): void {
    this.observer?.errorReported?.(error, command, this.connection);
    this.#callOnError(error, command);
  }

  violated(error: unknown): void {
    if (this.rules.next.fail !== undefined && this.budgets?.reports?.admit() !== false) {
      this.observer?.errorReported?.(error, undefined, this.connection);
      // Without `onError`, the calls in progress that reject with the reason are report enough.
      if (this.options.onError !== undefined || this.calls.pending.size === 0)
        this.#callOnError(error, undefined);
    }
    this.fail(toError(error));
  }

  /** An observer has thrown: it is not called with its own error. */
  #programFailed(error: unknown): void {
    this.#callOnError(error, undefined);
    this.destroy(toError(error));
  }

  #callOnError(error: unknown, command: string | undefined): void {
    const { connection, options } = this;
    reportError(options.onError, error, { command, connection });
  }

  changeAsked(ask: ChangeAsk): void {
    const { changes } = this;
    if (changes === undefined) ask.fail(noChanges(this.secure));
    else changes.answer(ask);
  }

  ownResponder(name: string): CommandResponder | undefined {
    return ownResponder(this, this.#features, name);
  }
}
