/** Time that stands still until a test moves it. */
import type { Clock } from "../core/transport.ts";

/** A clock that is set by hand. It begins at 0. */
export interface ManualClock extends Clock {
  /**
   * Moves the time on, and calls on its way whatever is due, in the order in which it is due: also what is set
   * meanwhile. Promises that are settled by it go on afterwards, so `await` something before looking.
   */
  advance(milliseconds: number): void;
  /** How many timers are set. 0 once everything has been tidied up. */
  readonly pending: number;
}

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** Makes a clock that stands at 0. */
export function manualClock(): ManualClock {
  let now = 0;
  const timers = new Set<Timer>();
  const nextUntil = (end: number): Timer | undefined => {
    let next: Timer | undefined;
    // A set keeps the order of insertion, which is what counts between equals.
    for (const timer of timers)
      if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer;
    return next;
  };
  return {
    now: () => now,
    setTimeout(callback, milliseconds) {
      const timer = { due: now + Math.max(0, milliseconds), callback };
      timers.add(timer);
      return timer;
    },
    clearTimeout(timer) {
      timers.delete(timer as Timer); // what is no timer is not in the set
    },
    advance(milliseconds) {
      if (!(milliseconds >= 0)) throw new RangeError(`time does not go back: ${milliseconds} ms`);
      const end = now + milliseconds;
      for (let timer = nextUntil(end); timer !== undefined; timer = nextUntil(end)) {
        timers.delete(timer);
        now = timer.due;
        timer.callback();
      }
      now = Math.max(now, end); // a callback may have moved it on further
    },
    get pending() {
      return timers.size;
    },
  };
}
