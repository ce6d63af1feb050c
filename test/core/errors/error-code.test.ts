/** `code` of an error is an own enumerable property, as in Node's errors. */
import { inspect } from "node:util";
import * as ampwire from "ampwire";
import { AmpError, CallTimeout, ConnectionClosed, InvalidSignature, RemoteAmpError, TooLong } from "ampwire";
import { expect, test } from "vitest";

const isErrorClass = (value: unknown): value is new (message: string, more?: string) => AmpError =>
  typeof value === "function" && (value === AmpError || value.prototype instanceof AmpError);

test.each(Object.entries(ampwire).filter(([, value]) => isErrorClass(value)))(
  "%s shows its code",
  (name, value) => {
    if (!isErrorClass(value)) throw new Error("unreachable: the list has error classes only");
    const error = new value("text", "more");
    expect(Object.getOwnPropertyDescriptor(error, "code")).toEqual({
      value: value.prototype.code,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: error.code });
    expect(inspect(error)).toContain(`code: '${error.code}'`);
    expect(error.name).toBe(name);
    expect(Object.keys(error)).not.toContain("name");
  },
);

test("the codes of different classes differ", () => {
  const errors = [
    new InvalidSignature("x"),
    new TooLong("x"),
    new CallTimeout("x"),
    new ConnectionClosed("x"),
  ];
  expect(errors.map(({ code }) => code)).toEqual([
    "INVALID_SIGNATURE",
    "TOO_LONG",
    "CALL_TIMEOUT",
    "CONNECTION_CLOSED",
  ]);
});

test("a class of a program inherits the code, or has one of its own", () => {
  class Inheriting extends RemoteAmpError {}
  class OwnField extends AmpError {
    override readonly code = "OWN";
  }
  expect(new Inheriting("X", "y")).toMatchObject({ code: "REMOTE_ERROR" });
  expect(Object.keys(new Inheriting("X", "y"))).toContain("code");
  expect(JSON.parse(JSON.stringify(new OwnField("x")))).toEqual({ code: "OWN" });
});

test("a getter of a program's class is kept as the code", () => {
  class Getter extends AmpError {}
  Object.defineProperty(Getter.prototype, "code", { get: () => "GOT" });
  expect(new Getter("x").code).toBe("GOT");
});
