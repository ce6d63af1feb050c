import { manualClock } from "ampwire/testing";
import { describe, expect, test } from "vitest";

describe("manualClock", () => {
  test("begins at 0 and goes on when it is told to", () => {
    const clock = manualClock();
    expect(clock.now()).toBe(0);
    clock.advance(20);
    clock.advance(1.5);
    expect(clock.now()).toBe(21.5);
  });

  test("calls back in the order of what is due, then of what was set first", () => {
    const clock = manualClock();
    const called: string[] = [];
    clock.setTimeout(() => called.push(`late at ${clock.now()}`), 30);
    clock.setTimeout(() => called.push(`first at ${clock.now()}`), 10);
    clock.setTimeout(() => called.push(`second at ${clock.now()}`), 10);
    clock.advance(29);
    expect(called).toEqual(["first at 10", "second at 10"]);
    clock.advance(1);
    expect(called).toEqual(["first at 10", "second at 10", "late at 30"]);
  });

  test("calls back what is set on the way", () => {
    const clock = manualClock();
    const called: number[] = [];
    const again = () => {
      called.push(clock.now());
      clock.setTimeout(again, 10);
    };
    clock.setTimeout(again, 10);
    clock.advance(35);
    expect(called).toEqual([10, 20, 30]);
    expect(clock.pending).toBe(1);
  });

  test("does not go back when a callback has moved it on further", () => {
    const clock = manualClock();
    clock.setTimeout(() => clock.advance(100), 5);
    clock.advance(10);
    expect(clock.now()).toBe(105);
  });

  test("does not call back what was taken back", () => {
    const clock = manualClock();
    const timer = clock.setTimeout(() => expect.unreachable(), 10);
    expect(clock.pending).toBe(1);
    clock.clearTimeout(timer);
    clock.clearTimeout(timer);
    clock.clearTimeout(undefined);
    expect(clock.pending).toBe(0);
    clock.advance(100);
  });

  test.each([-1, Number.NaN])("does not go back: %s", (milliseconds) => {
    expect(() => manualClock().advance(milliseconds)).toThrow(RangeError);
  });
});
