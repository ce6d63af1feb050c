import { describe, expect, test } from "vitest";
import { ampList } from "../../../src/core/arguments/amp-list.ts";
import { big } from "../../../src/core/arguments/big.ts";
import { bigBytes } from "../../../src/core/arguments/big-bytes.ts";
import { bytes } from "../../../src/core/arguments/bytes.ts";
import { type Compressor, compression } from "../../../src/core/arguments/compression.ts";
import { integer } from "../../../src/core/arguments/integer.ts";
import { json } from "../../../src/core/arguments/json.ts";
import { listOf } from "../../../src/core/arguments/list-of.ts";
import { optional } from "../../../src/core/arguments/optional.ts";
import type { SplitLayout } from "../../../src/core/arguments/split-value.ts";
import { unicode } from "../../../src/core/arguments/unicode.ts";
import { LimitExceeded, TooLong } from "../../../src/core/errors/caller.ts";
import type { Fields } from "../../../src/core/schema/argument.ts";
import { beginElements, endElements } from "../../../src/core/wire/elements.ts";
import { parseBoxes } from "../../../src/core/wire/reader.ts";
import { doesNotSend, reads, refuses, sends } from "../../contracts/codec.ts";
import { readFields, writeFields } from "./fields.ts";

const LAYOUTS: readonly SplitLayout[] = ["numbered-from-2", "numbered-from-0"];

/** Returns the values of a box by key. */
function boxOf(fields: Fields, values: Readonly<Record<string, unknown>>): ReadonlyMap<string, Uint8Array> {
  const [box] = parseBoxes(writeFields(fields, values));
  return box ?? new Map();
}

function marked(mark: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat([Uint8Array.of(mark), ...parts]));
}

/** A compressor that sends half of an even number of equal bytes. Other bytes grow by one. */
function halving(of: Compressor["of"]): Compressor {
  return {
    of,
    compress: (plain) =>
      plain.every((byte) => byte === plain[0]) && plain.length % 2 === 0
        ? marked(1, plain.subarray(plain.length / 2))
        : marked(0, plain),
    decompress(packed, maxBytes) {
      const rest = packed.subarray(1);
      if (packed[0] !== 1) return rest;
      if (rest.length * 2 > maxBytes) throw new RangeError("over the limit");
      return marked(rest[0] ?? 0, rest, rest).subarray(1);
    },
  };
}

describe("big", () => {
  const rows = Array.from({ length: 6000 }, (_, id) => ({ id, name: `row ${id}` }));
  const row = { id: integer(), name: unicode() };

  for (const layout of LAYOUTS) {
    test(`rows, a list, JSON and a custom codec are split and joined, ${layout}`, () => {
      const custom = {
        encode: (value: number) => new Uint8Array(value).fill(5),
        decode: (wire: Uint8Array) => wire.length,
      };
      const fields = {
        rows: big(ampList(row), { layout }),
        list: big(listOf(unicode()), { layout }),
        json: big(json(), { layout }),
        custom: big(custom, { layout }),
      };
      const values = {
        rows,
        list: rows.map(({ name }) => name),
        json: { rows },
        custom: 200_000,
      };
      expect(readFields(fields, writeFields(fields, values))).toEqual(values);
      const box = boxOf(fields, values);
      const [first, second] =
        layout === "numbered-from-2" ? ["custom", "custom.2"] : ["custom.0", "custom.1"];
      expect([box.get(first)?.length, box.get(second)?.length]).toEqual([65535, 65535]);
    });
  }

  test("rows with a value of several keys keep it in the bytes of the row", () => {
    const fields = { rows: big(ampList({ id: integer(), data: bigBytes() })) };
    const values = { rows: [{ id: 1, data: new Uint8Array(100_000).fill(3) }] };
    expect(readFields(fields, writeFields(fields, values))).toEqual(values);
    expect([...boxOf(fields, values).keys()]).toEqual(["rows", "rows.2"]);
  });

  test("the message of a codec's error names the argument and the row", () => {
    expect(() =>
      writeFields({ rows: big(ampList(row)) }, { rows: [{ id: 1, name: "a" }, { id: 2 }] }),
    ).toThrow(/"rows": element 1: field: "name" is missing/);
  });

  reads(big(integer()), "31", 31);
  sends(big(integer()), 31, "31");
  refuses(big(integer()), "x");
  doesNotSend(big(json(), { maxBytes: 10 }), "a longer text", TooLong);
  doesNotSend(big(integer()), "31", TypeError);

  test("big() rejects optional codecs, and options that do not exist", () => {
    expect(() => big(optional(integer()))).toThrow(/write optional\(big\(codec\)\)/);
    expect(() => big(integer(), { maxByte: 3 } as object)).toThrow(/^big: unknown option "maxByte"/);
  });
});

