/**
 * The seam between the kernel of a connection and its features: StartTLS and the protocol switch, heartbeat and idle
 * timeout, box timeout, the raw receiver. Not exported from the package.
 *
 * An entry point lists the kinds of features that its connections have. What is equal for all of its connections (checks,
 * own commands) belongs to the kind; a feature object exists only for a connection that uses the feature. No hook runs for
 * each box, except that of the raw receiver, and an absent hook costs nothing.
 */

import type { Calls } from "../calls/calls.ts";
import type { AskReceiver, ChangeAsk } from "../calls/port.ts";
import type { ProtocolChange } from "../command/protocol-change.ts";
import type { AmpConnection, AnyCommand, CallOptions, StartTLSOptions } from "../command/types.ts";
import type { Observer } from "../observer.ts";
import type { Values } from "../schema/field.ts";
import type { SharedBudgets } from "../serving/shared-budget.ts";
import type { Clock, TLSSession, Transport } from "../transport.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import type { Frame } from "../wire/frame.ts";
import type { Inbox } from "./inbox.ts";
import type { Introduction } from "./introduction.ts";
import type { Limits } from "./limits.ts";
import type { ConnectionOptions } from "./options.ts";
import type { Outbox } from "./outbox.ts";
import type { ChangeKind, State, StateRules, Transition } from "./states.ts";

/** The kernel of a connection, as its features and its end see it. */
export interface Kernel {
  readonly connection: AmpConnection;
  readonly options: ConnectionOptions;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly observer: Observer | undefined;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly calls: Calls;
  readonly serving: AskReceiver;
  /** Resolves with the reason when the connection has ended. */
  readonly closed: Promise<Error>;
  /** Limits that the connections of a server share. */
  readonly budgets: SharedBudgets | undefined;
  /** The connections of the server have too many unsent bytes, and this one has more than its share. */
  isOverShare: boolean;

  // The state, and what does not fit into its table: see `states.ts`.
  readonly state: State;
  readonly rules: StateRules;
  readonly changeKind: ChangeKind | undefined;
  readonly plaintextRefused: Error | undefined;
  /** The driver of protocol changes, created when it is first needed; undefined if the entry point has none. */
  readonly changes: ProtocolChanges | undefined;
  readonly peerEnded: boolean;
  /** State of the introduction: see `introduction.ts`. */
  readonly introduction: Introduction;
  /** The reason why no call is accepted any more: the peer has asked for that, or this end closes the connection. */
  readonly callsEnded: Error | undefined;
  /** The reason of the end, as soon as it is known. */
  readonly reason: Error | undefined;
  readonly secure: boolean;
  readonly tls: TLSSession | undefined;

  /** @throws Error for a transition that the table does not have: a bug in ampwire */
  move(transition: Transition): void;
  /** Refuses calls from now on. Calls in progress continue. */
  endCalls(reason: Error): void;
  /** Reports an error of the program that no caller receives. */
  report(error: unknown, command: string | undefined): void;
  /** Ends the connection; what was written is still sent. */
  fail(reason: Error): void;
  /** Ends the connection as {@link fail} does, and reports the reason: the peer has violated the protocol or a limit. */
  violated(error: unknown): void;
  /** Ends the connection and the transport at once. */
  destroy(reason: Error): void;

  /** True if boxes may be read now. */
  mayRead(): boolean;
  /** True if this end has no reason not to read. The peer may be one: see {@link mayRead}. */
  mayListen(): boolean;
  /** The writer to which boxes are appended; {@link written} must follow. */
  readonly out: ByteWriter;
  written(): void;
  /** Called in place of {@link written} for an answer. */
  answerWritten(): void;
  /** The reason with which a call that comes too late is rejected. */
  whyClosed(): Error;
}

