/** A clock that a test advances. */
import type { Clock } from "../core/transport.ts";

/** A clock that advances only by {@link ManualClock.advance}. It begins at 0. */
export interface ManualClock extends Clock {
  /**
   * Advances the clock, and calls the timers that become due in their order, including timers that are set during the call.
   * Reactions of promises run after the call, so `await` a promise before you check results.
   * @throws RangeError for a negative number or NaN
   */
  advance(milliseconds: number): void;
  /** Number of timers that are set. It is 0 after all connections on the clock have ended. */
  readonly pending: number;
}

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** Creates a clock with the time 0. */
export function manualClock(): ManualClock {
  let now = 0;
  const timers = new Set<Timer>();
  const nextUntil = (end: number): Timer | undefined => {
    let next: Timer | undefined;
    // Timers with the same due time are called in the order of insertion, which a Set keeps.
    for (const timer of timers)
      if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer;
    return next;
  };
  return {
    now: () => now,
    setTimeout(callback, milliseconds) {
      const timer = { due: now + (milliseconds > 0 ? milliseconds : 0), callback };
      timers.add(timer);
      return timer;
    },
    clearTimeout(timer) {
      timers.delete(timer as Timer); // safe: another value is not in the set
    },
    advance(milliseconds) {
      if (!(milliseconds >= 0))
        throw new RangeError(`advance needs a number of at least 0, not ${milliseconds}`);
      const end = now + milliseconds;
      for (let timer = nextUntil(end); timer !== undefined; timer = nextUntil(end)) {
        timers.delete(timer);
        now = timer.due;
        timer.callback();
      }
      now = Math.max(now, end); // a callback may have advanced it further
    },
    get pending() {
      return timers.size;
    },
  };
}
