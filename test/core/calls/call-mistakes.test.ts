/** Mistakes in a call: it rejects, or throws if it wants no answer, and nothing is sent. */
import {
  type AnyCommand,
  Box,
  type Caller,
  type CallOptions,
  command,
  InvalidSignature,
  integer,
  locator,
} from "ampwire";
import { connectedPair, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { TypedCalls } from "../../../src/core/calls/typed-calls.ts";
import { COMMAND_BRAND, SEAM } from "../../../src/core/errors/brand.ts";
import { rejection } from "../../support/settled.ts";

const Sum = command("Sum", {
  arguments: { a: integer(), b: integer() },
  response: { total: integer() },
});
const Log = command("Log", { arguments: { a: integer() }, requiresAnswer: false });
const summing = locator(Sum.responder(({ a, b }) => ({ total: a + b })));

/** A caller without the types that a JavaScript program does not have. */
type Untyped = { readonly [Name in keyof Caller]: (...args: unknown[]) => Promise<unknown> };
const untyped = (caller: Caller) => caller as unknown as Untyped;

describe("callRemote rejects for", () => {
  test.each<[string, unknown, string]>([
    ["the name of a command", "Sum", 'not "Sum"'],
    ["null", null, "not null"],
    ["undefined", undefined, "not undefined"],
    ["a class", class {}, "not a function"],
    ["an object of arguments", { a: 1 }, "not an object (Object)"],
  ])("callRemote rejects for %s instead of a command", async (_, given, message) => {
    const { connection, peer } = scriptedPeer();
    const error = await rejection(untyped(connection).callRemote(given, { a: 1, b: 2 }));
    expect(error).toBeInstanceOf(InvalidSignature);
    expect(error.message).toBe(
      `callRemote: the command must be a Command (callRemoteString calls by name), ${message}`,
    );
    untyped(connection).callRemote(Log, { a: 1 });
    await peer.expect({ _command: "Log", a: "1" });
  });

  test.each<[string, unknown, string]>([
    ["a misspelt option", { timeOut: 5 }, 'unknown option "timeOut" (did you mean "timeout"?)'],
    ["requiresAnswer", { requiresAnswer: false }, 'unknown option "requiresAnswer"'],
    ["a timeout of null", { timeout: null }, "the option timeout must not be null"],
    ["a signal of null", { signal: null }, "the option signal must not be null"],
    ["null", null, "the options must be an object, not null"],
    ["a number", 500, "the options must be an object, not 500"],
  ])("callRemote rejects for %s as its options", async (_, options, message) => {
    const { connection, peer } = scriptedPeer();
    const error = await rejection(untyped(connection).callRemote(Sum, { a: 1, b: 2 }, options));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(`callRemote: ${message}`);
    expect(() => untyped(connection).callRemote(Log, { a: 1 }, options)).toThrow(`callRemote: ${message}`);
    connection.callRemote(Log, { a: 2 });
    await peer.expect({ _command: "Log", a: "2" });
  });
});

describe("callRemoteString", () => {
  test.each<[string, readonly unknown[], string]>([
    ["a command instead of a name", [Sum], "callRemoteString: the name must be a string, not an object"],
    ["a name that the wire cannot carry", ["\ud800"], "not a key"],
    ["a number as a value", ["Sum", { a: 5 }], 'the value of the key "a" must be well-formed text'],
    ["null instead of a box", ["Sum", null], "the content of a box must be an object, not null"],
    [
      "a misspelt option",
      ["Sum", new Box(), { timeuot: 5 }],
      'unknown option "timeuot" (did you mean "timeout"?)',
    ],
    ["null instead of options", ["Sum", new Box(), null], "the options must be an object, not null"],
  ])("callRemoteString rejects for %s", async (_, args, message) => {
    const { connection, peer } = scriptedPeer();
    expect((await rejection(untyped(connection).callRemoteString(...args))).message).toContain(message);
    connection.callRemote(Log, { a: 2 });
    await peer.expect({ _command: "Log", a: "2" });
  });

  test("callRemoteString throws for a mistake in a call without an answer", () => {
    const { connection } = scriptedPeer();
    const call = untyped(connection).callRemoteString;
    const options = { requiresAnswer: false };
    expect(() => call.call(connection, 5, new Box(), options)).toThrow(InvalidSignature);
    expect(() => call.call(connection, "Sum", { a: 5 }, options)).toThrow(InvalidSignature);
    expect(() => call.call(connection, "Sum", new Box(), { ...options, ask: 1 })).toThrow(TypeError);
  });

  test("callRemoteString sends a record as a box", async () => {
    const seen: unknown[] = [];
    const observer = {
      callStarted: (call: { readonly arguments?: unknown }) => void seen.push(call.arguments),
    };
    const [client] = connectedPair({ observer }, { locator: summing });
    const answer = await untyped(client).callRemoteString("Sum", { a: "1", b: "2" });
    expect((answer as Box).text("total")).toBe("3");
    expect(seen).toEqual([{ a: Uint8Array.of(0x31), b: Uint8Array.of(0x32) }]);
  });
});

describe("a command of another copy of the package", () => {
  /** Returns a command as another copy has it: with its own class, whose prototype is given. */
  function copyOfSum(prototype: object | null): Record<string, unknown> {
    const own = Object.create(prototype) as Record<string, unknown>;
    for (const name of ["name", "requiresAnswer", "requireTLS", "declaredErrors", "change"] as const)
      own[name] = Sum[name];
    for (const name of ["writeAsk", "readResponse"] as const) own[name] = Sum[name].bind(Sum);
    return own;
  }

  test.each([
    ["without a brand", null],
    ["whose version fits", { [COMMAND_BRAND]: SEAM }],
  ])("a command of a copy %s is called", async (_, prototype) => {
    const [client] = connectedPair({}, { locator: summing });
    expect(await untyped(client).callRemote(copyOfSum(prototype), { a: 1, b: 2 })).toEqual({ total: 3 });
  });

  test("a command of a copy whose version does not fit is rejected, and nothing is sent", async () => {
    const { connection, peer } = scriptedPeer();
    const call = untyped(connection).callRemote(copyOfSum({ [COMMAND_BRAND]: SEAM + 1 }), { a: 1, b: 2 });
    const error = await rejection(call);
    expect(error).toBeInstanceOf(InvalidSignature);
    expect(error.message).toContain("the command Sum comes from another copy of ampwire");
    expect(peer.unread).toBe(0);
  });
});

test("the options of a call are passed on unchanged", () => {
  const seen: CallOptions[] = [];
  class Recording extends TypedCalls {
    protected override call(_command: AnyCommand, _values: object, options: CallOptions) {
      seen.push(options);
      return undefined;
    }
    protected override callString(_name: string, _box: Box, _requiresAnswer: boolean, options: CallOptions) {
      seen.push(options);
      return undefined;
    }
  }
  const options = { timeout: 5, signal: undefined };
  new Recording().callRemote(Sum, { a: 1, b: 2 }, options);
  new Recording().callRemoteString("Sum", new Box(), { ...options, requiresAnswer: false });
  expect(seen[0]).toBe(options);
  expect(seen[1]).toEqual(options);
});
