/** Counts timers that connections have set and that have neither fired nor been cleared. */
import { systemClock } from "../../src/node/clock.ts";

const pending = new Set<unknown>();
const { setTimeout: set, clearTimeout: clear } = systemClock;

systemClock.setTimeout = (callback, milliseconds) => {
  const timer = set(() => {
    pending.delete(timer);
    callback();
  }, milliseconds);
  pending.add(timer);
  return timer;
};

systemClock.clearTimeout = (timer) => {
  pending.delete(timer);
  clear(timer);
};

export function pendingTimers(): number {
  return pending.size;
}
