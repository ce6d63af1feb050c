import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { InvalidSignature } from "../../../src/core/errors/caller.ts";
import { keyToText, textToKey } from "../../../src/core/wire/key-text.ts";
import { heapBytes } from "../../support/memory.ts";

/** Bytes, and their text by Python's `bytes.decode("utf-8", "surrogateescape")`. */
const ESCAPED: readonly (readonly [number[], string])[] = [
  [[0x61, 0x62], "ab"],
  [[0x00], "\0"],
  [[0xc2, 0x80], "\x80"],
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
  [[0xc3, 0xc3, 0xa9], "\udcc3é"],
  [[0xc1, 0xbf], "\udcc1\udcbf"],
  [[0xe0, 0x9f, 0xbf], "\udce0\udc9f\udcbf"],
  [[0xe0, 0xa0, 0x80], "\u0800"],
  [[0xed, 0x9f, 0xbf], "\ud7ff"],
  [[0xee, 0x80, 0x80], "\ue000"],
  [[0xef, 0xbf, 0xbf], "\uffff"],
  [[0xf0, 0x8f, 0xbf, 0xbf], "\udcf0\udc8f\udcbf\udcbf"],
  [[0xf0, 0x90, 0x80, 0x80], "\u{10000}"],
  [[0xf4, 0x8f, 0xbf, 0xbf], "\u{10ffff}"],
  [[0xf5, 0x80, 0x80, 0x80], "\udcf5\udc80\udc80\udc80"],
  [[0x61, 0xf0, 0x9f, 0x98], "a\udcf0\udc9f\udc98"],
];

describe("a key", () => {
  for (const [bytes, text] of ESCAPED) {
    test(`${bytes.map((byte) => byte.toString(16)).join(" ")} is named as in Python`, () => {
      expect(keyToText(Uint8Array.from(bytes))).toBe(text);
      expect(textToKey(text)).toEqual(Uint8Array.from(bytes));
      expect(keyToText(Uint8Array.from([0xff, ...bytes, 0xff]), 1, 1 + bytes.length)).toBe(text);
      // A byte after the key would complete some of the characters.
      expect(keyToText(Uint8Array.from([...bytes, 0x80]), 0, bytes.length)).toBe(text);
      expect(keyToText(Uint8Array.from([...bytes, 0xff]))).toBe(`${text}\udcff`);
    });
  }

  test("a key of any bytes is converted to text and back unchanged", () => {
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

  test("a key of well-formed text is converted to bytes and back unchanged", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(keyToText(textToKey(text))).toBe(text);
      }),
    );
  });

  test("a key with a surrogate that does not encode a byte is rejected", () => {
    for (const text of ["\ud800", "a\udbffb", "\udc00", "\udc7f", "\udd00", "\udfff"]) {
      expect(() => textToKey(text)).toThrow(InvalidSignature);
    }
  });
});

describe("the cost of a name from a peer", () => {
  /** Names of the maximum length, for example of bytes that begin a character without completing it. */
  const names = [0x61, 0x80, 0xc3, 0xe2, 0xed, 0xf0, 0xff].map((byte) => new Uint8Array(65_535).fill(byte));

  test("a name throws no exception for each invalid byte", () => {
    const decode = vi.spyOn(TextDecoder.prototype, "decode");
    for (const bytes of names) expect(keyToText(bytes)).toHaveLength(bytes.length);
    expect(decode.mock.calls.length).toBeLessThanOrEqual(names.length);
    decode.mockRestore();
  });

  test("a name takes two bytes of memory for each byte, and no tree of joined characters", () => {
    const before = heapBytes();
    const kept = names.map((bytes) => keyToText(bytes));
    expect(heapBytes() - before).toBeLessThan(kept.length * 65_535 * 6);
    expect(kept).toHaveLength(names.length); // keeps the texts alive until here
  });
});
