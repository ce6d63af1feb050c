import { expect, test } from "vitest";
import { checkNotNegative, checkPositive } from "../../src/core/number-option.ts";

test.each([Number.NaN, -1, "5", null])("an option that may not be negative rejects %j", (value) => {
  // A JavaScript program may pass any value.
  expect(() => checkNotNegative({ callTimeout: value as number })).toThrow(
    new RangeError(`callTimeout must be a number of at least 0, not ${value}`),
  );
});

test.each([0, Number.NaN, -1, "5", null])("an option that must be positive rejects %j", (value) => {
  // A JavaScript program may pass any value.
  expect(() => checkPositive({ "heartbeat.interval": value as number })).toThrow(
    new RangeError(`heartbeat.interval must be a positive number, not ${value}`),
  );
});

test("infinite, undefined and zero options are accepted where they make sense", () => {
  checkNotNegative({ callTimeout: 0, connectTimeout: undefined, setupTimeout: Number.POSITIVE_INFINITY });
  checkPositive({ interval: 0.5, timeout: undefined, idleTimeout: Number.POSITIVE_INFINITY });
});
