/** Errors and promises of responders that are invalid: the call is answered, and no rejection is unhandled. */
import {
  AmpError,
  command,
  InvalidSignature,
  integer,
  locator,
  RemoteAmpError,
  type Respond,
  UNKNOWN_ERROR_CODE,
} from "ampwire";
import { flushPending, scriptedPeer } from "ampwire/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ended } from "../../support/settled.ts";

class Declared extends Error {}
const Ask = command("Ask", { response: { n: integer() }, errors: { DECLARED: Declared } });
const Next = command("Next", { response: { n: integer() } });
type Responding = Respond<typeof Ask.arguments, typeof Ask.response>;

const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", note);
});
afterEach(async () => {
  await new Promise(setImmediate);
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

/** Serves the responder, and returns the peer and what `onError` received. */
function served(respond: () => unknown) {
  const reported: unknown[] = [];
  const { connection, peer } = scriptedPeer({
    closeOnUndeclaredError: false,
    locator: locator(
      Ask.responder(respond as Responding),
      Next.responder(() => ({ n: 2 })),
    ),
    onError: (error) => void reported.push(error),
  });
  return { connection, peer, reported };
}

/** A responder that throws, and one that rejects: they fail in different places. */
const ways: readonly [string, (error: unknown) => () => unknown][] = [
  [
    "thrown",
    (error) => () => {
      throw error;
    },
  ],
  ["rejected", (error) => () => Promise.reject(error)],
];

/** Returns an error that was changed after it was created. */
function changed(changes: object): Error {
  const error = new RemoteAmpError("X", "y");
  for (const [name, value] of Object.entries(Object.getOwnPropertyDescriptors(changes)))
    Object.defineProperty(error, name, value);
  return error;
}
const throwing = {
  get: () => {
    throw new Error("the getter throws");
  },
};
const declared = (name: string) => Object.defineProperty(new Declared("y"), name, throwing);

describe.each(ways)("an error that is %s is answered", (_, fail) => {
  test.each<[string, unknown, string, string]>([
    ["RemoteAmpError without a description", changed({ description: undefined }), "X", "undefined"],
    [
      "RemoteAmpError with a symbol as its description",
      changed({ description: Symbol("s") }),
      "X",
      "Symbol(s)",
    ],
    [
      "RemoteAmpError with an error as its description",
      changed({ description: new Error("why") }),
      "X",
      "why",
    ],
    [
      "RemoteAmpError with a number as its code",
      changed({ errorCode: 5 }),
      UNKNOWN_ERROR_CODE,
      "Unknown Error",
    ],
    [
      "RemoteAmpError whose description getter throws",
      changed(Object.defineProperty({}, "description", throwing)),
      UNKNOWN_ERROR_CODE,
      "Unknown Error",
    ],
    [
      "a declared error whose message getter throws",
      declared("message"),
      "DECLARED",
      "a value that cannot be converted to text was thrown",
    ],
    [
      "an undeclared error whose getters throw",
      Object.defineProperty(new Error("x"), "message", throwing),
      UNKNOWN_ERROR_CODE,
      "Unknown Error",
    ],
    ["an error with a constructor getter that throws", declared("constructor"), "DECLARED", "y"],
    ["a revoked proxy", revoked(), UNKNOWN_ERROR_CODE, "Unknown Error"],
    ["undefined", undefined, UNKNOWN_ERROR_CODE, "Unknown Error"],
  ])("a call is answered: %s", async (_name, error, _error_code, _error_description) => {
    const { connection, peer } = served(fail(error));
    peer.send({ _ask: "1", _command: "Ask" });
    await peer.expect({ _error: "1", _error_code, _error_description });
    peer.send({ _ask: "2", _command: "Next" });
    await peer.expect({ _answer: "2", n: "2" });
    expect(connection.state).toBe("open");
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe("a thenable", () => {
  test("a thenable that settles twice is answered once", async () => {
    const { peer } = served(() => ({
      // biome-ignore lint/suspicious/noThenProperty: the responder returns a thenable
      then(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
        resolve({ n: 1 });
        reject(new Error("too late"));
        resolve({ n: 3 });
      },
    }));
    peer.send({ _ask: "1", _command: "Ask" });
    await peer.expect({ _answer: "1", n: "1" });
    peer.send({ _ask: "2", _command: "Next" });
    await peer.expect({ _answer: "2", n: "2" });
  });

  test("a thenable that throws after it has resolved is answered once", async () => {
    const { peer, reported } = served(() => ({
      // biome-ignore lint/suspicious/noThenProperty: the responder returns a thenable
      then(resolve: (value: unknown) => void) {
        resolve({ n: 1 });
        throw new Error("too late");
      },
    }));
    peer.send({ _ask: "1", _command: "Ask" });
    await peer.expect({ _answer: "1", n: "1" });
    expect(reported).toEqual([]);
  });

  test("a thenable that never settles delays no other answer, and its ask ends with the connection", async () => {
    // biome-ignore lint/suspicious/noThenProperty: the responder returns a thenable
    const { connection, peer } = served(() => ({ then() {} }));
    peer.send({ _ask: "1", _command: "Ask" });
    peer.send({ _ask: "2", _command: "Next" });
    await peer.expect({ _answer: "2", n: "2" });
    connection.destroy();
    await ended(connection);
  });

  test("a thenable with a then getter that throws is answered with UNKNOWN", async () => {
    // biome-ignore lint/suspicious/noThenProperty: the responder returns a thenable
    const { peer, reported } = served(() => Object.defineProperty({}, "then", throwing));
    peer.send({ _ask: "1", _command: "Ask" });
    await peer.expect({ _error: "1", _error_code: UNKNOWN_ERROR_CODE, _error_description: "Unknown Error" });
    await flushPending();
    expect(reported).toHaveLength(1);
  });
});

describe("RemoteAmpError", () => {
  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["404", 404],
    ["x", new Error("x")],
  ])("RemoteAmpError throws for the error code %s", (shown, code) => {
    const make = () => new RemoteAmpError(code as string, "text");
    expect(make).toThrow(InvalidSignature);
    expect(make).toThrow(`an error code must be well-formed text of at most 65535 characters, not ${shown}`);
  });

  test("RemoteAmpError throws for an error code that the wire cannot carry", () => {
    expect(() => new RemoteAmpError("\ud800", "text")).toThrow(InvalidSignature);
    expect(() => new RemoteAmpError("a".repeat(65_536), "text")).toThrow(InvalidSignature);
    expect(new RemoteAmpError("a".repeat(65_535), "text")).toBeInstanceOf(AmpError);
  });

  test.each<[unknown, string]>([
    [undefined, ""],
    [null, ""],
    [new Error("why"), "why"],
    [5, "5"],
    [Symbol("s"), "Symbol(s)"],
  ])("RemoteAmpError has a description of text for %s", (given, description) => {
    expect(new RemoteAmpError("X", given as string).description).toBe(description);
  });
});
