import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS, type Limits, resolveLimits } from "../../../src/core/connection/limits.ts";

test("the default limits have the documented values", () => {
  expect(DEFAULT_LIMITS).toEqual({
    maxBoxBytes: 1_048_576,
    maxBoxKeys: 1_000,
    boxTimeout: 300_000,
    maxAsksInProgress: 1_000,
    maxBytesInProgress: 16_777_216,
    maxElements: 65_536,
    pauseTimeout: 60_000,
    maxHeldBytes: 1_048_576,
    maxUnsentBytes: 16_777_216,
    unsentTimeout: 60_000,
    maxAbandonedCalls: 10_000,
    maxBufferedBytes: 16_777_216,
    handshakeTimeout: 10_000,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
});

describe("resolveLimits", () => {
  test("resolveLimits() overrides the defaults with the given limits", () => {
    expect(resolveLimits()).toEqual(DEFAULT_LIMITS);
    const limits = resolveLimits({ maxBoxKeys: 5, idleTimeout: Number.POSITIVE_INFINITY });
    expect(limits).toEqual({ ...DEFAULT_LIMITS, maxBoxKeys: 5 });
  });

  test("resolveLimits() uses inherited limits and getters", () => {
    class Small {
      get maxBoxKeys() {
        return 7;
      }
    }
    expect(resolveLimits(Object.create({ maxBoxBytes: 5 }))).toEqual({ ...DEFAULT_LIMITS, maxBoxBytes: 5 });
    expect(resolveLimits(new Small())).toEqual({ ...DEFAULT_LIMITS, maxBoxKeys: 7 });
    expect(() => resolveLimits(Object.create({ maxBoxBytes: -5 }))).toThrow(RangeError);
  });

  test.each([[[]], [new Map()], ["5"]])("resolveLimits() refuses %j instead of an object", (given) => {
    expect(() => resolveLimits(given as object)).toThrow(/^limits: the options must be an object, not /);
  });

  test("resolveLimits() ignores limits that are undefined", () => {
    // Programs in JavaScript pass options on without checking them.
    expect(resolveLimits({ maxBoxBytes: undefined })).toEqual(DEFAULT_LIMITS);
  });

  test("resolveLimits() rejects invalid values and unknown limits", () => {
    for (const [value, shown] of [
      [0, "0"],
      [-1, "-1"],
      [Number.NaN, "NaN"],
      ["5", '"5"'],
    ]) {
      const given = { maxBoxBytes: value } as unknown as Partial<Limits>;
      expect(() => resolveLimits(given)).toThrow(
        new RangeError(`maxBoxBytes must be a positive number, not ${shown}`),
      );
    }
    expect(() => resolveLimits({ maxBoxBytes: null } as unknown as Partial<Limits>)).toThrow(
      new TypeError("limits: the option maxBoxBytes must not be null"),
    );
    expect(() => resolveLimits({ maxBoxByte: 5 } as unknown as Partial<Limits>)).toThrow(
      'limits: unknown option "maxBoxByte" (did you mean "maxBoxBytes"?)',
    );
  });
});
