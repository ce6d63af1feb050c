/**
 * The states of a connection, their transitions and their rules: all of them, in one place.
 * ARCHITECTURE.md prints these tables. Encryption is a property of the connection (`secure`), not a state.
 */

export type State = "open" | "upgrading" | "switching" | "switched" | "closing" | "closed";

/** What moves a connection from one state to another. */
export type Transition =
  /** An ask that changes the protocol was sent or received. */
  | "upgrade"
  | "switch"
  /** The change was made: the bytes are AMP inside TLS, or they are no longer AMP. */
  | "upgraded"
  | "handedOver"
  /** The change was refused and AMP goes on as before. */
  | "refused"
  /** `close()`, or the peer ended its side. */
  | "close"
  /** Nothing is in progress any more. */
  | "finished"
  /** An error, `destroy()`, or the transport is gone. */
  | "fail";

export const TRANSITIONS: Readonly<Record<State, Readonly<Partial<Record<Transition, State>>>>> = {
  open: { upgrade: "upgrading", switch: "switching", close: "closing", fail: "closed" },
  upgrading: { upgraded: "open", refused: "open", fail: "closed" },
  switching: { handedOver: "switched", refused: "open", fail: "closed" },
  switched: {}, // the stream is somebody else's: nothing that happens here ends it
  closing: { finished: "closed", fail: "closed" },
  closed: {},
};

/** What a state allows. */
export interface Rules {
  /** Received bytes are parsed as boxes. */
  readonly reads: boolean;
  /** Boxes go out, wait in a bounded queue, or are dropped. */
  readonly output: "sent" | "held" | "dropped";
  /** New calls are accepted. */
  readonly calls: boolean;
}

export const RULES: Readonly<Record<State, Rules>> = {
  open: { reads: true, output: "sent", calls: true },
  // Read only until the change is answered: see PHASES.
  upgrading: { reads: true, output: "held", calls: true },
  switching: { reads: true, output: "held", calls: true },
  switched: { reads: false, output: "dropped", calls: false },
  closing: { reads: true, output: "sent", calls: false },
  closed: { reads: false, output: "dropped", calls: false },
};

/**
 * The phases of `upgrading` and `switching`.
 * The asker goes from `asked` to `performing`, the responder from `answering` to `performing`.
 */
export type Phase = "asked" | "answering" | "performing";

/** What a phase allows and promises. */
export interface PhaseRules {
  /** Who has asked still serves what the peer sent before its answer; who answers has stopped reading before it decides. */
  readonly reads: boolean;
  /** Of an upgrade: it comes about, or the connection ends. Only who answers may still refuse, and go on in plaintext. */
  readonly certain: boolean;
}

export const PHASES: Readonly<Record<Phase, PhaseRules>> = {
  asked: { reads: true, certain: true },
  answering: { reads: false, certain: false },
  performing: { reads: false, certain: true },
};

/** @throws Error for a transition that the table does not have: a mistake of ours */
export function next(state: State, transition: Transition): State {
  const to = TRANSITIONS[state][transition];
  if (to === undefined) throw new Error(`a connection that is ${state} cannot ${transition}`);
  return to;
}

/** Whether there is anything left to end. */
export function mayFail(state: State): boolean {
  return TRANSITIONS[state].fail !== undefined;
}
