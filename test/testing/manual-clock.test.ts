import { manualClock } from "ampwire/testing";
import { describe, expect, test } from "vitest";

describe("manualClock", () => {
  test("manualClock begins at 0, and advances when a test calls advance", () => {
    const clock = manualClock();
    expect(clock.now()).toBe(0);
    clock.advance(20);
    clock.advance(1.5);
    expect(clock.now()).toBe(21.5);
  });

  test("manualClock calls back in the order of due times, then in the order of insertion", () => {
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

  test("manualClock calls timers that a callback sets", () => {
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

  test("manualClock does not go back when a callback has advanced it further", () => {
    const clock = manualClock();
    clock.setTimeout(() => clock.advance(100), 5);
    clock.advance(10);
    expect(clock.now()).toBe(105);
  });

  test("manualClock does not call a cleared timer", () => {
    const clock = manualClock();
    const timer = clock.setTimeout(() => expect.unreachable(), 10);
    expect(clock.pending).toBe(1);
    clock.clearTimeout(timer);
    clock.clearTimeout(timer);
    clock.clearTimeout(undefined);
    expect(clock.pending).toBe(0);
    clock.advance(100);
  });

  test.each([-1, Number.NaN, undefined])("a timer of %s milliseconds is due at once", (milliseconds) => {
    const clock = manualClock();
    let calls = 0;
    clock.setTimeout(() => calls++, milliseconds as number); // a JavaScript program may pass any value
    clock.advance(0);
    expect([calls, clock.pending]).toEqual([1, 0]);
  });

  test.each([-1, Number.NaN])("manualClock throws for a step of %s", (milliseconds) => {
    expect(() => manualClock().advance(milliseconds)).toThrow(RangeError);
  });
});
