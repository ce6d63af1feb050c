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

  test("resolveLimits() ignores limits that are undefined", () => {
    // Programs in JavaScript pass options on without checking them.
    expect(resolveLimits({ maxBoxBytes: undefined })).toEqual(DEFAULT_LIMITS);
  });

  test("resolveLimits() rejects invalid values and unknown limits", () => {
    for (const value of [0, -1, Number.NaN, "5", null]) {
      const given = { maxBoxBytes: value } as unknown as Partial<Limits>;
      expect(() => resolveLimits(given)).toThrow(/maxBoxBytes must be a positive number/);
    }
    expect(() => resolveLimits({ maxBoxByte: 5 } as unknown as Partial<Limits>)).toThrow(
      'limits: unknown option "maxBoxByte" (did you mean "maxBoxBytes"?)',
    );
  });
});
