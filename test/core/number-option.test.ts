import { expect, test } from "vitest";
import { checkLimit, checkNotNegative, checkPositive } from "../../src/core/number-option.ts";

test.each([Number.NaN, -1, "5", null])("an option that may not be negative rejects %j", (value) => {
  // A JavaScript program may pass any value.
  expect(() => checkNotNegative({ callTimeout: value as number })).toThrow(
    new RangeError(`callTimeout must be a number of at least 0, not ${value === "5" ? '"5"' : value}`),
  );
});

test.each([0, Number.NaN, -1, "5", null])("an option that must be positive rejects %j", (value) => {
  // A JavaScript program may pass any value.
  expect(() => checkPositive({ "heartbeat.interval": value as number })).toThrow(
    new RangeError(`heartbeat.interval must be a positive number, not ${value === "5" ? '"5"' : value}`),
  );
});

test.each([0, 0.5, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, "5", null])("a limit rejects %j", (value) => {
  // A JavaScript program may pass any value.
  expect(() => checkLimit({ maxCalls: value as number })).toThrow(
    new RangeError(
      `maxCalls must be a whole number of at least 1, or Infinity, not ${value === "5" ? '"5"' : value}`,
    ),
  );
});

test("infinite, undefined and zero options are accepted where they make sense", () => {
  checkNotNegative({ callTimeout: 0, connectTimeout: undefined, setupTimeout: Number.POSITIVE_INFINITY });
  checkLimit({ maxCalls: 1, maxBytes: Number.POSITIVE_INFINITY, maxRows: undefined });
  checkPositive({ interval: 0.5, timeout: undefined, idleTimeout: Number.POSITIVE_INFINITY });
});
