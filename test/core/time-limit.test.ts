import { expect, test, vi } from "vitest";
import { limitTime, type TimeLimitCause } from "../../src/core/time-limit.ts";
import { manualClock } from "../../src/testing/index.ts";

function limited(timeout?: number) {
  const clock = manualClock();
  const controller = new AbortController();
  const { signal } = controller;
  const removed = vi.spyOn(signal, "removeEventListener");
  const causes: TimeLimitCause[] = [];
  const release = limitTime(clock, { timeout, signal }, (cause) => causes.push(cause));
  return { clock, controller, removed, causes, release };
}

test("a time limit is reached when its timeout is over, and not before", () => {
  const { clock, causes } = limited(50);
  clock.advance(49);
  expect(causes).toEqual([]);
  clock.advance(1);
  expect(causes).toEqual(["timeout"]);
});

test("a time limit is reached when its signal is aborted", () => {
  const { controller, causes } = limited(50);
  controller.abort();
  expect(causes).toEqual(["abort"]);
});

test("a time limit is reached once, by the timeout or by the signal", () => {
  const { clock, controller, causes } = limited(50);
  clock.advance(50);
  controller.abort();
  clock.advance(50);
  expect(causes).toEqual(["timeout"]);
});

test("an aborted time limit leaves no timer", () => {
  const { clock, controller, causes } = limited(50);
  controller.abort();
  expect(clock.pending).toBe(0);
  clock.advance(100);
  expect(causes).toEqual(["abort"]);
});

test("a timeout leaves no listener on the signal", () => {
  const { clock, removed } = limited(50);
  clock.advance(50);
  expect(removed).toHaveBeenCalledOnce();
});

test("a released time limit has neither timer nor listener, and is never reached", () => {
  const { clock, controller, removed, causes, release } = limited(50);
  release();
  expect(clock.pending).toBe(0);
  expect(removed).toHaveBeenCalledOnce();
  controller.abort();
  release();
  expect(causes).toEqual([]);
});

test.each([undefined, Number.POSITIVE_INFINITY])("a timeout of %s sets no timer", (timeout) => {
  const { clock, controller, causes } = limited(timeout);
  expect(clock.pending).toBe(0);
  controller.abort();
  expect(causes).toEqual(["abort"]);
});

test("the timer and the listener are gone before the function of a time limit is called", () => {
  const clock = manualClock();
  const pending: number[] = [];
  limitTime(clock, { timeout: 50 }, () => pending.push(clock.pending));
  clock.advance(50);
  expect(pending).toEqual([0]);
});

test("operations with one signal share a listener, which is removed with the last of them", () => {
  const clock = manualClock();
  const controller = new AbortController();
  const { signal } = controller;
  const added = vi.spyOn(signal, "addEventListener");
  const removed = vi.spyOn(signal, "removeEventListener");
  const reached: number[] = [];
  const limits = [0, 1, 2].map((index) => limitTime(clock, { signal }, () => reached.push(index)));
  expect(added).toHaveBeenCalledOnce();
  limits[0]?.();
  expect(removed).not.toHaveBeenCalled();
  controller.abort();
  expect(reached).toEqual([1, 2]);
  expect(removed).toHaveBeenCalledExactlyOnceWith(...(added.mock.calls[0] ?? []));
});

test("a signal can be used again after all operations with it have ended", () => {
  const { controller, causes, release } = limited();
  release();
  const { signal } = controller;
  limitTime(manualClock(), { signal }, (cause) => causes.push(cause));
  controller.abort();
  expect(causes).toEqual(["abort"]);
});

test("the release of a time limit without a timeout clears no timer", () => {
  const clock = { setTimeout: vi.fn(), clearTimeout: vi.fn() };
  limitTime(clock, {}, () => {})();
  expect(clock.clearTimeout).not.toHaveBeenCalled();
  expect(clock.setTimeout).not.toHaveBeenCalled();
});
