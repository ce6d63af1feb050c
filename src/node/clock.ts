/** The clock of the Node process. */
import { performance } from "node:perf_hooks";
import type { Clock } from "../core/transport.ts";
import { clearTimeout, setImmediate, setTimeout } from "./real-timers.ts";
import { setRef } from "./set-ref.ts";

/** The longest delay of Node's timers, in milliseconds. With a longer delay Node calls back after 1 ms. */
const MAX_DELAY = 2 ** 31 - 1;

/** Bound when the module loads, as the timers are. */
const now = performance.now.bind(performance);

export const systemClock: Clock = {
  now: () => now(),
  setTimeout: (callback, milliseconds) => setTimeout(callback, Math.min(milliseconds, MAX_DELAY)),
  // The cast is safe: timers come from setTimeout above.
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  nextTurn: setImmediate,
};

/** The clock of one connection. Its timers keep the process running only if the connection does. */
export class ConnectionClock implements Clock {
  #refs = true;
  #timers: Set<unknown> | undefined;

  now(): number {
    return systemClock.now();
  }

  setTimeout(callback: () => void, milliseconds: number): unknown {
    this.#timers ??= new Set();
    const timers = this.#timers;
    const timer = systemClock.setTimeout(() => {
      timers.delete(timer);
      callback();
    }, milliseconds);
    timers.add(timer);
    if (!this.#refs) this.#applyRef(timer);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    if (this.#timers?.delete(timer)) systemClock.clearTimeout(timer);
  }

  get nextTurn(): typeof setImmediate {
    return setImmediate;
  }

  /** @param refs false: the timers do not keep the process running */
  setRef(refs: boolean): void {
    this.#refs = refs;
    for (const timer of this.#timers ?? []) this.#applyRef(timer);
  }

  #applyRef(timer: unknown): void {
    setRef(timer as NodeJS.Timeout, this.#refs); // systemClock makes all timers with setTimeout
  }
}
