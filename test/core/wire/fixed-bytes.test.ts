import { describe, expect, test } from "vitest";
import { FixedBytes } from "../../../src/core/wire/fixed-bytes.ts";

/** Byte arrays of every length, with bytes below and above 128. */
const samples = Array.from({ length: 21 }, (_, length) =>
  Uint8Array.from({ length: length + 1 }, (_, index) => (index * 89 + 0xf0) & 0xff),
);

describe("fixed bytes", () => {
  test.each(samples)("fixed bytes are found at their position, whatever follows (%#)", (...bytes) => {
    const fixed = new FixedBytes(Uint8Array.from(bytes));
    expect(fixed.length).toBe(bytes.length);
    for (const behind of [0, 0x7f, 0xff]) {
      const around = Uint8Array.from([1, 2, ...bytes, behind, behind, behind]);
      expect(fixed.isAt(new DataView(around.buffer), 2)).toBe(true);
    }
  });

  test.each(samples)("fixed bytes are not found if one bit differs (%#)", (...bytes) => {
    const fixed = new FixedBytes(Uint8Array.from(bytes));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const other = Uint8Array.from([...bytes, 0, 0, 0]);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(fixed.isAt(new DataView(other.buffer), 0)).toBe(false);
    }
  });
});
