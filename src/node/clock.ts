/** The clock of the Node process. */
import { performance } from "node:perf_hooks";
import type { Clock } from "../core/transport.ts";
import { clearTimeout, setTimeout } from "./real-timers.ts";

/** The longest delay of Node's timers, in milliseconds. With a longer delay Node calls back after 1 ms. */
const MAX_DELAY = 2 ** 31 - 1;

/** Bound when the module loads, as the timers are. */
const now = performance.now.bind(performance);

export const systemClock: Clock = {
  now: () => now(),
  setTimeout: (callback, milliseconds) => setTimeout(callback, Math.min(milliseconds, MAX_DELAY)),
  // The cast is safe: timers come from setTimeout above.
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