describe("compression", () => {
  const equal = new Uint8Array(200_000).fill(7);
  const mixed = Uint8Array.from({ length: 200_001 }, (_, index) => index % 251);

  for (const layout of LAYOUTS) {
    for (const of of ["whole", "pieces"] as const) {
      test(`values of every length are equal after compression of the ${of}, ${layout}`, () => {
        const fields = { it: big(bytes(), { layout, compression: compression(halving(of)) }) };
        for (const it of [new Uint8Array(), Uint8Array.of(1), equal, mixed])
          expect(Buffer.compare(readFields(fields, writeFields(fields, { it })).it as Buffer, it)).toBe(0);
      });
    }
  }

  test("the whole is compressed before it is split, and pieces after", () => {
    const sizes = (of: Compressor["of"]) =>
      [...boxOf({ it: bigBytes({ compression: compression(halving(of)) }) }, { it: equal }).values()].map(
        ({ length }) => length,
      );
    expect(sizes(undefined)).toEqual([65535, 100_001 - 65535]);
    // 65535 is odd, so the first three pieces would grow to 65536 bytes: they get 1024 bytes less.
    expect(sizes("pieces")).toEqual([64_512, 64_512, 64_512, 6468]);
  });

  test("pieces that do not grow have 65535 bytes, and each is decompressed with the rest of maxBytes", () => {
    const limits: number[] = [];
    const plain = compression({
      of: "pieces",
      compress: (bytes) => bytes,
      decompress(bytes, maxBytes) {
        limits.push(maxBytes);
        return bytes;
      },
    });
    const fields = { it: bigBytes({ compression: plain, maxBytes: 200_000 }) };
    const wire = writeFields(fields, { it: new Uint8Array(2 * 65_535) });
    const [box] = parseBoxes(wire);
    expect([...(box ?? [])].map(([key, { length }]) => [key, length])).toEqual([
      ["it", 65_535],
      ["it.2", 65_535],
    ]);
    expect(readFields(fields, wire).it).toHaveLength(2 * 65_535);
    expect(limits).toEqual([200_000, 200_000 - 65_535]);
  });

  test("an empty value is compressed if the layout has a piece for it", () => {
    const keys = (layout: SplitLayout, of: Compressor["of"]) => [
      ...boxOf({ it: bigBytes({ layout, compression: compression(halving(of)) }) }, { it: new Uint8Array() }),
    ];
    expect(keys("numbered-from-2", "pieces")).toEqual([["it", Uint8Array.of(1)]]);
    expect(keys("numbered-from-2", "whole")).toEqual([["it", Uint8Array.of(1)]]);
    expect(keys("numbered-from-0", "pieces")).toEqual([]);
  });

  test("maxBytes limits the decompressed bytes of all pieces together", () => {
    for (const of of ["whole", "pieces"] as const) {
      const compress = compression(halving(of));
      const wire = writeFields({ it: bigBytes({ compression: compress }) }, { it: equal });
      const read = (maxBytes: number) =>
        readFields({ it: bigBytes({ maxBytes, compression: compress }) }, wire).it as Uint8Array;
      expect(read(200_000)).toHaveLength(200_000);
      expect(() => read(199_999)).toThrow(/over the limit|longer than its maxBytes \(\d+\)/);
    }
  });

  test("a compressor that ignores its limit is checked", () => {
    const careless = compression({ compress: (plain) => plain, decompress: () => new Uint8Array(1000) });
    const decoding = (maxBytes: number) => () =>
      bigBytes({ maxBytes, compression: careless }).decode(new Uint8Array());
    expect(decoding(1000)()).toHaveLength(1000);
    expect(decoding(999)).toThrow(TooLong);
  });

  test("decompressions and decompressed bytes count against maxElements", () => {
    const codec = listOf(big(bytes(), { compression: compression(halving("whole")) }));
    const decode = (values: Uint8Array[], maxElements: number) => {
      const wire = codec.encode(values);
      beginElements(maxElements);
      try {
        return codec.decode(wire);
      } finally {
        endElements();
      }
    };
    const large = [new Uint8Array(64_000), new Uint8Array(64_000)];
    expect(decode(large, 1200)).toHaveLength(2);
    expect(() => decode(large, 1100)).toThrow(/maxElements/);
    const many = Array.from({ length: 1000 }, () => new Uint8Array());
    expect(decode(many, 10_000)).toHaveLength(1000);
    expect(() => decode(many, 5000)).toThrow(/maxElements/);
  });

  test("compression() rejects a value without the two functions", () => {
    const { compress, decompress } = halving("whole");
    // Programs in JavaScript may pass anything.
    for (const value of [undefined, null, "zlib", {}, { compress }, { decompress }])
      expect(() => compression(value as unknown as Compressor)).toThrow(
        "compression: an object with the functions compress and decompress is needed",
      );
  });

  test.each<[string, unknown]>([
    ["a text", "abc"],
    ["an ArrayBuffer", new ArrayBuffer(3)],
    ["a promise", Promise.resolve(new Uint8Array())],
    ["nothing", undefined],
  ])("%s is refused as the result of a compressor", (_, result) => {
    const odd = () => result as Uint8Array; // a program in JavaScript may return any value
    for (const of of ["whole", "pieces"] as const) {
      const compressing = {
        it: big(bytes(), { compression: compression({ of, compress: odd, decompress: odd }) }),
      };
      expect(() => writeFields(compressing, { it: equal })).toThrow(
        /the result of compress\(\) must be a Uint8Array/,
      );
      expect(() =>
        readFields(compressing, writeFields({ it: bytes() }, { it: equal.subarray(0, 9) })),
      ).toThrow(/the result of decompress\(\) must be a Uint8Array/);
      expect(() => compressing.it.encode(equal)).toThrow(/compress\(\)/);
      expect(() => compressing.it.decode(equal)).toThrow(/decompress\(\)/);
    }
  });

  test("compression() rejects another unit", () => {
    expect(() => compression({ ...halving("whole"), of: "piece" as "pieces" })).toThrow(
      /must be "whole" or "pieces"/,
    );
  });
});

test("an error of the limit on elements is a LimitExceeded", () => {
  const codec = big(bytes(), { compression: compression(halving("whole")) });
  beginElements(1);
  try {
    expect(() => codec.decode(Uint8Array.of(1))).toThrow(LimitExceeded);
  } finally {
    endElements();
  }
});
