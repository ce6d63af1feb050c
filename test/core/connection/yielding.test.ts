/** Reading gives other connections a turn. */
import { Box, type Clock, DEFAULT_LIMITS, encodeBox } from "ampwire";
import { memoryTransports } from "ampwire/testing";
import { expect, test } from "vitest";
import { Inbox } from "../../../src/core/connection/inbox.ts";
import { readingPause, spendReadingTime } from "../../../src/core/connection/reading-time.ts";

/** A clock that advances by `step` milliseconds whenever it is read. Timers run when `turn` is called. */
function steppingClock(step: number) {
  let now = 0;
  const timers = new Map<number, () => void>();
  const clock: Clock = {
    now: () => {
      now += step;
      return now;
    },
    setTimeout: (callback) => {
      timers.set(timers.size + 1, callback);
      return timers.size;
    },
    clearTimeout: (timer) => void timers.delete(timer as number), // made above
  };
  const turn = () => {
    for (const [timer, callback] of [...timers]) {
      timers.delete(timer);
      callback();
    }
  };
  return { clock, turn, timers };
}

function opened(step: number) {
  const [transport] = memoryTransports();
  const stepping = steppingClock(step);
  let served = 0;
  const inbox = new Inbox(transport, DEFAULT_LIMITS, stepping.clock, {
    mayRead: () => true,
    receive: () => void served++,
    readEnded() {},
    violated() {},
  });
  return { ...stepping, inbox, served: () => served };
}

const boxes = (count: number, size = 1) =>
  Buffer.concat(Array.from({ length: count }, () => encodeBox(new Box({ a: "x".repeat(size) }))));

test("many boxes in one chunk are served in several turns, and the transport is paused between them", () => {
  const { inbox, served, timers, turn } = opened(5);
  inbox.push(boxes(1_000), "shared");
  expect(served()).toBeLessThan(100);
  expect(inbox.transportPaused).toBe(true);
  inbox.read(); // other events do not shorten the pause
  expect(served()).toBeLessThan(100);
  let turns = 0;
  while (served() < 1_000 && turns++ < 1_000) turn();
  expect(served()).toBe(1_000);
  turn();
  expect([inbox.transportPaused, timers.size]).toEqual([false, 0]);
});

test("a few large boxes are served in several turns too", () => {
  const { inbox, served } = opened(5);
  inbox.push(boxes(40, 60_000), "shared");
  expect(served()).toBeLessThan(10);
});

test("boxes that take no time are served in one turn", () => {
  const { inbox, served } = opened(0);
  inbox.push(boxes(10_000), "shared");
  expect(served()).toBe(10_000);
});

test("no timer is left when the connection ends between two turns", () => {
  const { inbox, timers } = opened(5);
  inbox.push(boxes(1_000), "shared");
  expect(timers.size).toBe(1);
  inbox.discard();
  expect(timers.size).toBe(0);
});

test("connections that read at the same time share a budget of each window", () => {
  const start = 1_000_000;
  expect(spendReadingTime(start, 5)).toBe(false);
  expect(readingPause(start + 5)).toBe(0);
  expect(spendReadingTime(start + 10, 8)).toBe(true);
  expect(readingPause(start + 13)).toBeGreaterThan(0);
  expect(readingPause(start + 13)).toBeLessThanOrEqual(20);
  expect(readingPause(start + 20)).toBe(0);
  expect(spendReadingTime(start + 21, 1)).toBe(false);
});
