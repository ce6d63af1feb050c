/** Calls of this end that wait for their answers. Each is settled exactly once. */
import type { AnyCommand, CallOptions } from "../command/types.ts";
import { CallTimeout, LimitExceeded } from "../errors/caller.ts";
import { checkNotNegative } from "../number-option.ts";
import { limitTime, throwIfAborted } from "../time-limit.ts";
import type { Clock } from "../transport.ts";
import type { Port } from "./port.ts";
import { type Rejectable, rejectCall, rejectWithOwnError } from "./rejection.ts";

/** The two functions that settle a call. */
export type Settle = Pick<Rejectable, "resolve" | "reject">;

/** A call that was written. One object for each call. */
export interface Call extends Rejectable {
  /** Undefined for `callRemoteString`, whose answer is the box itself. */
  readonly command: AnyCommand | undefined;
  readonly name: string;
  /** Removes the timer and the abort listener of the call. */
  release: (() => void) | undefined;
}

/**
 * Entry of a tag whose answer is expected and dropped: its call timed out, was aborted, or never had a caller. An object
 * with the shape of the other entries: V8 compares it with a pointer comparison.
 */
export const NOBODY_WAITS: Call = {
  command: undefined,
  name: "",
  origin: undefined,
  release: undefined,
  resolve() {},
  reject() {},
};

/** Calls of a lost connection that one turn of the event loop rejects. Each costs some microseconds, for the stack of its caller. */
const REJECTED_A_TURN = 256;

/** Calls by their tags, in ascending order. A `Map` is one; a `TagWindow` costs less for each call. */
interface CallTable {
  get(tag: number): Call | undefined;
  set(tag: number, call: Call): unknown;
  delete(tag: number): unknown;
  values(): Iterable<Call>;
}

/** Shared by all connections that have made no call: nothing is ever added to it. */
const NO_CALLS: CallTable = new Map<number, Call>();

const newMap = (): CallTable => new Map<number, Call>();

/** The connection, as its pending calls see it. */
type CallsOwner = Pick<Port, "limits" | "finished" | "fail">;

export class PendingCalls {
  readonly #clock: Clock;
  readonly #owner: CallsOwner;
  #calls = NO_CALLS;
  /** Creates the table for the first call. */
  newTable = newMap;
  #waiting = 0;
  /** Calls that ended without an answer, and whose answers have not arrived. */
  #abandoned = 0;
  /** Calls from this tag on are queued: the peer cannot know their tags. */
  #queuedFrom = Number.POSITIVE_INFINITY;
  #last = 0;

  constructor(clock: Clock, owner: CallsOwner) {
    this.#clock = clock;
    this.#owner = owner;
  }

  /** Number of calls that wait for an answer. */
  get size(): number {
    return this.#waiting;
  }

  /** The tag of the next call. It is used up only by {@link add} or {@link skip}. */
  get nextTag(): number {
    return this.#last + 1;
  }

  /** Uses up a tag for a call that wants no answer, as Twisted does. */
  skip(): void {
    this.#last++;
  }

  add(call: Call): number {
    if (this.#calls === NO_CALLS) this.#calls = this.newTable();
    const tag = ++this.#last;
    this.#calls.set(tag, call);
    this.#waiting++;
    return tag;
  }

  /** Adds a call whose answer is dropped. `close()` does not wait for it. */
  addForgotten(): number {
    const tag = this.add(NOBODY_WAITS);
    this.#waiting--;
    return tag;
  }

  /** Applies `timeout` and `signal` of a call that has one of them. */
  limit(tag: number, call: Call, { timeout, signal }: CallOptions): void {
    call.release = limitTime(this.#clock, { timeout, signal }, (cause) =>
      this.#cancel(tag, cause === "timeout" ? timedOut(call.name, timeout) : undefined, signal),
    );
  }

  /** @param late set for a timeout; otherwise the signal was aborted */
  #cancel(tag: number, late: Error | undefined, signal: CallOptions["signal"]): void {
    const call = this.get(tag);
    if (call === undefined) return; // `rejectAll` rejects it in a later turn
    this.#calls.set(tag, NOBODY_WAITS);
    this.#waiting--;
    if (late === undefined)
      call.reject(signal?.reason); // an object of the program
    else rejectCall(call, late);
    this.#abandon();
    this.#owner.finished();
  }

  /** Each abandoned call keeps some bytes until its answer arrives. A peer that answers none must not keep them forever. */
  #abandon(): void {
    const { maxAbandonedCalls } = this.#owner.limits;
    if (++this.#abandoned <= maxAbandonedCalls) return;
    this.#owner.fail(
      new LimitExceeded(
        `${this.#abandoned} abandoned calls were not answered: the limit is maxAbandonedCalls`,
      ),
    );
  }

  /** Calls are queued from now on: an answer to one of them is forged. */
  queueFromHere(): void {
    this.#queuedFrom = this.nextTag;
  }

  /** Queued calls are sent. */
  sendQueued(): void {
    this.#queuedFrom = Number.POSITIVE_INFINITY;
  }

  /** Returns the entry of a tag, which stays. */
  get(tag: number): Call | undefined {
    return this.#calls.get(tag);
  }

  /** Takes the call that an answer belongs to. Undefined if none waits for it: {@link why} says why. */
  take(tag: number): Call | undefined {
    const call = tag < this.#queuedFrom ? this.#calls.get(tag) : undefined;
    if (call === undefined) return undefined;
    this.#calls.delete(tag);
    if (call === NOBODY_WAITS) {
      if (this.#abandoned > 0) this.#abandoned--;
      return call;
    }
    this.#waiting--;
    call.release?.();
    return call;
  }

  /** The reason why no call with this tag waits, for a message. */
  why(tag: number): string {
    if (tag < 1 || tag > this.#last) return "was never made";
    return tag >= this.#queuedFrom ? "has not been sent yet" : "does not wait for one";
  }

  /**
   * Rejects every call with an error of its own, whose `cause` is the reason. Calls of the library itself get the reason. Many
   * calls are rejected in several turns of the event loop.
   */
  rejectAll(reason: Error): void {
    const calls = [...this.#calls.values()];
    this.#calls = NO_CALLS;
    this.#waiting = 0;
    const { nextTurn } = this.#clock;
    const rejectSome = (): void => {
      for (const call of calls.splice(0, nextTurn === undefined ? calls.length : REJECTED_A_TURN)) {
        call.release?.();
        if (call.origin === undefined)
          call.reject(reason); // does nothing if nobody waits
        else rejectWithOwnError(call, reason, call.name);
      }
      if (calls.length > 0) nextTurn?.(rejectSome);
    };
    rejectSome();
  }
}

/**
 * Checks `timeout` and `signal` before a call is written.
 * @throws the signal's reason if it is aborted, TypeError for another value, RangeError for an invalid timeout
 */
export function checkCallOptions({ timeout, signal }: CallOptions): void {
  throwIfAborted(signal);
  if (timeout !== undefined) checkNotNegative({ timeout });
}

function timedOut(name: string, timeout: number | undefined): CallTimeout {
  return new CallTimeout(`${name} was not answered within ${timeout} ms`);
}
