import { describe, expect, test } from "vitest";
import { ByteWriter } from "../../../src/core/wire/byte-writer.ts";
import { parseTag, tagBytes, writeTag } from "../../../src/core/wire/tag.ts";

const text = (tag: number) => {
  const out = new ByteWriter(1);
  writeTag(tag, out);
  return Buffer.from(out.copy()).toString("latin1");
};
const parsed = (digits: string) => {
  const bytes = Buffer.from(`xx${digits}yy`, "latin1");
  return parseTag(bytes, 2, 2 + digits.length);
};

const TAGS = [
  1,
  9,
  10,
  15,
  16,
  255,
  256,
  0xdeadbeef,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 40 + 7,
  Number.MAX_SAFE_INTEGER,
];

describe("tags", () => {
  test.each(TAGS)("the tag %d is written in lower-case hexadecimal digits and parsed back", (tag) => {
    expect(text(tag)).toBe(tag.toString(16));
    expect(Buffer.from(tagBytes(tag)).toString("latin1")).toBe(tag.toString(16));
    expect(parsed(text(tag))).toBe(tag);
  });

  test("a tag consists of the digits 0 to 9 and a to f, at every position", () => {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte);
      for (const digits of [
        `1${character}`,
        `123456${character}`,
        `1234567${character}`,
        `1234567${character}8`,
      ])
        expect(parsed(digits)).toBe(/^[\da-f]$/.test(character) ? Number.parseInt(digits, 16) : -1);
    }
  });

  test.each(["", "0", "01", "A", "1G", "-1", " 1", "1 ", "0x1", "1.0", "\xff", "123456789abcdef"])(
    "%j is not parsed as a tag of this end",
    (digits) => {
      expect(parsed(digits)).toBe(-1);
    },
  );
});
