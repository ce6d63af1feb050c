import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { big } from "../../../src/core/arguments/big.ts";
import { bigBytes } from "../../../src/core/arguments/big-bytes.ts";
import { bigUnicode } from "../../../src/core/arguments/big-unicode.ts";
import type { Compression } from "../../../src/core/arguments/compression.ts";
import { integer } from "../../../src/core/arguments/integer.ts";
import { optional } from "../../../src/core/arguments/optional.ts";
import { joined } from "../../../src/core/arguments/pieces.ts";
import type { SplitLayout } from "../../../src/core/arguments/split-value.ts";
import { InvalidSignature, TooLong } from "../../../src/core/errors/caller.ts";
import { Box } from "../../../src/core/wire/box.ts";
import { parseBoxes } from "../../../src/core/wire/reader.ts";
import { bringsBack, doesNotSend, expectBytes, reads, refuses, sends } from "../../contracts/codec.ts";
import { readBox, readFields, writeFields } from "./fields.ts";

const MAX = 65535;
const LAYOUTS: readonly SplitLayout[] = ["numbered-from-2", "numbered-from-0"];

/** Returns the keys of a value of `length` bytes, with the length of the piece under each. */
function pieces(layout: SplitLayout, length: number): Record<string, number> {
  const wire = writeFields({ it: bigBytes({ layout }) }, { it: new Uint8Array(length) });
  const [box] = parseBoxes(wire);
  return Object.fromEntries([...(box ?? [])].map(([key, value]) => [key, value.length]));
}

