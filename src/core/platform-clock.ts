/** The clock of the platform, for entry points that run on every platform. The core itself gets its clock passed. */
import type { Clock } from "./transport.ts";

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;
declare const setImmediate: ((callback: () => void) => unknown) | undefined;
declare const performance: { now(): number };

/** Longest delay of a timer, in milliseconds. A timer with a longer delay would fire at once. */
const MAX_DELAY = 2 ** 31 - 1;

// Taken when the module loads: a test runner may replace the global timers with fake ones later.
const start = setTimeout;
const stop = clearTimeout;
const now = performance.now.bind(performance);

export const platformClock: Clock = {
  now: () => now(),
  setTimeout: (callback, milliseconds) => start(callback, Math.min(milliseconds, MAX_DELAY)),
  clearTimeout: (timer) => stop(timer),
  // The same function as that of `ampwire/node`: on a server all connections take turns.
  nextTurn: typeof setImmediate === "undefined" ? undefined : setImmediate,
};
