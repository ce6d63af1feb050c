/** Messages of errors: each is one line, whatever a peer has put into it. */
import {
  AmpError,
  command,
  InvalidSignature,
  locator,
  NoEmptyBoxes,
  StartTLSRefused,
  TooLong,
  UnhandledCommand,
  UnknownRemoteError,
} from "ampwire";
import { flushPending, scriptedPeer } from "ampwire/testing";
import { afterEach, expect, test, vi } from "vitest";
import { declaredErrorOf } from "../../../src/core/errors/declared-error-of.ts";
import { DeclaredErrors } from "../../../src/core/errors/declared-errors.ts";
import { rejection } from "../../support/settled.ts";

afterEach(() => void vi.resetModules());

/** Text that forges a line of a log and clears the screen in two ways. */
const HOSTILE = "no\n2024-01-01 root logged in\u001b[2J\u009b2J\u202e";
const ESCAPED = String.raw`no\n2024-01-01 root logged in\x1b[2J\x9b2J\u202e`;

class Denied extends Error {}
class Barred extends AmpError {}
const Enter = command("Enter", { errors: { DENIED: Denied, BARRED: Barred } });

/** Returns the error of a call that is answered with this error code. */
async function answered(_error_code: string): Promise<Error> {
  const { connection, peer } = scriptedPeer();
  const failed = rejection(connection.callRemote(Enter));
  await peer.expect({ _ask: "1", _command: "Enter" });
  peer.send({ _error: "1", _error_code, _error_description: HOSTILE });
  return failed;
}

test("the message for an undeclared error code is escaped, and the description is unchanged", async () => {
  const error = await answered(HOSTILE);
  expect(error).toBeInstanceOf(UnknownRemoteError);
  expect(error.message).toMatch(/^\w+: /);
  expect(error.message.replace(/^\w+: /, "")).toBe(`${ESCAPED}: ${ESCAPED}`);
  expect(error).toMatchObject({ errorCode: HOSTILE, description: HOSTILE });
});

test("the message of UnhandledCommand is escaped", async () => {
  const error = await answered("UNHANDLED");
  expect(error).toBeInstanceOf(UnhandledCommand);
  expect(error.message.replace(/^\w+: UNHANDLED: /, "")).toBe(ESCAPED);
});

test("an application's error class receives the message unchanged", async () => {
  for (const [code, errorClass] of [
    ["DENIED", Denied],
    ["BARRED", Barred],
  ] as const) {
    const error = await answered(code);
    expect(error).toBeInstanceOf(errorClass);
    expect(error.message).toBe(HOSTILE);
  }
});

test("an application's error is sent with its message unchanged", async () => {
  const { peer } = scriptedPeer({
    locator: locator(
      Enter.responder(() => {
        throw new Barred(HOSTILE);
      }),
    ),
  });
  peer.send({ _ask: "1", _command: "Enter" });
  await peer.expect({ _error: "1", _error_code: "BARRED", _error_description: HOSTILE });
});

test("the message of a refused StartTLS is escaped", async () => {
  const { connection, peer } = scriptedPeer({}, { fakeTLS: true });
  const failed = rejection(connection.startTLS());
  await peer.expect({ _ask: "1", _command: "StartTLS" });
  peer.send({ _error: "1", _error_code: "TLS_NOT_AVAILABLE", _error_description: HOSTILE });
  expect((await failed).message).toBe(ESCAPED);
  expect(connection.reason).toBeInstanceOf(StartTLSRefused);
  expect(connection.reason?.message).toBe(`the peer refused to start TLS: ${ESCAPED}`);
});

test("the keys in the message of NoEmptyBoxes are escaped", async () => {
  const { connection, peer } = scriptedPeer();
  peer.send({ [HOSTILE]: "" });
  await peer.expectEnd();
  expect(connection.reason).toBeInstanceOf(NoEmptyBoxes);
  expect(connection.reason?.message).toContain(`its keys are ${ESCAPED}`);
});

test("the name of an unknown command is escaped in the error for onError", async () => {
  const told: unknown[] = [];
  const { peer } = scriptedPeer({ onError: (error) => void told.push(error) });
  peer.send({ _command: HOSTILE });
  await flushPending();
  expect(told).toEqual([expect.objectContaining({ message: expect.stringContaining(`'${ESCAPED}'`) })]);
});

test("the message is empty if the application passes none", () => {
  expect(new AmpError("").message).toBe("");
  expect(new AmpError(undefined as never).message).toBe("");
});

test("an error of another copy of the package is an instance of the class", async () => {
  vi.resetModules();
  const copy = await import("../../../src/core/errors/caller.ts");
  const error = new copy.TooLong("no");
  expect(Object.getPrototypeOf(error)).not.toBe(TooLong.prototype);
  expect(error).toBeInstanceOf(TooLong);
  expect(error).toBeInstanceOf(AmpError);
  expect(error).not.toBeInstanceOf(InvalidSignature);
  const declared = new DeclaredErrors({ LONG: TooLong }, {});
  expect(declaredErrorOf(declared, error)?.code).toBe("LONG");
  expect(declaredErrorOf(declared, new copy.CallTimeout("no"))).toBeUndefined();
  class Own extends TooLong {}
  expect(error).not.toBeInstanceOf(Own);
  class OwnOfCopy extends copy.TooLong {}
  expect(new OwnOfCopy("no")).toBeInstanceOf(TooLong);
});

test.each([null, undefined, 5, "TooLong", {}, Object.create(null)])(
  "the value %# is not an error",
  (value) => {
    expect((value as unknown) instanceof TooLong).toBe(false);
  },
);

test("a class of a program can assign the name of its errors", () => {
  class Named extends AmpError {
    constructor(message: string) {
      super(message);
      this.name = "Named";
    }
  }
  expect(String(new Named("no"))).toBe("Named: no");
  expect(Object.getOwnPropertyDescriptor(TooLong.prototype, "name")).toEqual({
    value: "TooLong",
    writable: true,
    configurable: true,
    enumerable: false,
  });
});
