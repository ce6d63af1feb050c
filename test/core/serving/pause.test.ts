/** The pause of the reading at a limit on asks: when asks are read again, and when the connection ends. */
import { LimitExceeded } from "ampwire";
import { manualClock } from "ampwire/testing";
import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../../src/core/connection/limits.ts";
import { Pause } from "../../../src/core/serving/pause.ts";

/** A pause that has begun at 5 s on the clock, at a limit of 3 s. */
function paused() {
  const clock = manualClock();
  clock.advance(5_000);
  const violations: unknown[] = [];
  const port = {
    alive: true,
    clock,
    limits: { ...DEFAULT_LIMITS, pauseTimeout: 3_000 },
    violated: (error: unknown) => void violations.push(error),
  };
  const serving = { full: true, refuses: true, finished: 0 };
  let reads = 0;
  const pause = new Pause(port, serving, () => {
    reads++;
  });
  pause.begin();
  return { clock, pause, port, serving, violations, reads: () => reads };
}

test("asks are read after a second, and the connection ends at pauseTimeout", () => {
  const { clock, violations, reads } = paused();
  clock.advance(999);
  expect(reads()).toBe(0);
  clock.advance(1);
  expect(reads()).toBe(1);
  clock.advance(1_999);
  expect(violations).toEqual([]);
  clock.advance(1);
  expect(violations).toEqual([expect.any(LimitExceeded)]);
  expect(clock.pending).toBe(0);
});

test("an ask that has finished begins a new pause", () => {
  const { clock, serving, violations, reads } = paused();
  serving.finished++;
  clock.advance(1_000);
  expect(reads()).toBe(0);
  clock.advance(2_000);
  expect([reads(), violations]).toEqual([2, []]);
  clock.advance(1_000);
  expect(violations).toHaveLength(1);
});

test("a pause at a limit that leaves room for queued asks ends no connection", () => {
  const { clock, serving, violations } = paused();
  serving.refuses = false;
  clock.advance(100_000);
  expect(violations).toEqual([]);
});

test("a pause whose limit is no longer reached leaves no timer", () => {
  const { clock, serving, reads } = paused();
  serving.full = false;
  clock.advance(1_000);
  expect([reads(), clock.pending]).toEqual([0, 0]);
});

test("a pause has one timer, and none after the end of the connection", () => {
  const { clock, pause, port } = paused();
  pause.begin();
  expect(clock.pending).toBe(1);
  pause.stop();
  expect(clock.pending).toBe(0);
  port.alive = false;
  clock.advance(1_000);
  pause.begin();
  expect(clock.pending).toBe(0);
});
