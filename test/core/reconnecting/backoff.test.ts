import { describe, expect, it } from "vitest";
import { Backoff } from "../../../src/core/reconnecting/backoff.ts";

const longest = { jitter: () => 1 };

function waits(backoff: Backoff, count: number): number[] {
  return Array.from({ length: count }, () => backoff.next());
}

describe("the delays", () => {
  it("delays grow by the factor up to the maximum", () => {
    const backoff = new Backoff({ initial: 10, factor: 3, max: 200, ...longest });
    expect(waits(backoff, 5)).toEqual([10, 30, 90, 200, 200]);
  });

  it("the jitter scales each delay", () => {
    const parts = [0, 0.5, 0.25];
    const backoff = new Backoff({ initial: 100, jitter: () => parts.shift() ?? 1 });
    expect(waits(backoff, 3)).toEqual([0, 100, 100]);
  });

  it.each([Number.NaN, -0.1, 1.1])("a jitter of %d throws a RangeError", (part) => {
    expect(() => new Backoff({ jitter: () => part }).next()).toThrow(RangeError);
  });

  it("delays start again at the first after a connection that lasted longer than the next delay", () => {
    const backoff = new Backoff({ initial: 10, ...longest });
    expect(waits(backoff, 3)).toEqual([10, 20, 40]);
    backoff.lasted(79);
    expect(backoff.next()).toBe(80);
    backoff.lasted(160);
    expect(backoff.next()).toBe(10);
  });

  it("a first delay over the default maximum is the maximum", () => {
    expect(waits(new Backoff({ initial: 60_000, ...longest }), 2)).toEqual([60_000, 60_000]);
  });

  it("all delays may be zero", () => {
    expect(waits(new Backoff({ initial: 0, max: 0, ...longest }), 3)).toEqual([0, 0, 0]);
  });

  it.each([
    { initial: -1 },
    { initial: Number.NaN },
    { initial: 100, max: 99 },
    { max: Number.POSITIVE_INFINITY },
    { factor: 0.5 },
  ])("the options %o throw a RangeError", (wrong) => {
    expect(() => new Backoff(wrong)).toThrow(RangeError);
  });

  it("a jitter that is not a function throws a TypeError", () => {
    expect(() => new Backoff({ jitter: 0.5 as unknown as () => number })).toThrow(
      new TypeError("backoff.jitter must be a function, not 0.5"),
    );
  });
});
