import { describe, expect, test } from "vitest";
import { shortAscii, valueText } from "../../../src/core/wire/short-text.ts";

/** Returns ASCII bytes from 0x7f down, all different, between two bytes that are not ASCII. */
function ascii(length: number): Uint8Array {
  return Uint8Array.from({ length: length + 2 }, (_, index) =>
    index === 0 || index === length + 1 ? 0xff : 0x80 - index,
  );
}

describe("shortAscii()", () => {
  test("shortAscii() returns the text of up to 16 bytes", () => {
    for (let length = 0; length <= 16; length++)
      expect(shortAscii(ascii(length), 1, 1 + length)).toBe(
        Buffer.from(ascii(length).subarray(1, 1 + length)).toString("latin1"),
      );
    expect(shortAscii(ascii(17), 1, 18)).toBeUndefined();
  });

  test("shortAscii() returns undefined if a byte at any position is not ASCII", () => {
    for (let length = 1; length <= 16; length++) {
      for (let at = 1; at <= length; at++) {
        const bytes = ascii(length);
        bytes[at] = 0x7f;
        expect(shortAscii(bytes, 1, 1 + length)?.charCodeAt(at - 1)).toBe(0x7f);
        bytes[at] = 0x80;
        expect(shortAscii(bytes, 1, 1 + length)).toBeUndefined();
      }
    }
  });
});

test("valueText() decodes text of any length, with U+FFFD for invalid bytes", () => {
  for (const text of ["", "abc", "é", "abcdé", "a".repeat(16), "a".repeat(17), "三".repeat(9)]) {
    const bytes = new TextEncoder().encode(text);
    expect(valueText(bytes, 0, bytes.length)).toBe(text);
  }
  expect(valueText(Uint8Array.of(0x61, 0x62, 0x63, 0x64, 0xff), 0, 5)).toBe("abcd\ufffd");
});
