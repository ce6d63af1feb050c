/** Codecs of the program that throw or return wrong values: the error names the argument, and nothing is sent. */
import { type Argument, ampList, command, InvalidSignature, listOf, locator, optional } from "ampwire";
import { flushPending, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { rejection } from "../../support/settled.ts";
import { Mark } from "../../support/witness.ts";

function thrower(what: unknown): never {
  throw what;
}

/** Casts on purpose, to test wrong types. */
function codec(halves: { encode?: () => unknown; decode?: () => unknown }): Argument<string> {
  return {
    encode: (halves.encode ?? (() => Uint8Array.of(0x78))) as Argument<string>["encode"],
    decode: (halves.decode ?? (() => "x")) as Argument<string>["decode"],
  };
}

const BROKEN: [string, () => unknown][] = [
  ["throws an error", () => thrower(new Error("cannot"))],
  ["throws undefined", () => thrower(undefined)],
  ["throws an object without prototype", () => thrower(Object.create(null))],
  ["throws an object whose toString throws", () => thrower({ toString: () => thrower(new Error()) })],
];
const NO_BYTES: [string, () => unknown][] = [
  ["returns nothing", () => undefined],
  ["returns null", () => null],
  ["returns text", () => "text"],
  ["returns a number", () => 7],
  ["returns an array", () => [1, 2]],
  ["returns an object that resembles bytes", () => ({ length: 3 })],
  ["returns an ArrayBuffer", () => new ArrayBuffer(3)],
  ["returns a promise", async () => Uint8Array.of(1)],
  ["returns 65,536 bytes", () => new Uint8Array(65_536)],
];

const places: [string, (it: Argument<string>) => Argument<unknown>, unknown][] = [
  ["an argument", (it) => it as Argument<unknown>, "x"],
  ["an optional argument", (it) => optional(it) as Argument<unknown>, "x"],
  ["an element of a list", (it) => listOf(it) as Argument<unknown>, ["x"]],
  ["a field of a row", (it) => ampList({ field: it }) as Argument<unknown>, [{ field: "x" }]],
];

describe.each(places)("codecs of %s", (_, place, value) => {
  test.each([...BROKEN, ...NO_BYTES])(
    "a codec that %s when encoding rejects the call, and nothing is sent",
    async (__, encode) => {
      const { connection, peer } = scriptedPeer();
      const Odd = command("Odd", { arguments: { it: place(codec({ encode })) } });
      const error = await rejection(connection.callRemote(Odd, { it: value }));
      expect(error.message).toContain('"it"');
      await flushPending();
      expect(peer.unread).toBe(0);
      void connection.callRemote(Mark, { text: "t" }).catch(() => {});
      await peer.expect({ _ask: "1", _command: "Mark", text: "t" });
      connection.destroy();
    },
  );

  test.each(BROKEN)(
    "a codec that %s when decoding an ask answers UNKNOWN, and the responder does not run",
    async (__, decode) => {
      const Odd = command("Odd", { arguments: { it: place(codec({ decode })) } });
      let runs = 0;
      const { peer } = scriptedPeer({ locator: locator(Odd.responder(() => void runs++)) });
      const good = command("Odd", { arguments: { it: place(codec({})) } });
      const wire = good.makeArguments({ it: value }).get("it") as Uint8Array;
      peer.send({ _ask: "1", _command: "Odd", it: wire });
      await peer.expect({ _error: "1", _error_code: "UNKNOWN", _error_description: "Unknown Error" });
      await peer.expectEnd();
      expect(runs).toBe(0);
    },
  );

  test.each(BROKEN)("a codec that %s when decoding an answer rejects that call alone", async (__, decode) => {
    const Odd = command("Odd", { response: { it: place(codec({ decode })) } });
    const good = command("Odd", { arguments: { it: place(codec({})) } });
    const { connection, peer } = scriptedPeer();
    const call = rejection(connection.callRemote(Odd));
    const other = connection.callRemote(Mark, { text: "t" });
    peer.send({ _answer: "1", it: good.makeArguments({ it: value }).get("it") as Uint8Array });
    expect(await call).toBeInstanceOf(InvalidSignature);
    peer.send({ _answer: "2", text: "t" });
    expect(await other).toEqual({ text: "t" });
    connection.destroy();
  });
});
