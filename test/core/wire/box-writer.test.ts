import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvalidSignature, TooLong } from "../../../src/core/errors/caller.ts";
import { Box } from "../../../src/core/wire/box.ts";
import { compareBytes, encodeBox, keyHeader, writeBox } from "../../../src/core/wire/box-writer.ts";
import { ByteWriter } from "../../../src/core/wire/byte-writer.ts";
import { parseBoxes } from "../../../src/core/wire/reader.ts";
import { arbitraryBox, pairs } from "./boxes.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("encodeBox", () => {
  test("encodeBox() writes lengths, keys and values, and two zeros at the end", () => {
    expect(encodeBox(new Box({ a: "1", bc: "" }))).toEqual(bytes("\0\x01a\0\x011\0\x02bc\0\0\0\0"));
    expect(encodeBox(new Box({ a: new Uint8Array(258) })).slice(0, 5)).toEqual(
      Uint8Array.of(0, 1, 0x61, 1, 2),
    );
  });

  test("encodeBox() sorts keys by their bytes, not in the order of JavaScript's strings", () => {
    // U+FF5E sorts before U+1F600 in UTF-8, and after it in UTF-16.
    const keys = ["Z", "_a", "a", "a.2", "aa", "\uff5e", "😀", "\udcff"];
    const box = new Box([...keys].reverse().map((key) => [key, ""]));
    expect([...(parseBoxes(encodeBox(box))[0]?.keys() ?? [])]).toEqual(keys);
  });

  test("encodeBox() rejects a key or value over its maximum length and names it", () => {
    expect(encodeBox(new Box([["k".repeat(255), new Uint8Array(65535)]]))).toHaveLength(
      2 + 255 + 2 + 65535 + 2,
    );
    expect(() => encodeBox(new Box([["k".repeat(256), ""]]))).toThrow(TooLong);
    expect(() => encodeBox(new Box([["é".repeat(128), ""]]))).toThrow(/a key is 256 bytes long/);
    expect(() => encodeBox(new Box({ a: "", big: new Uint8Array(65536) }))).toThrow(
      /the value of big is 65536 bytes long/,
    );
  });

  test("encodeBox() rejects a box without keys and an empty key, which would end the box", () => {
    expect(() => encodeBox(new Box())).toThrow(InvalidSignature);
    expect(() => encodeBox(new Box({ "": "1" }))).toThrow(InvalidSignature);
  });

  test.each([null, undefined, {}])("encodeBox() rejects %j instead of a box", (box) => {
    expect(() => encodeBox(box as unknown as Box)).toThrow(InvalidSignature);
  });

  test("an encoded box is read as an equal box", () => {
    fc.assert(
      fc.property(arbitraryBox, (box) => {
        const [again, ...more] = parseBoxes(encodeBox(box));
        expect(more).toEqual([]);
        expect(again && pairs(again)).toEqual(pairs(box));
      }),
    );
  });
});

test("writeBox() writes nothing if the box is invalid", () => {
  const out = new ByteWriter(4);
  writeBox(out, new Box({ a: "1" }));
  const before = out.copy();
  expect(() => writeBox(out, new Box({ a: "1", b: new Uint8Array(65536) }))).toThrow(TooLong);
  expect(() => writeBox(out, new Box({ a: "1", "\ud800": "" }))).toThrow(InvalidSignature);
  expect(out.copy()).toEqual(before);
});

test("keyHeader() returns the length and the key", () => {
  expect(keyHeader(bytes("ab"))).toEqual(bytes("\0\x02ab"));
  expect(() => keyHeader(bytes(""))).toThrow(InvalidSignature);
});

test("compareBytes() orders as memcmp does, with the shorter one first", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5 }), fc.uint8Array({ maxLength: 5 }), (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
    }),
  );
});
