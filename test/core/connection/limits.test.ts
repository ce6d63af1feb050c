import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS, type Limits, resolveLimits } from "../../../src/core/connection/limits.ts";

describe("resolveLimits", () => {
  test("puts what is given over the defaults", () => {
    expect(resolveLimits()).toEqual(DEFAULT_LIMITS);
    const limits = resolveLimits({ maxBoxKeys: 5, idleTimeout: Number.POSITIVE_INFINITY });
    expect(limits).toEqual({ ...DEFAULT_LIMITS, maxBoxKeys: 5 });
  });

  test("takes undefined for not given", () => {
    // Programs in JavaScript pass options on without looking.
    expect(resolveLimits({ maxBoxBytes: undefined })).toEqual(DEFAULT_LIMITS);
  });

  test("refuses what cannot be a limit, and limits that do not exist", () => {
    for (const value of [0, -1, Number.NaN, "5", null]) {
      const given = { maxBoxBytes: value } as unknown as Partial<Limits>;
      expect(() => resolveLimits(given)).toThrow(/maxBoxBytes must be a positive number/);
    }
    expect(() => resolveLimits({ maxBoxByte: 5 } as unknown as Partial<Limits>)).toThrow(
      /no limit named maxBoxByte/,
    );
  });
});
