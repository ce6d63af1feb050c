/** Messages of errors: one line each, whatever a peer has put into them. */
import {
  AmpError,
  command,
  locator,
  NoEmptyBoxes,
  StartTLSRefused,
  UnhandledCommand,
  UnknownRemoteError,
} from "ampwire";
import { flushPending, scriptedPeer } from "ampwire/testing";
import { expect, test } from "vitest";
import { rejection } from "../../support/settled.ts";

/** A line of its own in a log, and the screen cleared, in two ways. */
const HOSTILE = "no\n2024-01-01 root logged in\u001b[2J\u009b2J\u202e";
const ESCAPED = String.raw`no\n2024-01-01 root logged in\x1b[2J\x9b2J\u202e`;

class Denied extends Error {}
class Barred extends AmpError {}
const Enter = command("Enter", { errors: { DENIED: Denied, BARRED: Barred } });

/** What a call comes to that is answered with an error. */
async function answered(_error_code: string): Promise<Error> {
  const { connection, peer } = scriptedPeer();
  const failed = rejection(connection.callRemote(Enter));
  await peer.expect({ _ask: "1", _command: "Enter" });
  peer.send({ _error: "1", _error_code, _error_description: HOSTILE });
  return failed;
}

test("an error code that is not declared: the description stays as it came", async () => {
  const error = await answered(HOSTILE);
  expect(error).toBeInstanceOf(UnknownRemoteError);
  expect(error.message).toBe(`${ESCAPED}: ${ESCAPED}`);
  expect(error).toMatchObject({ errorCode: HOSTILE, description: HOSTILE });
});

test("an error of the protocol's own", async () => {
  const error = await answered("UNHANDLED");
  expect(error).toBeInstanceOf(UnhandledCommand);
  expect(error.message).toBe(ESCAPED);
});

test("a class of the program's own gets the message as it came", async () => {
  for (const [code, errorClass] of [
    ["DENIED", Denied],
    ["BARRED", Barred],
  ] as const) {
    const error = await answered(code);
    expect(error).toBeInstanceOf(errorClass);
    expect(error.message).toBe(HOSTILE);
  }
});

test("a class of the program's own sends its message as it is", async () => {
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

test("a StartTLS that is refused", async () => {
  const { connection, peer } = scriptedPeer({}, { fakeTLS: true });
  const failed = rejection(connection.startTLS());
  await peer.expect({ _ask: "1", _command: "StartTLS" });
  peer.send({ _error: "1", _error_code: "TLS_NOT_AVAILABLE", _error_description: HOSTILE });
  expect((await failed).message).toBe(ESCAPED);
  expect(connection.reason).toBeInstanceOf(StartTLSRefused);
  expect(connection.reason?.message).toBe(`the peer refused to start TLS: ${ESCAPED}`);
});

test("keys of a box that is none", async () => {
  const { connection, peer } = scriptedPeer();
  peer.send({ [HOSTILE]: "" });
  await peer.expectEnd();
  expect(connection.reason).toBeInstanceOf(NoEmptyBoxes);
  expect(connection.reason?.message).toContain(`its keys are ${ESCAPED}`);
});

test("the name of a command that nobody serves, told to onError", async () => {
  const told: unknown[] = [];
  const { peer } = scriptedPeer({ onError: (error) => void told.push(error) });
  peer.send({ _command: HOSTILE });
  await flushPending();
  expect(told).toEqual([expect.objectContaining({ message: expect.stringContaining(`'${ESCAPED}'`) })]);
});

test("is empty where a program gives none", () => {
  expect(new AmpError("").message).toBe("");
  expect(new AmpError(undefined as never).message).toBe("");
});
