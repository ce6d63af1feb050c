/** Mistakes in the declaration of fields: each is carried out as intended, or thrown with the name of the field. */
import {
  type Argument,
  ampList,
  type BoxArgument,
  bigBytes,
  boxArgument,
  bytes,
  command,
  type Fields,
  InvalidSignature,
  integer,
  listOf,
  local,
  nullable,
  optional,
  unicode,
} from "ampwire";
import { scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";

const one = new TextEncoder().encode("1");
/** Decodes every value as 100 and encodes every value as "1". */
const decode = () => 100;
const encode = () => one;

/** Calls a command with 5 in the field `a`, answers "7", and returns the received value. */
async function exchanged(codec: Argument<unknown>, sent: string) {
  const Echo = command("Echo", { arguments: { a: codec }, response: { a: codec } });
  const { connection, peer } = scriptedPeer();
  const answer = connection.callRemote(Echo, { a: 5 });
  await peer.expect({ _ask: "1", _command: "Echo", a: sent });
  peer.send({ _answer: "1", a: "7" });
  return (await answer).a;
}

describe("a codec that is spread and overridden", () => {
  test.each<[string, Argument<unknown>]>([
    ["integer()", { ...integer(), decode, encode } as Argument<unknown>],
    ["optional(integer())", { ...optional(integer()), decode, encode } as Argument<unknown>],
    ["inside optional", optional({ ...integer(), decode, encode } as Argument<unknown>)],
  ])("a spread codec uses encode and decode of the program: %s", async (_, codec) => {
    expect(await exchanged(codec, "1")).toBe(100);
  });

  test("a spread codec uses encode and decode of the program inside a list", () => {
    const list = listOf({ ...integer(), decode, encode });
    expect(list.decode(list.encode([5, 6]))).toEqual([100, 100]);
    expect(list.encode([5])).toEqual(Uint8Array.of(0, 1, 0x31));
  });

  test("a spread codec uses encode and decode of the program in a box with a split value", async () => {
    const codec = { ...integer(), decode, encode } as Argument<unknown>;
    const Wide = command("Wide", {
      arguments: { a: codec, big: bigBytes() },
      response: { a: codec, big: bigBytes() },
    });
    const { connection, peer } = scriptedPeer();
    const answer = connection.callRemote(Wide, { a: 5, big: one });
    await peer.expect({ _ask: "1", _command: "Wide", a: "1", big: "1" });
    peer.send({ _answer: "1", a: "7", big: "1" });
    expect((await answer).a).toBe(100);
  });

  test("a spread codec uses one overridden function and the other direction of the original", async () => {
    expect(await exchanged({ ...integer(), decode } as Argument<unknown>, "5")).toBe(100);
    expect(await exchanged({ ...integer(), encode } as Argument<unknown>, "1")).toBe(7);
  });

  test("a spread codec uses write and read of the program", () => {
    const shouting = {
      ...unicode(),
      write: (_value: string, out: { byte(value: number): void }) => out.byte(0x21),
    };
    expect(listOf(shouting).encode(["quiet"])).toEqual(Uint8Array.of(0, 1, 0x21));
    const reading = { ...integer(), read: () => 9 };
    expect(listOf(reading).decode(Uint8Array.of(0, 1, 0x31))).toEqual([9]);
    expect(optional(reading).decode(one)).toBe(9);
    expect(optional(shouting).encode("quiet")).toEqual(Uint8Array.of(0x21));
  });

  test("a codec with only one of write and read is used through encode and decode", () => {
    const write = () => {};
    const read = () => 9;
    for (const codec of [
      { encode, decode, write },
      { encode, decode, read },
    ]) {
      expect(listOf(codec).decode(Uint8Array.of(0, 1, 0x31))).toEqual([100]);
      expect(listOf(codec).encode([5])).toEqual(Uint8Array.of(0, 1, 0x31));
    }
  });

  test("a spread codec of several keys is refused if the override would be ignored", () => {
    const whole = command("X", { arguments: { a: bigBytes() } });
    expect(whole.name).toBe("X");
    for (const codec of [
      { ...bigBytes(), decode: () => one },
      { ...bigBytes(), encode },
      { ...optional(bigBytes()), encode },
    ]) {
      const make = () => command("X", { arguments: { a: codec } });
      expect(make).toThrow(InvalidSignature);
      expect(make).toThrow(/^argument of X: "a": (encode|decode) is overridden, but (toBox|fromBox) /);
    }
    expect(() => optional({ ...bigBytes(), encode })).toThrow(InvalidSignature);
    expect(() => boxArgument({ ...bigBytes(), encode })).toThrow(InvalidSignature);
  });

  test("a spread codec may override toBox and fromBox", () => {
    const codec: BoxArgument<Uint8Array> = {
      ...bigBytes(),
      toBox: (value, name, box) => void box.set(`${name}!`, value),
      fromBox: (name, box) => box.get(`${name}!`),
    };
    const X = command("X", { arguments: { a: codec } });
    const box = X.makeArguments({ a: one });
    expect([...box.keys()]).toEqual(["a!"]);
    expect(X.parseArguments(box)).toEqual({ a: one });
  });

  test("a codec with functions of two codecs is refused", () => {
    const mixed = { ...integer(), encode: unicode().encode } as unknown as Argument<number>;
    expect(() => command("X", { arguments: { a: mixed } })).toThrow(
      /"a": the functions of two codecs are mixed/,
    );
  });
});

describe("a field without a codec is refused by its name", () => {
  test.each<[string, unknown, string]>([
    ["null", null, "null"],
    ["undefined", undefined, "undefined"],
    ["the name of a type", "integer", '"integer"'],
    ["a codec that was not called", integer, "a function"],
    ["an empty object", {}, "an object (Object)"],
    ["an object with encode only", { encode }, "an object (Object)"],
    ["a constructor of values", Number, "a function"],
  ])("a field is refused if its codec is %s", (_, codec, shown) => {
    const fields = { count: codec } as unknown as Fields;
    for (const [make, place] of [
      [() => command("X", { arguments: fields }), 'argument of X: "count": '],
      [() => command("X", { response: fields }), 'response of X: "count": '],
      [() => command("X").extend("Y", { arguments: fields }), 'argument of Y: "count": '],
      [() => ampList(fields), 'field: "count": '],
      [() => listOf(codec as Argument<unknown>), ""],
      [() => optional(codec as Argument<unknown>), ""],
    ] as const) {
      expect(make).toThrow(InvalidSignature);
      expect(make).toThrow(
        `${place}a codec must be an object with encode and decode, for example integer(), not ${shown}`,
      );
    }
  });

  test("codecs of the library and of programs are accepted", () => {
    class Own {
      encode() {
        return one;
      }
      decode() {
        return 1;
      }
    }
    const X = command("X", {
      arguments: { a: new Own(), b: local<number>(), c: bytes(), d: optional(new Own()) },
    });
    expect(X.makeArguments({ a: 1, b: 2, c: one, d: 3 }).text("a")).toBe("1");
  });
});

test("a codec whose properties optional and local are false is required and sent", () => {
  const codec = { ...integer(), optional: false, local: false };
  const X = command("X", { arguments: { a: codec } });
  expect(X.makeArguments({ a: 5 }).text("a")).toBe("5");
  expect(() => X.makeArguments({} as { a: number })).toThrow('argument of X: "a" is missing');
  expect(() => nullable(codec)).not.toThrow();
  for (const refused of [optional(integer()), local<number>()])
    expect(() => nullable(refused)).toThrow(/the codec must not be optional or local/);
});

test("an encoder that does not return bytes is named with what it returned", () => {
  const X = command("X", { arguments: { a: { encode: () => 5 as unknown as Uint8Array, decode } } });
  expect(() => X.makeArguments({ a: 1 })).toThrow(
    'argument of X: "a": the result of encode() must be a Uint8Array, not 5',
  );
});
