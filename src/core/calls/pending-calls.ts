/** Our calls that wait for their answers. Each is settled exactly once. */

import type { AnyCommand, CallOptions } from "../command/types.ts";
import { CallTimeout } from "../errors/caller.ts";
import type { AbortSignalLike } from "../platform.ts";
import type { Clock } from "../transport.ts";
import { TagWindow } from "./tag-window.ts";

/** Who waits for an answer. */
export interface Settle {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A call that has been written. One object a call. */
export interface Call extends Settle {
  /** Undefined for `callRemoteString`: its answer is the box itself. */
  readonly command: AnyCommand | undefined;
  readonly name: string;
  /** Takes back what `timeout` and `signal` have set up. */
  release: (() => void) | undefined;
}

/**
 * Stands for a call that nobody waits for, any more or at all: its answer is expected, and dropped. An object as the others
 * are: to compare one with a string V8 calls a function.
 */
export const NOBODY_WAITS: Call = {
  command: undefined,
  name: "given up",
  release: undefined,
  resolve() {},
  reject() {},
};

export class PendingCalls {
  readonly #clock: Clock | undefined;
  readonly #givenUp: () => void;
  #calls = new TagWindow<Call>();
  #waiting = 0;
  /** Tags from here on have not left this end: the peer cannot know them. */
  #unsentFrom = Number.POSITIVE_INFINITY;
  #last = 0;
  #over: { readonly reason: unknown } | undefined;

  /** @param givenUp hears when a call has ended without an answer */
  constructor(clock: Clock | undefined, givenUp: () => void) {
    this.#clock = clock;
    this.#givenUp = givenUp;
  }

  /** How many calls wait. */
  get size(): number {
    return this.#waiting;
  }

  /** The tag of the next call. It counts only once {@link add} or {@link skip} is called. */
  get nextTag(): number {
    return this.#last + 1;
  }

  /** A call that wants no answer uses up a tag too, as in Twisted. */
  skip(): void {
    this.#last++;
  }

  /** @throws the reason of the end, where a codec has brought it about while the call was being encoded */
  add(call: Call): number {
    if (this.#over !== undefined) throw this.#over.reason;
    const tag = ++this.#last;
    this.#calls.add(tag, call);
    this.#waiting++;
    return tag;
  }

  /** A tag whose answer is expected, and dropped: nobody waits for it, and closing does not either. */
  addForgotten(): number {
    const tag = ++this.#last;
    this.#calls.add(tag, NOBODY_WAITS);
    return tag;
  }

  /**
   * Looks at them before the call is written.
   * @throws the signal's reason, RangeError for a timeout that is none, TypeError for one without a clock
   */
  admit(options: CallOptions): void {
    refuseAborted(options);
    const { timeout } = options;
    if (timeout === undefined) return;
    if (!(timeout >= 0))
      throw new RangeError(`timeout must be a number of milliseconds from 0 up, not ${String(timeout)}`);
    if (this.#clock === undefined)
      throw new TypeError("a call can have a timeout only where there is a clock");
  }

  /** Applies a call's `timeout` and `signal`. Only calls that have one pay for it. */
  limit(tag: number, call: Call, { timeout, signal }: CallOptions): void {
    let timer: unknown;
    const clock = this.#clock;
    const aborted = () => this.#giveUp(tag, (signal as AbortSignalLike).reason); // only listened to on a signal
    if (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY)
      timer = clock?.setTimeout(() => this.#giveUp(tag, timedOut(call.name, timeout)), timeout);
    signal?.addEventListener("abort", aborted, { once: true });
    call.release = () => {
      if (timer !== undefined) clock?.clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
    };
  }

  #giveUp(tag: number, reason: unknown): void {
    const call = this.#calls.get(tag);
    if (call === undefined || call === NOBODY_WAITS) return;
    this.#calls.replace(tag, NOBODY_WAITS);
    this.#waiting--;
    call.release?.();
    call.reject(reason);
    this.#givenUp();
  }

  /** From now on calls are held back here: an answer to one of them is a forgery. */
  holdBack(): void {
    this.#unsentFrom = this.nextTag;
  }

  /** What was held back goes out. */
  release(): void {
    this.#unsentFrom = Number.POSITIVE_INFINITY;
  }

  /** The call that an answer is for. Undefined when none waits: then {@link why} tells. */
  take(tag: number): Call | undefined {
    const call = tag < this.#unsentFrom ? this.#calls.take(tag) : undefined;
    if (call === undefined || call === NOBODY_WAITS) return call;
    this.#waiting--;
    call.release?.();
    return call;
  }

  /** Why no call of this tag waits. */
  why(tag: number): string {
    if (tag < 1 || tag > this.#last) return "was never made";
    return tag >= this.#unsentFrom ? "has not been sent yet" : "does not wait for one";
  }

  /** It is over: every call fails with the reason. */
  rejectAll(reason: unknown): void {
    const calls = this.#calls;
    this.#over ??= { reason };
    this.#calls = new TagWindow();
    this.#waiting = 0;
    for (const call of calls.values()) {
      if (call === NOBODY_WAITS) continue;
      call.release?.();
      call.reject(reason);
    }
  }
}

/** @throws the reason of a signal that is aborted already */
export function refuseAborted({ signal }: CallOptions): void {
  if (signal?.aborted) throw signal.reason;
}

function timedOut(name: string, timeout: number): CallTimeout {
  return new CallTimeout(`${name} was not answered within ${timeout} ms`);
}