/** The kernel as the driver of protocol changes sees it: it also sets what belongs to the state but is not in the table. */
export interface ChangingKernel extends Kernel {
  /** True: the stack of each call is captured when it is made. */
  readonly callStacks: boolean;
  changeKind: ChangeKind | undefined;
  readonly closeWanted: boolean;
  plaintextRefused: Error | undefined;
  introduction: Introduction;
  tls: TLSSession | undefined;
  reason: Error | undefined;
  readonly ending: {
    close(): void;
    /** Ends AMP. The transport is not changed. */
    stop(by: Transition, reason: Error): void;
    /** Tells the program that the connection has ended. */
    report(reason: Error): void;
  };
}

/** One kind of feature: one object for all connections of all entry points that list it. */
export interface FeatureKind<Options = object> {
  /** Checks the options before anything is opened. @throws TypeError, RangeError */
  check?(options: Options): void;
  /** Creates the feature of a connection that needs it from the first byte on. Undefined if its options do not ask for it. */
  make?(kernel: Kernel, options: Options): Feature | undefined;
  /** The library's own commands, served if the user's locator has no responder for them. `requireTLS` holds for them. */
  readonly commands?: readonly OwnCommand[];
  /**
   * Called when `close()` begins, while the connection is open.
   * @param timeout milliseconds in which `done` must be called
   * @returns true if the rest of closing waits for `done`. At most one kind of an entry point returns true
   */
  beforeClose?(kernel: Kernel, timeout: number, done: () => void): boolean;
  /** Creates the watch of unsent bytes, when a connection has some for the first time. At most one kind of an entry point has it. */
  watchUnsent?(kernel: Kernel): UnsentObserver;
  /** Creates the driver of protocol changes, at the first change of a connection. At most one kind of an entry point has it. */
  changes?(kernel: ChangingKernel): ProtocolChanges;
}

/** A command that the library itself serves. It is answered at any time and is not counted as an ask in progress. */
export interface OwnCommand {
  readonly command: AnyCommand;
  /** Returns the response, or a promise of it. @throws an error that the command declares, or RemoteAmpError */
  serve(kernel: Kernel, values: Values): Values | Promise<Values>;
}

/** The feature of one connection. */
export interface Feature {
  /** Called before the transport delivers. What it throws reaches the code that opens the connection. */
  started?(): void;
  /** Called when bytes have arrived, before boxes are read from them. */
  bytesReceived?(): void;
  /**
   * Called when a read is over.
   * @param everything at most the beginning of a box is left
   */
  readEnded?(everything: boolean): void;
  /** Receives every box, instead of calls and serving. At most one feature of a connection has it. */
  boxReceived?(frame: Frame): void;
  /** Called when AMP has ended, before pending calls are rejected. Must not throw. */
  stopped?(reason: Error): void;
}

/** The watch of unsent bytes, as the kernel sees it. */
export interface UnsentObserver {
  /** Called when the transport has not taken all bytes, when more bytes wait for it, and when it has taken all. */
  unsentChanged(): void;
  /** Called when AMP has ended. Must not throw. */
  stopped(): void;
}

/** The driver of protocol changes, as the kernel sees it. */
export interface ProtocolChanges {
  /** Asks the peer for a change. Resolves when it was made. */
  ask(command: AnyCommand, change: ProtocolChange, values: Values, options: CallOptions): Promise<unknown>;
  /** True if queued boxes are sent inside TLS or not at all. */
  readonly upgradeIsCertain: boolean;
  /** Returns the error that refuses a call while boxes are queued, if too many bytes are. */
  queueRefusal(name: string): Error | undefined;
  /** Checks an ask that is received while boxes are queued. @throws LimitExceeded if too many bytes are */
  checkQueue(): void;
  /** Called when a call that asks for a change was refused, and nothing was sent. */
  refused(change: ProtocolChange, reason: Error): void;
  /** Starts TLS: a call of the command StartTLS. */
  startTLS(options: StartTLSOptions): Promise<void>;
  /** Handles the peer's ask for a change. */
  answer(ask: ChangeAsk): void;
  /** Called when AMP has ended, before pending calls are rejected. Must not throw. */
  stopped(reason: Error): void;
}

/** The kinds of features that an entry point lists. */
export type FeatureSet = readonly FeatureKind[];
