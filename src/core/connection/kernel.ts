/** The kernel of a connection: its state, the bytes in and out, calls and asks. Features add the rest. */

import { type AskReceiver, Dispatcher } from "../calls/dispatcher.ts";
import type { ChangeAsk, Host } from "../calls/port.ts";
import type { AmpConnection, AnyCommand } from "../command/types.ts";
import { LimitExceeded, ProtocolSwitched, TLSNotAvailable } from "../errors/caller.ts";
import { RemoteAmpError } from "../errors/peer.ts";
import { toError } from "../errors/to-error.ts";
import { ConnectionClosed } from "../errors/transport.ts";
import { TLS_REQUIRED_ERROR_CODE } from "../errors/wire-codes.ts";
import type { Observer } from "../observer.ts";
import { ConnectionContext, Lifetime } from "../serving/responder-context.ts";
import type { ChunkOwnership, Clock, TLSSession, Transport, TransportReceiver } from "../transport.ts";
import type { Limits } from "../wire/box-limits.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import type { Frame } from "../wire/frame.ts";
import { plaintextForbids } from "./admission.ts";
import { checkConnectionOptions } from "./check-options.ts";
import { Ending } from "./ending.ts";
import type { Feature, FeatureKind, ProtocolChanges } from "./feature.ts";
import { Inbox, type InboxGate } from "./inbox.ts";
import type { ConnectionOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { mayFail, next, RULES, type Rules, type State, type Transition } from "./states.ts";

const NONE: readonly Feature[] = [];

function added(list: readonly Feature[], feature: Feature): readonly Feature[] {
  return [...list, feature];
}

export class Kernel implements Host, InboxGate, TransportReceiver {
  readonly connection: AmpConnection;
  readonly options: ConnectionOptions;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly observer: Observer | undefined;
  readonly survivesUndeclaredErrors: boolean;
  readonly ending: Ending;
  readonly outbox: Outbox;
  readonly dispatcher: Dispatcher;
  readonly inbox: Inbox;
  features: readonly Feature[] = NONE;
  changes: ProtocolChanges | undefined = undefined;
  readonly #taker: Feature | undefined;
  #hearing: readonly Feature[] = NONE;
  #reading: readonly Feature[] = NONE;
  readonly #lifetime = new Lifetime();
  state: State = "open";
  rules: Rules = RULES.open;
  tls: TLSSession | undefined;
  context: ConnectionContext;
  /** Why the connection ends; undefined while it does not. */
  reason: Error | undefined = undefined;
  /** The peer sends nothing any more. It may still read. */
  peerEnded = false;

  /** @throws TypeError, RangeError for options that make no sense */
  constructor(
    connection: AmpConnection,
    transport: Transport,
    clock: Clock,
    options: ConnectionOptions,
    serving: (host: Host, options: ConnectionOptions) => AskReceiver,
    kinds: readonly FeatureKind[],
  ) {
    this.connection = connection;
    this.options = options;
    this.limits = checkConnectionOptions(options);
    this.clock = clock;
    this.transport = transport;
    this.observer = options.observer;
    this.survivesUndeclaredErrors = options.closeOnUndeclaredError === false;
    this.tls = transport.tls;
    this.context = new ConnectionContext(connection, this.#lifetime);
    this.ending = new Ending(this);
    this.outbox = new Outbox(transport);
    this.dispatcher = new Dispatcher(this, serving(this, options), clock);
    this.inbox = new Inbox(transport, this.limits, this);
    let taker: Feature | undefined;
    for (const kind of kinds) {
      const feature = kind(this, options);
      if (feature === undefined) continue;
      this.features = added(this.features, feature);
      this.changes ??= feature.changes;
      if (feature.takeBox !== undefined) taker = feature;
      if (feature.heard !== undefined) this.#hearing = added(this.#hearing, feature);
      if (feature.readEnded !== undefined) this.#reading = added(this.#reading, feature);
    }
    this.#taker = taker;
  }

  /** From here on bytes come and go. @throws what receiver and observer do: the transport is then destroyed */
  start(): void {
    try {
      for (const feature of this.features) feature.started?.();
      this.observer?.connectionOpened(this.connection);
    } catch (error) {
      this.transport.destroy(); // nobody is given the connection that could end it
      throw error;
    }
    this.transport.start(this);
  }

  get secure(): boolean {
    return this.tls !== undefined;
  }

  /** @throws Error for a transition that the table does not have: a mistake of ours */
  move(transition: Transition): void {
    this.state = next(this.state, transition);
    this.rules = RULES[this.state];
    if (this.state === "switched") this.ending.handedOver();
  }

  get mayFail(): boolean {
    return mayFail(this.state);
  }

  /** Stops reading until the next transition. */
  stopReading(): void {
    this.rules = { ...this.rules, reads: false };
  }

  /** The bytes are inside TLS from now on. */
  secured(session: TLSSession): void {
    this.tls = session;
    // What was learnt in plaintext may be an attacker's.
    this.context = new ConnectionContext(this.connection, this.#lifetime);
  }

  /** AMP is over: features give their timers back, and reject what waits for them. */
  stop(reason: Error): void {
    for (const feature of this.features) feature.stopped?.(reason);
  }

  /** Aborts the signal that responders were given. */
  abortSignals(reason: Error): void {
    this.#lifetime.end(reason);
  }

  whyClosed(): Error {
    if (this.state === "switched") return new ProtocolSwitched("the connection speaks another protocol now");
    return this.reason ?? new ConnectionClosed("the connection is closed");
  }

  fail(reason: Error): void {
    this.ending.fail(reason);
  }

  // What comes from the transport.

  received(chunk: Uint8Array, ownership: ChunkOwnership = "shared"): void {
    if (this.state === "closed") return;
    for (const feature of this.#hearing) feature.heard?.();
    this.inbox.push(chunk, ownership);
  }

  room(): Uint8Array | undefined {
    return this.inbox.room();
  }

  ended(): void {
    this.peerEnded = true;
    this.inbox.read();
  }

  drained(): void {
    this.outbox.drained();
    if (this.inbox.paused) this.inbox.read();
  }

  lost(reason: Error | undefined): void {
    this.ending.lost(reason);
  }

  // What the input asks and tells.

  mayRead(): boolean {
    if (this.state === "closed") return true; // to see the peer's end; what comes is thrown away
    // What is held back leaves when the answer is read that it waits for: not to read would be to wait for ever.
    return this.mayListen() && this.outbox.untaken < this.limits.maxUnsentBytes;
  }

  /** We have no reason of our own not to read; the peer may have given us one. */
  mayListen(): boolean {
    if (!this.rules.reads || this.changes?.reads === false) return false;
    return this.dispatcher.incoming.inProgress < this.limits.maxAsksInProgress;
  }

  receive(frame: Frame): void {
    const { held } = this.outbox;
    if (held >= this.limits.maxUnsentBytes && frame.answer < 0 && frame.error < 0) throw tooMuchHeld(held);
    if (this.#taker === undefined) this.dispatcher.receive(frame);
    else this.#taker.takeBox?.(frame);
  }

  readEnough(everything: boolean): void {
    this.outbox.turnOver();
    for (const feature of this.#reading) feature.readEnded?.(everything);
    if (everything && this.peerEnded && this.state !== "closed") this.ending.streamEnded();
    this.ending.finish();
  }

  failed(error: unknown): void {
    this.fail(toError(error));
  }

  // What the dispatcher asks and tells.

  get out(): ByteWriter {
    return this.outbox.out;
  }

  written(): void {
    this.outbox.written();
  }

  get alive(): boolean {
    return this.rules.output !== "dropped";
  }

  refusal(command: AnyCommand | undefined): RemoteAmpError | undefined {
    return plaintextForbids(this, command)
      ? new RemoteAmpError(TLS_REQUIRED_ERROR_CODE, "this is not served in plaintext: start TLS first")
      : undefined;
  }

  report(error: unknown, command: string): void {
    const { connection, options } = this;
    options.observer?.errorReported(error, command, connection);
    try {
      options.onError?.(error, { command, connection });
    } catch (thrown) {
      // The program's own mistake: an unhandled rejection, as if it had been asynchronous. The connection goes on.
      void Promise.reject(thrown);
    }
  }

  quit(reason: Error): void {
    this.fail(reason);
  }

  changeAsked(ask: ChangeAsk): void {
    const { change } = ask.command;
    if (change === undefined) return;
    if (this.changes === undefined) ask.fail(noChanges());
    else this.changes.answer(ask, change);
  }

  finished(): void {
    if (this.inbox.paused) this.inbox.read();
    this.ending.finish();
  }
}

function tooMuchHeld(held: number): LimitExceeded {
  return new LimitExceeded(
    `the peer goes on asking while ${held} bytes are held back: the limit is maxUnsentBytes`,
  );
}

export function noChanges(): TLSNotAvailable {
  return new TLSNotAvailable(
    "this transport cannot start TLS in mid-stream (over a WebSocket use wss: instead)",
  );
}
