/** Node's own time. */
import { performance } from "node:perf_hooks";
import type { Clock } from "../core/transport.ts";

/** The longest delay that Node's timers know; a longer one would fire at once. */
const MAX_DELAY = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, milliseconds) => setTimeout(callback, Math.min(milliseconds, MAX_DELAY)),
  // What comes back here is what setTimeout above has given.
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
