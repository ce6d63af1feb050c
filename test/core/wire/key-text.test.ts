import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvalidSignature } from "../../../src/core/errors/caller.ts";
import { keyToText, textToKey } from "../../../src/core/wire/key-text.ts";

/** Bytes, and what Python's `bytes.decode("utf-8", "surrogateescape")` makes of them. */
const ESCAPED: readonly (readonly [number[], string])[] = [
  [[0x61, 0x62], "ab"],
  [[0x00], "\0"],
  [[0xc3, 0xa9], "é"],
  [[0xf0, 0x9f, 0x98, 0x80], "😀"],
  [[0xff, 0xfe], "\udcff\udcfe"],
  [[0x61, 0xff, 0x62], "a\udcffb"],
  [[0x80], "\udc80"],
  [[0xe2, 0x82], "\udce2\udc82"],
  [[0xe2, 0x82, 0x61], "\udce2\udc82a"],
  [[0xc0, 0x80], "\udcc0\udc80"],
  [[0xed, 0xa0, 0x80], "\udced\udca0\udc80"],
  [[0xf4, 0x90, 0x80, 0x80], "\udcf4\udc90\udc80\udc80"],
  [[0xf0, 0x9f, 0x98, 0x80, 0x80], "😀\udc80"],
  [[0xef, 0xbb, 0xbf, 0x61], "\ufeffa"],
];

describe("a key", () => {
  for (const [bytes, text] of ESCAPED) {
    test(`${bytes.map((byte) => byte.toString(16)).join(" ")} is named as in Python`, () => {
      expect(keyToText(Uint8Array.from(bytes))).toBe(text);
      expect(textToKey(text)).toEqual(Uint8Array.from(bytes));
      expect(keyToText(Uint8Array.from([0xff, ...bytes, 0xff]), 1, 1 + bytes.length)).toBe(text);
    });
  }

  test("of any bytes comes back, byte for byte", () => {
    const likely = fc.constantFrom(
      0x61,
      0x80,
      0xbf,
      0xc3,
      0xa9,
      0xe2,
      0x82,
      0xac,
      0xed,
      0xa0,
      0xf0,
      0x9f,
      0x98,
      0xff,
    );
    const keys = fc.oneof(
      fc.uint8Array(),
      fc.array(likely, { maxLength: 12 }).map((all) => Uint8Array.from(all)),
    );
    fc.assert(
      fc.property(keys, (bytes) => {
        expect(textToKey(keyToText(bytes))).toEqual(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  test("of well-formed text comes back as the same text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(keyToText(textToKey(text))).toBe(text);
      }),
    );
  });

  test("cannot hold a surrogate that stands for no byte", () => {
    for (const text of ["\ud800", "a\udbffb", "\udc00", "\udc7f", "\udd00", "\udfff"]) {
      expect(() => textToKey(text)).toThrow(InvalidSignature);
    }
  });
});
