import { manualClock } from "ampwire/testing";
import { expect, test } from "vitest";
import { MAX_REPORTS_PER_SECOND, ReportLimiter } from "../../../src/core/serving/report-limiter.ts";

/** A limiter of three reports in a second, and what it has reported as dropped. */
function limited() {
  const clock = manualClock();
  const dropped: number[] = [];
  const limiter = new ReportLimiter(clock, (count) => void dropped.push(count), 3);
  const admitted = (count: number) =>
    Array.from({ length: count }, () => limiter.admit()).filter(Boolean).length;
  return { clock, dropped, limiter, admitted };
}

test("a report limiter admits reports up to the limit, and reports at the end of the second how many were dropped", () => {
  const { clock, dropped, admitted } = limited();
  expect(admitted(10_000)).toBe(3);
  expect(dropped).toEqual([]);
  clock.advance(999);
  expect(admitted(1)).toBe(0);
  expect(dropped).toEqual([]);
  clock.advance(1);
  expect(dropped).toEqual([9_998]);
});

test("a report limiter admits reports again in the next second", () => {
  const { clock, dropped, admitted } = limited();
  for (let second = 0; second < 3; second++) {
    expect(admitted(5)).toBe(3);
    clock.advance(1_000);
  }
  expect(dropped).toEqual([2, 2, 2]);
});

test("a report limiter that drops nothing sets no timer and reports nothing", () => {
  const { clock, dropped, admitted } = limited();
  expect(admitted(3)).toBe(3);
  expect(clock.pending).toBe(0);
  clock.advance(5_000);
  expect(admitted(3)).toBe(3);
  expect(dropped).toEqual([]);
});

test("the end of a connection reports what was dropped, and leaves no timer", () => {
  const { clock, dropped, limiter, admitted } = limited();
  admitted(5);
  limiter.end();
  limiter.end();
  expect(dropped).toEqual([2]);
  expect(clock.pending).toBe(0);
  clock.advance(5_000);
  expect(dropped).toEqual([2]);
});

test("a report limiter whose timer is late reports before the next second begins", () => {
  let now = 0;
  const dropped: number[] = [];
  const clock = { now: () => now, setTimeout: () => undefined, clearTimeout() {} };
  const limiter = new ReportLimiter(clock, (count) => void dropped.push(count), 1);
  expect([limiter.admit(), limiter.admit()]).toEqual([true, false]);
  now = 3_000;
  expect(limiter.admit()).toBe(true);
  expect(dropped).toEqual([1]);
});

test("the default limit is 20 reports in a second", () => {
  const limiter = new ReportLimiter(manualClock(), () => {});
  expect(MAX_REPORTS_PER_SECOND).toBe(20);
  expect(Array.from({ length: 30 }, () => limiter.admit()).filter(Boolean)).toHaveLength(20);
});
