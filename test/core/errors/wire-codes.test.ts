/** Errors of responders as error boxes, and error boxes as errors of calls. */
import { runInNewContext } from "node:vm";
import {
  CallTimeout,
  InvalidSignature,
  RemoteAmpError,
  ResponderLost,
  TLSRequired,
  TooLong,
  Unavailable,
  UnhandledCommand,
} from "ampwire";
import { describe, expect, test } from "vitest";
import { declaredErrorOf } from "../../../src/core/errors/declared-error-of.ts";
import { DeclaredErrors } from "../../../src/core/errors/declared-errors.ts";
import { fromWire, isFromWire, toWire } from "../../../src/core/errors/wire-codes.ts";

const declared = new DeclaredErrors({ RANGE: RangeError, LONG: TooLong }, {});
const noBox = () => new Map<string, Uint8Array>();

describe("an error of a responder", () => {
  test("the text of an error with properties like those of RemoteAmpError is not sent", () => {
    const error = Object.assign(new Error("secret"), { errorCode: "X", description: "secret", fatal: false });
    expect(toWire(error, undefined)).toEqual({
      code: "UNKNOWN",
      description: "Unknown Error",
      fatal: true,
      undeclared: true,
    });
    expect(toWire(new RemoteAmpError("X", "text"), undefined)).toMatchObject({
      code: "X",
      description: "text",
    });
  });

  test.each([null, undefined, 5, "RangeError", {}])("%j is not a declared error", (thrown) => {
    expect(declaredErrorOf(declared, thrown)).toBeUndefined();
  });

  test("an error of another realm has the declaration of its class", () => {
    expect(declaredErrorOf(declared, runInNewContext("new RangeError('no')"))?.code).toBe("RANGE");
    expect(declaredErrorOf(declared, runInNewContext("new TypeError('no')"))).toBeUndefined();
  });

  test("a class of a program with the name of another class does not have its declaration", () => {
    class Named extends Error {}
    class Imitating extends Error {
      static readonly text = "{ [native code] }";
    }
    for (const errorClass of [Named, Imitating]) {
      Object.defineProperty(errorClass.prototype, "name", { value: "RangeError" });
      expect(declaredErrorOf(declared, new errorClass("no"))).toBeUndefined();
    }
  });

  test("only an error that is declared as fatal is fatal", () => {
    const both = new DeclaredErrors({ RANGE: RangeError }, { LONG: TooLong });
    expect(toWire(new RangeError("no"), both)).toMatchObject({ code: "RANGE", fatal: false });
    expect(toWire(new TooLong("no"), both)).toMatchObject({ code: "LONG", fatal: true });
  });

  test("the declaration of an extension precedes the one that it inherits", () => {
    const extended = new DeclaredErrors({ OWN: RangeError }, {});
    extended.inherit(declared);
    expect(declaredErrorOf(extended, new RangeError("no"))?.code).toBe("OWN");
    expect(declaredErrorOf(extended, new TooLong("no"))?.code).toBe("LONG");
  });

  test("errors that choose their codes themselves are asked for them", () => {
    const choosing = new DeclaredErrors({ RANGE: RangeError }, {});
    choosing.codeFor = (error) => ({ code: `${error}`, fatal: false, data: undefined });
    expect(declaredErrorOf(choosing, "ANY")?.code).toBe("ANY");
  });
});

describe("an error of a call", () => {
  test("an unknown error code without a cause gives an error without the property cause", () => {
    const error = fromWire("ODD", "text", "Sum", declared, noBox);
    expect(error).toMatchObject({ name: "UnknownRemoteError", message: "Sum: ODD: text", fatal: false });
    expect(error).toMatchObject({ errorCode: "ODD", description: "text" });
    expect(Object.hasOwn(error, "cause")).toBe(false);
  });

  test.each<[string, new (message: string) => Error]>([
    ["UNHANDLED", UnhandledCommand],
    ["TLS_REQUIRED", TLSRequired],
    ["UNAVAILABLE", Unavailable],
    ["LOST", ResponderLost],
    ["TIMEOUT", CallTimeout],
    ["TOO_LONG", TooLong],
  ])("the error code %s has the same class for every command", (code, errorClass) => {
    const error = fromWire(code, "text", "Sum", declared, noBox);
    expect(error.constructor).toBe(errorClass);
    expect(error.message).toBe(`Sum: ${code}: text`);
    expect(fromWire(code, "", "Sum", undefined, noBox).message).toBe(`Sum: ${code}`);
  });

  test("the error of a class that cannot be constructed has the cause", () => {
    class Throwing extends Error {
      constructor() {
        super();
        throw new RangeError("no");
      }
    }
    const error = fromWire("BAD", "text", "Sum", new DeclaredErrors({ BAD: Throwing }, {}), noBox);
    expect(error).toMatchObject({ name: "UnknownRemoteError", cause: new RangeError("no") });
  });

  test("errors from the wire are told apart from errors of this end", () => {
    for (const errorClass of [TLSRequired, Unavailable, UnhandledCommand, RangeError])
      expect(isFromWire(new errorClass("no"), declared)).toBe(true);
    expect(isFromWire(new RemoteAmpError("X", "no"), declared)).toBe(true);
    for (const error of [new InvalidSignature("no"), new Error("no"), null])
      expect(isFromWire(error, declared)).toBe(false);
  });
});
