/**
 * The section "Boxes" of SPEC.md on a connection: how received bytes are read and handled, however they are chunked.
 */
import {
  Box,
  BoxTooLarge,
  ConnectionLost,
  type ErrorClass,
  encodeBox,
  KeyTooLong,
  MalformedAmpBox,
  NoEmptyBoxes,
  UnexpectedAnswer,
} from "ampwire";
import { byteByByte, type Chunking, randomChunking, type ScriptPart, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { causeOf, ended, rejection } from "../../support/settled.ts";
import { calculator, SUM, Sum, TOTAL } from "../calculator.ts";

/** `_ask=1 _command=Sum`, without the end of the box. */
const ASK_HEX = "0004 5f61736b 0001 31  0008 5f636f6d6d616e64 0003 53756d";
const GARBAGE = Buffer.from("GET / HTTP/1.1\r\n\r\n");

describe("keys", () => {
  test("sent keys are sorted in byte order", async () => {
    const { connection, peer } = scriptedPeer();
    const answer = connection.callRemote(Sum, { b: 2, a: 1 });
    await peer.expect(`${ASK_HEX}  0001 61 0001 31  0001 62 0001 32  0000`);
    peer.send(TOTAL);
    await answer;
  });

  test("received keys may be in any order", async () => {
    const { peer } = scriptedPeer({ locator: calculator().locator });
    peer.send(
      "0001 62 0001 32  0008 5f636f6d6d616e64 0003 53756d  0001 61 0001 31  0004 5f61736b 0001 31  0000",
    );
    await peer.expect(TOTAL);
  });

  test("the last value of a repeated key is used", async () => {
    const { peer } = scriptedPeer({ locator: calculator().locator });
    peer.send(`${ASK_HEX}  0001 61 0001 31  0001 62 0001 32  0001 61 0001 37  0000`);
    await peer.expect({ _answer: "1", total: "9" });
    peer.send(`${ASK_HEX}  0001 61 0001 31  0001 62 0001 32  0004 5f61736b 0001 79  0000`);
    await peer.expect({ _answer: "y", total: "3" });
  });

  test("unknown keys are ignored in asks and in answers", async () => {
    const { connection, peer } = scriptedPeer({ locator: calculator().locator });
    peer.send({ ...SUM, A: "", c: "3", zz: "4", _x: "5" });
    await peer.expect(TOTAL);
    const answer = connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect(SUM);
    peer.send({ ...TOTAL, A: "", u: "1", zz: "", _x: "5" });
    expect(await answer).toEqual({ total: 3 });
  });
});

test.each<readonly [string, Chunking]>([
  ["of one byte", byteByByte],
  ...[1, 2, 3, 4, 5].map((seed) => [`of random size (${seed})`, randomChunking(seed, 9)] as const),
])("boxes are read from bytes that arrive in chunks %s", async (_, chunking) => {
  const { connection, peer } = scriptedPeer({ locator: calculator().locator }, { chunking });
  const answers = Promise.all([1, 2, 3].map((b) => connection.callRemote(Sum, { a: 1, b })));
  for (const tag of ["x", "y", "z"]) peer.send({ ...SUM, _ask: tag });
  await peer.expect(
    ...["1", "2", "3"].map((tag) => ({ _ask: tag, _command: "Sum", a: "1", b: tag })),
    ...["x", "y", "z"].map((tag) => ({ _answer: tag, total: "3" })),
  );
  peer.send({ _answer: "3", total: "4" }, { _answer: "1", total: "2" }, { _answer: "2", total: "3" });
  expect(await answers).toEqual([{ total: 2 }, { total: 3 }, { total: 4 }]);
});

test("the boxes of one turn of the event loop are one write", async () => {
  const { connection, peer } = scriptedPeer();
  for (let index = 0; index < 3; index++) connection.callRemote(Sum, { a: 1, b: 2 }).catch(() => {});
  expect(peer.transport.undelivered).toBe(0);
  await Promise.resolve();
  expect(peer.transport.undelivered).toBe(3 * encodeBox(new Box(SUM)).length);
  connection.destroy();
});

describe.each<[string, ScriptPart, ErrorClass]>([
  ["a key length of 256", "0100", KeyTooLong],
  ["the text of another protocol", GARBAGE, KeyTooLong],
  ["an empty box", "0000", NoEmptyBoxes],
  ["a box that is neither ask nor answer", { a: "1" }, NoEmptyBoxes],
  ["an ask without a command", { _ask: "1", a: "1" }, NoEmptyBoxes],
  ["an answer with a tag that was never sent", { _answer: "77" }, UnexpectedAnswer],
  ["an answer with a tag of another format", { _answer: "\u0000\u0001" }, UnexpectedAnswer],
  ["an answer with a sent tag in other digits", { _answer: "01", total: "1" }, UnexpectedAnswer],
  ["an answer with an empty tag", { _answer: "" }, UnexpectedAnswer],
  [
    "an error with a tag that was never sent",
    { _error: "9", _error_code: "X", _error_description: "" },
    UnexpectedAnswer,
  ],
  ["an error without a code", { _error: "1", _error_description: "" }, MalformedAmpBox],
  ["an error without a description", { _error: "1", _error_code: "X" }, MalformedAmpBox],
  ["a box over maxBoxBytes", { ...SUM, _ask: "2", a: "1".repeat(300) }, BoxTooLarge],
])("%s", (name, broken, errorClass) => {
  test(`${name} closes the connection: earlier answers are sent, calls reject and later boxes are not served`, async () => {
    const { locator, notes } = calculator();
    const { connection, peer } = scriptedPeer({ locator, limits: { maxBoxBytes: 200 } });
    const call = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    await peer.expect(SUM);
    peer.send({ ...SUM, _ask: "before" }, broken, { _command: "Note", text: "behind" });
    await peer.expect({ _answer: "before", total: "3" });
    await peer.expectEnd();
    const error = await call;
    expect(error).toBeInstanceOf(errorClass);
    expect(notes).toEqual([]);
    peer.end();
    expect(await ended(connection)).toBe(error.cause);
    expect(connection.state).toBe("closed");
  });
});

test("the reason of a connection that an empty box has closed names the empty box", async () => {
  const { connection, peer } = scriptedPeer();
  peer.send("0000");
  await peer.expectEnd();
  expect(connection.reason).toEqual(new NoEmptyBoxes("an empty box was received"));
});

test("a second answer to a call closes the connection", async () => {
  const { connection, peer } = scriptedPeer();
  const answer = connection.callRemote(Sum, { a: 1, b: 2 });
  await peer.expect(SUM);
  peer.send(TOTAL, TOTAL);
  expect(await answer).toEqual({ total: 3 });
  await peer.expectEnd();
  peer.end();
  expect(await ended(connection)).toBeInstanceOf(UnexpectedAnswer);
});

test("the error for a protocol other than AMP shows its first bytes", async () => {
  const { connection, peer } = scriptedPeer();
  peer.send(GARBAGE);
  await peer.expectEnd();
  peer.end();
  const { message } = await ended(connection);
  expect(message).toContain("47 45 54 20 2f 20");
  expect(message).toContain("(GET / HTTP/1.1..");
});

test("the two bytes of an invalid key length close the connection", async () => {
  const { connection, peer } = scriptedPeer();
  peer.send("01 00");
  await peer.expectEnd();
  connection.destroy();
  expect(await ended(connection)).toBeInstanceOf(KeyTooLong);
});

test("the error for a box that is neither ask nor answer lists its keys", async () => {
  const { connection, peer } = scriptedPeer();
  peer.send({ alpha: "1", beta: "2" });
  peer.end();
  expect((await ended(connection)).message).toContain("alpha, beta");
});

test("the reason names a truncated box and how many bytes of it were received", async () => {
  const { connection, peer } = scriptedPeer({ locator: calculator().locator });
  const call = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
  peer.send({ ...SUM, _ask: "whole" }, "0004 5f61");
  peer.end();
  await peer.expect(SUM, { _answer: "whole", total: "3" });
  await peer.expectEnd();
  const reason = await ended(connection);
  expect(reason).toBeInstanceOf(ConnectionLost);
  expect(reason.cause).toBeInstanceOf(MalformedAmpBox);
  expect(reason.message).toMatch(/the peer closed the connection: .* 4 bytes of it were received/);
  expect(causeOf(await call)).toBe(reason);
});
