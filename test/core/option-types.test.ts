import { describe, expect, test } from "vitest";
import { checkConnectionOptions } from "../../src/core/connection/options.ts";
import { boxReceiver } from "../../src/core/features/box-receiver.ts";
import { checkOptionTypes } from "../../src/core/option-types.ts";
import { checkSignal, throwIfAborted } from "../../src/core/time-limit.ts";

test("an option of a wrong type is refused with its name and its value", () => {
  expect(() => checkOptionTypes("listen", { onConnection: 5 }, { onConnection: "function" })).toThrow(
    new TypeError("listen: onConnection must be a function, not 5"),
  );
  expect(() => checkOptionTypes("listen", { unlinkStale: "no" }, { unlinkStale: "boolean" })).toThrow(
    new TypeError('listen: unlinkStale must be true or false, not "no"'),
  );
});

test("an AbortSignal and no signal are accepted", () => {
  expect(() => checkSignal(new AbortController().signal)).not.toThrow();
  expect(() => checkSignal(undefined)).not.toThrow();
});

test("throwIfAborted() throws the reason of an aborted signal only", () => {
  const { signal } = new AbortController();
  expect(() => throwIfAborted(signal)).not.toThrow();
  expect(() => throwIfAborted(undefined)).not.toThrow();
  expect(() => throwIfAborted(AbortSignal.abort(new RangeError("no")))).toThrow(new RangeError("no"));
  expect(() => throwIfAborted({} as AbortSignal)).toThrow(TypeError);
});

test("null is refused as an object", () => {
  expect(() => checkOptionTypes("listen", { limits: null }, { limits: "object" })).toThrow(
    new TypeError("listen: limits must be an object, not null"),
  );
});

test("an option that is undefined or of its type is accepted", () => {
  const types = { a: "function", b: "boolean", c: "object" } as const;
  expect(() => checkOptionTypes("listen", { a: undefined, b: false, c: {} }, types)).not.toThrow();
});

describe("options of a connection", () => {
  test.each(["verifed", "true", 1, {}])("requireTLS: %j is refused", (requireTLS) => {
    expect(() => checkConnectionOptions({ requireTLS }, [])).toThrow(
      /^requireTLS must be true, false or "verified", not /,
    );
  });

  test.each(["limits", "onError", "observer", "finishHalfClosed", "closeOnUndeclaredError"])(
    "%s: 5 is refused",
    (name) => {
      expect(() => checkConnectionOptions({ [name]: 5 }, [])).toThrow(TypeError);
    },
  );

  test("a receiver without one of its methods is refused", () => {
    const receiver = { startReceivingBoxes() {}, boxReceived() {} };
    expect(() => checkConnectionOptions({ receiver }, [boxReceiver])).toThrow(
      new TypeError("the option receiver needs the method stopReceivingBoxes"),
    );
  });
});

test.each([
  [{}, "an object (Object)"],
  [null, "null"],
])("the signal %j, which is not an AbortSignal, is refused", (signal, shown) => {
  // A JavaScript program may pass any value.
  expect(() => checkSignal(signal as AbortSignal)).toThrow(
    new TypeError(`the option signal must be an AbortSignal, not ${shown}`),
  );
});
