/**
 * The states of a connection: one table. Whether a connection reads, what becomes of its boxes and whether it accepts new
 * calls follows from its state alone. ARCHITECTURE.md prints this table; a test generates it.
 *
 * Four facts do not fit into the table. They are fields of the kernel (`kernel.ts`):
 *
 * - `peerEnded`: the peer has ended its side of the stream. It may still read, so any state goes with it.
 * - `changeKind`: whether the protocol change under way is an upgrade or a switch. The three states of a change are the
 *   same for both; only the public name of the state differs.
 * - `closeWanted`: `close()` was called during a protocol change. The driver closes when the change has ended.
 * - `callsEnded`: the peer has asked for no more calls, or `close()` waits for the peer's answer to that. Everything else
 *   goes on, protocol changes too.
 *
 * Two more conditions stop reading for a time: unsent bytes over `maxUnsentBytes`, and `maxAsksInProgress` asks in
 * progress (`Kernel.mayRead`). Encryption is a property of the connection (`secure`), not a state.
 */

export type State =
  /** Boxes come and go. */
  | "open"
  /** This end has asked for a protocol change. */
  | "asked"
  /** The peer has asked for one, and the responder has not decided. */
  | "answering"
  /** Both ends have agreed: what comes next is not AMP in plaintext. */
  | "performing"
  /** `close()`, or the peer has ended its side: what is in progress finishes. */
  | "closing"
  /** Closing, and the grace period is over: asks of the peer are no longer read. */
  | "finishing"
  /** AMP has ended. */
  | "closed"
  /** The stream belongs to another protocol. */
  | "switched";

/** The state of a connection as its users see it. `upgrading` and `switching` are the two kinds of protocol change. */
export type PublicState = "open" | "upgrading" | "switching" | "switched" | "closing" | "closed";

/** The kind of a protocol change, which is also the public name of its states. */
export type ChangeKind = "upgrading" | "switching";

export type Transition =
  /** An ask for a protocol change was sent. */
  | "ask"
  /** An ask for a protocol change was received. */
  | "asked"
  /** The peer's answer to the ask has arrived. */
  | "answered"
  /** The peer has refused the ask; after a refused upgrade the connection fails instead. */
  | "refused"
  /** This end's answer to the ask is on its way. */
  | "agreed"
  /** This end has refused the ask. */
  | "declined"
  /** The bytes are AMP inside TLS. */
  | "upgraded"
  /** The stream was given to another protocol. */
  | "handedOver"
  | "close"
  /** The grace period of `close()` is over. */
  | "graceOver"
  /** Nothing is in progress any more. */
  | "finished"
  /** An error, `destroy()`, or the loss of the transport. */
  | "fail";

/** Meaning of a state, and its transitions. */
export interface StateRules {
  /** Received bytes are parsed as boxes. In `closed` they are discarded instead. */
  readonly reads: boolean;
  /** Boxes are written to the transport, kept in a queue with a limit, or dropped. */
  readonly boxes: "sent" | "queued" | "dropped";
  /** New calls are accepted. */
  readonly calls: boolean;
  readonly next: Readonly<Partial<Record<Transition, State>>>;
}

export const STATES: Readonly<Record<State, StateRules>> = {
  open: {
    reads: true,
    boxes: "sent",
    calls: true,
    next: { ask: "asked", asked: "answering", close: "closing", fail: "closed" },
  },
  asked: {
    reads: true, // the peer's asks, until its answer arrives
    boxes: "queued",
    calls: true,
    next: { answered: "performing", refused: "open", fail: "closed" },
  },
  answering: {
    reads: false, // nothing that follows the ask is ever parsed in plaintext
    boxes: "queued",
    calls: true,
    next: { agreed: "performing", declined: "open", fail: "closed" },
  },
  performing: {
    reads: false,
    boxes: "queued",
    calls: true,
    next: { upgraded: "open", handedOver: "switched", fail: "closed" },
  },
  closing: {
    reads: true,
    boxes: "sent",
    calls: false,
    next: { graceOver: "finishing", finished: "closed", fail: "closed" },
  },
  finishing: { reads: false, boxes: "sent", calls: false, next: { finished: "closed", fail: "closed" } },
  closed: { reads: false, boxes: "dropped", calls: false, next: {} },
  switched: { reads: false, boxes: "dropped", calls: false, next: {} },
};

/** @throws Error for a transition that the table does not have: a bug in ampwire */
export function next(state: State, transition: Transition): State {
  const to = STATES[state].next[transition];
  if (to === undefined) throw new Error(`a connection that is ${state} cannot ${transition}`);
  return to;
}

/**
 * True if queued boxes are sent inside TLS or not at all: an upgrade that this end has asked for or agreed to. While this
 * end is answering it may still decline, and plaintext continues.
 */
export function isUpgradeCertain(state: State, kind: ChangeKind | undefined): boolean {
  return kind === "upgrading" && (state === "asked" || state === "performing");
}

/** @param kind the kind of the protocol change under way, if there is one */
export function publicState(state: State, kind: ChangeKind | undefined): PublicState {
  if (STATES[state].boxes === "queued") return kind ?? "upgrading";
  return state === "finishing" ? "closing" : (state as PublicState); // the other states have public names
}
