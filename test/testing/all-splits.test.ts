import { allSplits, byteByByte, randomChunking } from "ampwire/testing";
import { describe, expect, test } from "vitest";

const BYTES = Uint8Array.from({ length: 100 }, (_, index) => index);

describe("byteByByte", () => {
  test("byteByByte returns every byte separately", () => {
    expect(byteByByte(Uint8Array.of(1, 2, 3))).toEqual([
      Uint8Array.of(1),
      Uint8Array.of(2),
      Uint8Array.of(3),
    ]);
    expect(byteByByte(new Uint8Array(0))).toEqual([]);
  });
});

describe("allSplits", () => {
  test("allSplits cuts whole, byte by byte, and in two at every position", () => {
    const text = (pieces: Uint8Array[]) => pieces.map((piece) => Buffer.from(piece).toString()).join("|");
    expect([...allSplits(Buffer.from("abcd"))].map(text)).toEqual([
      "abcd",
      "a|b|c|d",
      "a|bcd",
      "ab|cd",
      "abc|d",
    ]);
  });

  test("allSplits returns copies", () => {
    for (const [piece] of allSplits(BYTES)) expect(piece?.buffer).not.toBe(BYTES.buffer);
  });
});

describe("randomChunking", () => {
  test("randomChunking keeps the bytes and their order, and no piece is empty or too long", () => {
    for (let seed = 0; seed < 50; seed++) {
      const pieces = [...randomChunking(seed, 7)(BYTES)];
      expect(Buffer.concat(pieces)).toEqual(Buffer.from(BYTES));
      for (const { length } of pieces) expect(length >= 1 && length <= 7).toBe(true);
    }
  });

  test.each([0, -5, 1.5, Number.NaN, "5"])("randomChunking refuses %j as the longest piece", (longest) => {
    // A JavaScript program may pass any value. A negative one would never end.
    expect(() => randomChunking(1, longest as number)).toThrow(
      /^longest must be a whole number of at least 1/,
    );
  });

  test("randomChunking returns the same pieces for the same seed only", () => {
    const lengths = (seed: number) => [...randomChunking(seed)(BYTES)].map(({ length }) => length);
    expect(lengths(7)).toEqual(lengths(7));
    expect(lengths(7)).not.toEqual(lengths(8));
  });
});
