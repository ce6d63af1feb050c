/** Text of a peer in messages: at most a part of it is shown, with its length. Fields keep the whole text. */
import {
  AmpError,
  Box,
  command,
  NoEmptyBoxes,
  RemoteAmpError,
  StartTLSRefused,
  UnhandledCommand,
  UnknownRemoteError,
  unicode,
} from "ampwire";
import { flushPending, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { shownText } from "../../../src/core/errors/safe-text.ts";
import { rejection } from "../../support/settled.ts";

/** As much text as a value can have. Each of its characters is escaped to six. */
const LONG = "\u202e".repeat(21_845);
const CONTROL = "\u0001".repeat(65_535);
/** Characters of the longest message, with some room for the mark that it was cut. */
const LONGEST = 2000 + 100;
const Enter = command("Enter", { arguments: { name: unicode() } });

describe("shownText", () => {
  test("shownText shows text up to the limit unchanged", () => {
    expect(shownText("a".repeat(200))).toBe("a".repeat(200));
    expect(shownText("")).toBe("");
  });

  test("shownText cuts longer text, and adds its length", () => {
    expect(shownText("a".repeat(201))).toBe(`${"a".repeat(200)}… (201 characters)`);
    expect(shownText("abcdef", 3)).toBe("abc… (6 characters)");
  });

  test("shownText counts the characters after escaping", () => {
    expect(shownText("\n\u001b\u202etail", 12)).toBe(String.raw`\n\x1b\u202e… (7 characters)`);
    expect(shownText(CONTROL).length).toBeLessThan(200 + 30);
    expect(shownText("\u0001".repeat(60)).length).toBeLessThan(200 + 30);
  });

  test("shownText does not cut an escape", () => {
    for (let max = 0; max < 20; max++) {
      const [shown = "", mark] = shownText("\u0001\u202e\n\u009b", max).split("…");
      expect(shown).toMatch(/^(\\x01)?(\\u202e)?(\\n)?(\\x9b)?$/);
      expect(mark === undefined).toBe(max >= 16);
    }
  });

  test("shownText does not cut a pair of surrogates", () => {
    expect(shownText("ab😀cd", 3)).toBe("ab… (6 characters)");
    expect(shownText("ab😀cd", 4)).toBe("ab😀… (6 characters)");
  });
});

describe("the message is cut", () => {
  test("the message for an undeclared error code is cut, and the fields stay whole", async () => {
    const { connection, peer } = scriptedPeer();
    const failed = rejection(connection.callRemote(Enter, { name: "x" }));
    peer.send({ _error: "1", _error_code: CONTROL, _error_description: LONG });
    const error = await failed;
    expect(error).toBeInstanceOf(UnknownRemoteError);
    expect(error).toMatchObject({ errorCode: CONTROL, description: LONG });
    expect(error.message.length).toBeLessThan(LONGEST);
    expect(error.message).toContain("… (65535 characters): ");
    expect(error.message).toMatch(/… \(21845 characters\)$/);
  });

  test("the message of UnhandledCommand is cut", async () => {
    const { connection, peer } = scriptedPeer();
    const failed = rejection(connection.callRemote(Enter, { name: "x" }));
    peer.send({ _error: "1", _error_code: "UNHANDLED", _error_description: LONG });
    const error = await failed;
    expect(error).toBeInstanceOf(UnhandledCommand);
    expect(error.message.length).toBeLessThan(LONGEST);
  });

  test("the message of a refused StartTLS is cut", async () => {
    const { connection, peer } = scriptedPeer({}, { fakeTLS: true });
    const failed = rejection(connection.startTLS());
    peer.send({ _error: "1", _error_code: "TLS_NOT_AVAILABLE", _error_description: LONG });
    await failed;
    expect(connection.reason).toBeInstanceOf(StartTLSRefused);
    expect(connection.reason?.message.length).toBeLessThan(LONGEST);
  });

  test("the keys in the message of NoEmptyBoxes are cut", async () => {
    const { connection, peer } = scriptedPeer();
    const keys = Array.from({ length: 500 }, (_, index) => `${index}`.padEnd(255, "\u0001"));
    peer.send(new Box(keys.map((key) => [key, ""])));
    await peer.expectEnd();
    expect(connection.reason).toBeInstanceOf(NoEmptyBoxes);
    expect(connection.reason?.message.length).toBeLessThan(10 * (100 + 30));
  });

  test("the name of an unknown command is cut in the error for onError", async () => {
    const received: Error[] = [];
    const { peer } = scriptedPeer({ onError: (error) => void received.push(error as Error) });
    peer.send({ _command: CONTROL });
    await flushPending();
    expect(received).toHaveLength(1);
    expect(received[0]?.message.length).toBeLessThan(LONGEST);
  });

  test("the message of every library error is cut", () => {
    expect(new AmpError(LONG).message.length).toBeLessThan(LONGEST);
    expect(new AmpError(LONG).stack?.length).toBeLessThan(2 * LONGEST);
  });
});

test("the message of a class of the program stays whole", () => {
  class Own extends AmpError {}
  class OwnRemote extends RemoteAmpError {}
  expect(new Own(CONTROL).message).toBe(CONTROL);
  expect(new OwnRemote("X", CONTROL).message).toBe(`X: ${CONTROL}`);
});
