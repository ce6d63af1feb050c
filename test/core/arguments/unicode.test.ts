import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unicode } from "../../../src/core/arguments/unicode.ts";
import { bringsBack, doesNotSend, reads, refuses, sends } from "../../contracts/codec.ts";

/** Lengths around those at which reading and writing change their method, for ASCII and other text. */
const LENGTHS = [...Array(18).keys(), 22, 23, 24, 25, 26, 47, 48, 49, 300, 511, 512, 513];

describe("unicode", () => {
  for (const text of [
    "",
    "hello",
    "\0",
    "\ufeffkept",
    "\ufeff",
    "café",
    "€三",
    "😀",
    "\u{10ffff}",
    "\ufffe\uffff",
  ]) {
    reads(unicode(), text, text);
    sends(unicode(), text, text);
  }
  for (const length of LENGTHS) {
    for (const last of ["", "é", "😀"]) {
      const text = "abcdefghij".repeat(60).slice(0, length) + last;
      reads(unicode(), text, text);
      sends(unicode(), text, text);
    }
  }

  const INVALID: Readonly<Record<string, readonly number[]>> = {
    "a lone continuation": [0x80],
    "a lone lead": [0xc3],
    "a truncated character": [0x61, 0xe2, 0x82],
    "an overlong form": [0xc0, 0x80],
    "a surrogate": [0xed, 0xa0, 0x80],
    "a surrogate pair": [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
    "a code point over U+10FFFF": [0xf4, 0x90, 0x80, 0x80],
    "Latin-1 after 40 ASCII characters": [...Array(40).fill(0x61), 0xe9],
  };
  for (const [what, bytes] of Object.entries(INVALID)) {
    describe(`${what} in a text`, () => refuses(unicode(), Uint8Array.from(bytes), /not UTF-8: "/));
  }

  doesNotSend(unicode(), "\ud800", /lone surrogate/);
  doesNotSend(unicode(), `${"a".repeat(100)}\udc00b`, /lone surrogate/);
  for (const value of [1, null, undefined, {}, ["a"], new Uint8Array(1)])
    doesNotSend(unicode(), value, /a string is needed, not /);

  test("the error for bytes that are not UTF-8 has the error of the decoder as its cause", () => {
    expect(() => unicode().decode(Uint8Array.of(0x80))).toThrow(
      expect.objectContaining({ cause: expect.any(TypeError) }),
    );
  });

  bringsBack(unicode(), fc.string({ unit: "binary" }));
  bringsBack(unicode(), fc.string({ unit: "binary-ascii", maxLength: 40 }));
});
