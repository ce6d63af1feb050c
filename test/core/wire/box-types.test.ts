/** Keys and values of the wrong type: a box refuses them, and no other box is damaged. */
import { runInNewContext } from "node:vm";
import { Box, command, encodeBox, type InPlaceArgument, InvalidSignature, integer, locator } from "ampwire";
import { connectedPair, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { rejection } from "../../support/settled.ts";

const Sum = command("Sum", {
  arguments: { a: integer(), b: integer() },
  response: { total: integer() },
});
const summing = locator(Sum.responder(({ a, b }) => ({ total: a + b })));

/** Returns a box with an entry that `Box.set` would refuse. */
function forged(key: unknown, value: unknown): Box {
  const box = new Box({ first: "1" });
  Map.prototype.set.call(box, key, value);
  return box;
}

describe("a box refuses", () => {
  test.each<[string, unknown, string]>([
    ["a number", 94, 'the value of the key "total" must be well-formed text or a Uint8Array, not 94'],
    ["null", null, 'the value of the key "total" must be well-formed text or a Uint8Array, not null'],
    ["undefined", undefined, "not undefined"],
    ["a bigint", 94n, "not 94n"],
    ["negative zero", -0, "not -0"],
    ["an array", [1, 2], "not an array of 2"],
    ["an ArrayBuffer", new ArrayBuffer(2), "not an object (ArrayBuffer)"],
    ["another typed array", new Uint16Array(2), "not an object (Uint16Array)"],
    ["an object that claims to be bytes", { [Symbol.toStringTag]: "Uint8Array", length: 1 }, "not an object"],
    ["text with a lone surrogate", "a\ud800", 'must be well-formed text or a Uint8Array, not "a\\ud800"'],
  ])("a box refuses %s as a value", (_, value, message) => {
    for (const make of [
      () => new Box({ total: value as string }),
      () => new Box([["total", value as string]]),
      () => new Box().set("total", value as string),
    ]) {
      expect(make).toThrow(InvalidSignature);
      expect(make).toThrow(message);
    }
  });

  test.each([5, null, undefined, Symbol("key"), {}])("a box refuses %s as a key", (key) => {
    expect(() => new Box().set(key as string, "1")).toThrow(InvalidSignature);
    expect(() => new Box([[key as string, "1"]])).toThrow(/a key must be a string, not/);
  });

  test.each(["ab", 5, { 0: "a", 1: "b" }])("a box refuses %j as an entry", (entry) => {
    const entries = [entry] as unknown as [string, string][];
    expect(() => new Box(entries)).toThrow(/an entry of a box must be a pair of a key and a value, not/);
  });

  test.each([null, 5, "text"])("a box refuses %j instead of entries", (entries) => {
    expect(() => new Box(entries as unknown as Record<string, string>)).toThrow(InvalidSignature);
  });
});

test("a Uint8Array of another realm is a value", () => {
  const value: Uint8Array = runInNewContext("Uint8Array.of(65, 66)");
  expect(value).not.toBeInstanceOf(Uint8Array);
  expect(new Box({ a: value }).text("a")).toBe("AB");
  expect(encodeBox(new Box({ a: value }))).toEqual(encodeBox(new Box({ a: "AB" })));
});

test("the writer refuses a value or a key that was set past the check", () => {
  expect(() => encodeBox(forged("total", 94))).toThrow(
    'the value of the key "total" must be well-formed text or a Uint8Array, not 94',
  );
  expect(() => encodeBox(forged("total", { length: 3 }))).toThrow(InvalidSignature);
  expect(() => encodeBox(forged(7, Uint8Array.of(1)))).toThrow("a key must be a string, not 7");
});

test("a call with a damaged box rejects, and the other calls of the turn are answered", async () => {
  const [client] = connectedPair({}, { locator: summing });
  const before = client.callRemote(Sum, { a: 1, b: 2 });
  const damaged = rejection(client.callRemoteString("Sum", forged("a", 94)));
  const after = client.callRemote(Sum, { a: 3, b: 4 });
  expect(await damaged).toBeInstanceOf(InvalidSignature);
  expect(await before).toEqual({ total: 3 });
  expect(await after).toEqual({ total: 7 });
});

test("an answer with a number in its box costs only its own call", async () => {
  const { peer } = scriptedPeer({
    closeOnUndeclaredError: false,
    locator: locator(summing, { amp_RAW: () => new Box({ total: 94 as unknown as string }) }),
    onError() {},
  });
  peer.send({ _ask: "1", _command: "Sum", a: "1", b: "2" });
  peer.send({ _ask: "2", _command: "Raw" });
  peer.send({ _ask: "3", _command: "Sum", a: "3", b: "4" });
  await peer.expect({ _answer: "1", total: "3" });
  await peer.expect({ _error: "2", _error_code: "UNKNOWN", _error_description: "Unknown Error" });
  await peer.expect({ _answer: "3", total: "7" });
});

test("a key keeps the bytes that are not UTF-8", async () => {
  const { connection, peer } = scriptedPeer();
  const answer = connection.callRemoteString("X", new Box({ "\udcff": "1" }));
  await peer.expect({ _ask: "1", _command: "X", "\udcff": "1" });
  peer.send({ _answer: "1" });
  await answer;
});

test("a codec that appends a number costs only its own call", async () => {
  const broken: InPlaceArgument<number> = {
    ...integer(),
    write: (value, out) => out.append(value as unknown as Uint8Array),
  };
  const Broken = command("Broken", { arguments: { a: broken } });
  const [client] = connectedPair({}, { locator: summing });
  const before = client.callRemote(Sum, { a: 1, b: 2 });
  expect((await rejection(client.callRemote(Broken, { a: 5 }))).message).toContain('argument of Broken: "a"');
  const after = client.callRemote(Sum, { a: 3, b: 4 });
  expect([await before, await after]).toEqual([{ total: 3 }, { total: 7 }]);
});
