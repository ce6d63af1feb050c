/** A NATS server in memory with a manual clock, and the workers and callers of a test. */
import { locator, type ResponderLocator } from "ampwire";
import { type CallerOptions, caller, type ServeOptions, serve } from "ampwire/nats";
import {
  flushPending,
  type ManualClock,
  type MemoryNats,
  type MemoryNatsOptions,
  manualClock,
  memoryNats,
} from "ampwire/testing";
import { Broken, Divide, Echo, Odd, Sum, SumOnce, ZeroDivision } from "./commands.ts";

export const calculator = (): ResponderLocator =>
  locator(
    Sum.responder(({ a, b }) => ({ total: a + b })),
    SumOnce.responder(({ a, b }) => ({ total: a + b })),
    Divide.responder(async ({ numerator, denominator }) => {
      if (denominator === 0) throw new ZeroDivision("cannot divide by zero");
      if (denominator === -1) throw new Broken("cannot go on");
      if (denominator === -2) throw new Error("a secret of the worker");
      return { result: numerator / denominator };
    }),
    Echo.responder(({ data }) => ({ data })),
    Odd.responder(() => ({ n: 7 })),
  );

export interface Network {
  readonly clock: ManualClock;
  readonly nats: MemoryNats;
  /** Starts a worker on a NATS connection of its own. */
  work(options?: Partial<ServeOptions>): ReturnType<typeof serve>;
  /** Makes a caller on a NATS connection of its own. */
  call(options?: Partial<CallerOptions>): ReturnType<typeof caller>;
  /** Advances the clock in small steps, and lets promises settle after each. */
  advance(milliseconds: number): Promise<void>;
}

export function network(options: MemoryNatsOptions = {}): Network {
  const clock = manualClock();
  const nats = memoryNats({ clock, ...options });
  return {
    clock,
    nats,
    work: (more) => serve(nats.connect(), { service: "calc", locator: calculator(), clock, ...more }),
    call: (more) => caller(nats.connect(), { service: "calc", clock, ...more }),
    async advance(milliseconds) {
      await flushPending();
      for (let left = milliseconds; left > 0; left -= 50) {
        clock.advance(Math.min(50, left));
        await flushPending();
      }
    },
  };
}