describe("bigBytes", () => {
  test("the first piece has the plain name and the second the number 2", () => {
    expect(pieces("numbered-from-2", 0)).toEqual({ it: 0 });
    expect(pieces("numbered-from-2", MAX)).toEqual({ it: MAX });
    expect(pieces("numbered-from-2", MAX + 1)).toEqual({ it: MAX, "it.2": 1 });
    expect(pieces("numbered-from-2", 2 * MAX)).toEqual({ it: MAX, "it.2": MAX });
    expect(pieces("numbered-from-2", 2 * MAX + 5)).toEqual({ it: MAX, "it.2": MAX, "it.3": 5 });
  });

  test("every piece is numbered from 0 in the layout numbered-from-0", () => {
    expect(pieces("numbered-from-0", 0)).toEqual({});
    expect(pieces("numbered-from-0", MAX)).toEqual({ "it.0": MAX });
    expect(pieces("numbered-from-0", 2 * MAX + 5)).toEqual({ "it.0": MAX, "it.1": MAX, "it.2": 5 });
  });

  for (const layout of LAYOUTS) {
    test(`a value is joined from many pieces, ${layout}`, () => {
      const fields = { id: integer(), it: bigBytes({ layout }), later: integer() };
      // More than ten pieces, so that the order of the keys is not the order of the numbers.
      const it = Uint8Array.from({ length: 11 * MAX + 3 }, (_, index) => index % 251);
      const values = { id: 1, it, later: 2 };
      const read = readFields(fields, writeFields(fields, values));
      expectBytes(read.it, it);
      expect([read.id, read.later]).toEqual([1, 2]);
    });

    test(`an optional value without pieces is absent, ${layout}`, () => {
      expect(readBox({ it: optional(bigBytes({ layout })) }, new Box({ other: "x" }))).toEqual({});
    });
  }

  test("a required value without pieces is missing in the layout numbered-from-2", () => {
    expect(() => readBox({ it: bigBytes() }, new Box({ other: "x" }))).toThrow(/"it" is missing/);
  });

  test("a required value without pieces is empty in the layout numbered-from-0, as flocker writes it", () => {
    const layout = "numbered-from-0";
    const fields = { it: bigBytes({ layout }), text: bigUnicode({ layout }), id: integer() };
    const wire = writeFields(fields, { it: new Uint8Array(), text: "", id: 1 });
    expect([...(parseBoxes(wire)[0]?.keys() ?? [])]).toEqual(["id"]);
    expect(readFields(fields, wire)).toEqual({ it: new Uint8Array(), text: "", id: 1 });
    // One empty piece is the empty value, too.
    expect(readBox({ text: bigUnicode({ layout }) }, new Box({ "text.0": "" }))).toEqual({ text: "" });
    // A piece of the other layout does not count as an empty value.
    expect(() => readBox({ it: bigBytes({ layout }) }, new Box({ it: "a" }))).toThrow(/the layout differs/);
    // A codec without an empty value is missing.
    expect(() => readBox({ it: big(integer(), { layout }) }, new Box({ other: "x" }))).toThrow(/"it"/);
  });

  test("pieces with a gap or of the other layout are rejected instead of half a value", () => {
    const fields = { it: optional(bigBytes()) };
    expect(() => readBox(fields, new Box({ it: "a", "it.3": "c" }))).toThrow(/"it.3" does not follow/);
    expect(() => readBox(fields, new Box({ "it.2": "b" }))).toThrow(/"it.2" does not follow/);
    expect(() => readBox(fields, new Box({ "it.0": "a", "it.1": "b" }))).toThrow(/"it.\d" does not follow/);
    const fromZero = { it: optional(bigBytes({ layout: "numbered-from-0" })) };
    expect(() => readBox(fromZero, new Box({ "it.0": "a", "it.2": "c" }))).toThrow(/"it.2" does not follow/);
    expect(readBox(fields, new Box({ it: "a", "it.x": "", "it.": "", item: "" }))).toEqual({
      it: Uint8Array.of(0x61),
    });
  });

  test("a value of one piece is not copied", () => {
    const piece = Uint8Array.of(1, 2);
    expect(joined([piece], 2)).toBe(piece);
  });

  test("maxBytes limits a value in both directions", () => {
    const fields = { it: bigBytes({ maxBytes: 100_000 }) };
    const most = { it: new Uint8Array(100_000) };
    expectBytes(readFields(fields, writeFields(fields, most)).it, most.it);
    expect(() => writeFields(fields, { it: new Uint8Array(100_001) })).toThrow(TooLong);
    const larger = writeFields({ it: bigBytes() }, { it: new Uint8Array(100_001) });
    expect(() => readFields(fields, larger)).toThrow(
      /"it": the value is longer than its maxBytes \(100000\)/,
    );
    expect(() => bigBytes().encode(new Uint8Array(16 * 1024 * 1024 + 1))).toThrow(TooLong);
    expect(bigBytes({ maxBytes: 3 }).decode(new Uint8Array(3))).toHaveLength(3);
    expect(() => bigBytes({ maxBytes: 3 }).decode(new Uint8Array(4))).toThrow(TooLong);
  });

  test("a command cannot declare a field with the name of a piece", () => {
    expect(() => readBox({ it: bigBytes(), "it.2": integer() }, new Box({ it: "" }))).toThrow(
      InvalidSignature,
    );
  });

  test("invalid options of bigBytes() throw", () => {
    expect(() => bigBytes({ maxByte: 1 } as object)).toThrow(/^BigBytes: unknown option "maxByte"/);
    expect(() => bigBytes({ maxBytes: 0 })).toThrow(RangeError);
    // A program in JavaScript may pass any layout.
    expect(() => bigBytes({ layout: "numbered-from-1" as SplitLayout })).toThrow(/there is no layout/);
    expect(() => bigBytes({ layout: "toString" as SplitLayout })).toThrow(/there is no layout/);
  });

  test.each(["whole", "zlib", { compress: (bytes: Uint8Array) => bytes }])(
    "the compression %j, which was not made by compression(), is refused when the codec is made",
    (wrong) => {
      const compression = wrong as unknown as Compression;
      expect(() => bigBytes({ compression })).toThrow("compression must be zlib() or compression()");
    },
  );

  doesNotSend(bigBytes(), "text", /a Uint8Array is needed, not "text"/);
  bringsBack(bigBytes(), fc.uint8Array());
});

describe("bigUnicode", () => {
  test("a piece may end inside a character", () => {
    const text = `a${"三".repeat(50_000)}`;
    for (const layout of LAYOUTS) {
      const fields = { it: bigUnicode({ layout }) };
      expect(readFields(fields, writeFields(fields, { it: text }))).toEqual({ it: text });
    }
  });
  reads(bigUnicode(), "café", "café");
  refuses(bigUnicode(), Uint8Array.of(0x61, 0xff), /not UTF-8/);
  sends(bigUnicode(), "café", "café");
  doesNotSend(bigUnicode(), "\ud800", /lone surrogate/);
  doesNotSend(bigUnicode(), 1, TypeError);
  bringsBack(bigUnicode(), fc.string({ unit: "binary" }));
});
