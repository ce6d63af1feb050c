/** Thrown values: any of them becomes an error and text. */
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { isError, messageOf, toError } from "../../../src/core/errors/to-error.ts";

/** A value whose class cannot be asked for. */
const hostile = new Proxy(
  {},
  {
    getPrototypeOf() {
      throw new RangeError("no");
    },
  },
);

test("errors of any class and realm are errors", () => {
  class Tagged extends Error {
    readonly [Symbol.toStringTag] = "Tagged";
  }
  const errors = [new RangeError("no"), new Tagged("no"), runInNewContext("new RangeError('no')")];
  for (const error of [...errors, new DOMException("no")]) {
    expect(isError(error)).toBe(true);
    expect(toError(error)).toBe(error);
    expect(messageOf(error)).toBe("no");
  }
});

test.each<[string, unknown]>([
  ["text", "Error"],
  ["null", null],
  ["an object with a message", { message: "no" }],
  ["a tag that begins like that of an error", { [Symbol.toStringTag]: "Error] x" }],
  ["a tag that ends like that of an error", { [Symbol.toStringTag]: "x[object Error" }],
  ["a value whose class cannot be asked for", hostile],
])("%s is not an error, and becomes the cause of one", (_, value) => {
  expect(isError(value)).toBe(false);
  const error = toError(value);
  expect(error).toBeInstanceOf(Error);
  expect(error.cause).toBe(value);
});

test("the text of a thrown value never throws", () => {
  expect(messageOf(5)).toBe("5");
  expect(messageOf(Object.create(null))).toBe("a value that cannot be converted to text was thrown");
  const error = Object.defineProperty(new Error("x"), "message", { value: 5 });
  expect(messageOf(error)).toBe("5");
});
