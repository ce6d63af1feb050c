import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytes } from "../../../src/core/arguments/bytes.ts";
import { integer } from "../../../src/core/arguments/integer.ts";
import { listOf } from "../../../src/core/arguments/list-of.ts";
import { local } from "../../../src/core/arguments/local.ts";
import { optional } from "../../../src/core/arguments/optional.ts";
import { unicode } from "../../../src/core/arguments/unicode.ts";
import { LimitExceeded, TooLong } from "../../../src/core/errors/caller.ts";
import type { Argument } from "../../../src/core/schema/argument.ts";
import {
  bringsBack,
  doesNotSend,
  reads,
  refuses,
  sends,
  survivesAnything,
  wireBytes,
} from "../../contracts/codec.ts";

const numbers = listOf(integer());
const nested = listOf(listOf(unicode()));

describe("listOf", () => {
  const wires: readonly (readonly [string, number[]])[] = [
    ["", []],
    ["\0\x015", [5]],
    ["\0\x011\0\x02-2\0\x0213", [1, -2, 13]],
  ];
  for (const [wire, values] of wires) {
    reads(numbers, wire, values);
    sends(numbers, values, wire);
  }
  reads(numbers, "\0\x03 1 \0\x02+2", [1, 2]);
  refuses(numbers, "\0\0", /element 0: not an integer/);
  refuses(numbers, "\0\x011\0\x01x", /element 1: not an integer: "x"/);
  for (const cut of ["\0", "\0\x01", "\0\x02a", "\0\x015\0", "\0\x015\0\x01", "\0\x015\0\x031", "\x01"]) {
    refuses(numbers, cut, /element \d: cut off/);
  }
  refuses(numbers, "\0\x015\0\x02a", /^(.*: )?element 1: cut off: only 3 bytes of it were received$/);

  reads(nested, "\0\0", [[]]);
  sends(nested, [["a", ""], [], ["é"]], "\0\x05\0\x01a\0\0\0\0\0\x04\0\x02é");
  refuses(nested, "\0\x03\0\x02a", /element 0: element 0: cut off/);

  sends(listOf(bytes()), [new Uint8Array(65535)], Uint8Array.from([0xff, 0xff, ...new Uint8Array(65535)]));
  doesNotSend(listOf(bytes()), [new Uint8Array(1), new Uint8Array(65536)], TooLong);
  doesNotSend(listOf(bytes()), [new Uint8Array(1), new Uint8Array(65536)], /element 1: 65536 bytes/);
  doesNotSend(listOf(unicode()), "abc", /an array is needed/);
  doesNotSend(numbers, null, TypeError);
  doesNotSend(numbers, { length: 0 }, TypeError);
  doesNotSend(numbers, [1, "2"], /element 1: an integer is needed/);
  doesNotSend(numbers, Array(1), /element 0/);

  test("the error of an element has the class and the cause of the codec's error", () => {
    const decoding = (thrown: unknown) => () =>
      listOf({ encode: () => new Uint8Array(), decode: () => thrower(thrown) }).decode(wireBytes("\0\0"));
    for (const [thrown, type] of [
      [new SyntaxError("wrong"), SyntaxError],
      [new TooLong("wrong"), TooLong],
      [new RangeError("wrong"), TypeError],
      ["wrong", TypeError],
    ] as const) {
      expect(decoding(thrown)).toThrow(type);
      expect(decoding(thrown)).toThrow(
        expect.objectContaining({ message: "element 0: wrong", cause: thrown }),
      );
    }
    const limit = new LimitExceeded("too many");
    expect(decoding(limit)).toThrow(limit);
    expect(decoding(limit)).toThrow(/^too many$/);
  });

  bringsBack(numbers, fc.array(fc.maxSafeInteger()));
  bringsBack(nested, fc.array(fc.array(fc.string({ unit: "binary" }))));
  survivesAnything(numbers, "\0\x01\x02\x0312+- ");

  test("listOf() takes an application's codec, and passes bytes that the codec may keep", () => {
    const kept: Uint8Array[] = [];
    const upper: Argument<string> = {
      encode: (value) => new TextEncoder().encode(value.toUpperCase()),
      decode(bytes) {
        kept.push(bytes);
        return new TextDecoder().decode(bytes).toLowerCase();
      },
    };
    const wire = listOf(upper).encode(["a", "bc"]);
    expect(wire).toEqual(new TextEncoder().encode("\0\x01A\0\x02BC"));
    expect(listOf(upper).decode(wire)).toEqual(["a", "bc"]);
    wire.fill(0);
    expect(kept).toEqual([Uint8Array.of(0x41), Uint8Array.of(0x42, 0x43)]);
  });

  test("listOf() rejects optional and local elements", () => {
    expect(() => listOf(optional(integer()))).toThrow(/cannot be optional/);
    expect(() => listOf(local())).toThrow(/cannot be optional/);
    const required = { ...integer(), optional: false };
    expect(listOf(required).decode(wireBytes("\0\x015"))).toEqual([5]);
  });
});

function thrower(thrown: unknown): never {
  throw thrown;
}
