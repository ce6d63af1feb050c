/**
 * Prints how much memory decoded boxes take for each byte of their weight, as JSON by name. Runs with `--expose-gc`, in a
 * process of its own: other objects would be counted too.
 */
import { deflateSync } from "node:zlib";
import { ampList } from "../../../src/core/arguments/amp-list.ts";
import { bigBytes } from "../../../src/core/arguments/big-bytes.ts";
import { bigInteger } from "../../../src/core/arguments/big-integer.ts";
import { bigUnicode } from "../../../src/core/arguments/big-unicode.ts";
import { boolean } from "../../../src/core/arguments/boolean.ts";
import { bytes } from "../../../src/core/arguments/bytes.ts";
import { dateTime } from "../../../src/core/arguments/date-time.ts";
import { decimal } from "../../../src/core/arguments/decimal.ts";
import { float } from "../../../src/core/arguments/float.ts";
import { integer } from "../../../src/core/arguments/integer.ts";
import { listOf } from "../../../src/core/arguments/list-of.ts";
import { optional } from "../../../src/core/arguments/optional.ts";
import { path } from "../../../src/core/arguments/path.ts";
import { unicode } from "../../../src/core/arguments/unicode.ts";
import { DEFAULT_LIMITS } from "../../../src/core/connection/limits.ts";
import type { Argument } from "../../../src/core/schema/argument.ts";
import { FieldSet } from "../../../src/core/schema/field-set.ts";
import { readFields } from "../../../src/core/schema/read-fields.ts";
import { Box } from "../../../src/core/wire/box.ts";
import { encodeBox } from "../../../src/core/wire/box-writer.ts";
import { beginElements, endElements, weightOf } from "../../../src/core/wire/elements.ts";
import { BoxReader } from "../../../src/core/wire/reader.ts";
import { compressed } from "../../../src/node/compression.ts";

declare const gc: () => void;

/** Decoded copies of each kind take about this much memory, so that other objects do not matter. */
const MEASURED_BYTES = 500_000;

const ascii = (text: string): Uint8Array => Buffer.from(text, "utf8");

/** Encodes elements as `listOf` does. */
function list(element: Uint8Array, count: number): Uint8Array {
  const one = Buffer.concat([Uint8Array.of(element.length >> 8, element.length & 0xff), element]);
  return Buffer.concat(Array.from({ length: count }, () => one));
}

/** Encodes rows as `ampList` does: `names` of each row have the same value. */
function rows(names: readonly string[], value: Uint8Array, count: number): Uint8Array {
  const row = names.length === 0 ? new Uint8Array(2) : encodeBox(new Box(names.map((name) => [name, value])));
  return Buffer.concat(Array.from({ length: count }, () => row));
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `k${index.toString(36)}`);
}

function fields(count: number, codec: Argument<unknown>): Record<string, Argument<unknown>> {
  return Object.fromEntries(names(count).map((name) => [name, codec]));
}

/** A custom codec that keeps the bytes that it is given. */
const custom: Argument<Uint8Array> = { encode: (value) => value, decode: (value) => value };

/** Codecs and values that take much memory for their bytes. */
const VALUES: readonly (readonly [name: string, codec: Argument<unknown>, values: readonly Uint8Array[]])[] =
  [
    ["integer", integer(), ["1", "2147483648", "9007199254740991"].map(ascii)],
    ["bigInteger", bigInteger(), ["1", "-18446744073709551616", "9".repeat(4300)].map(ascii)],
    ["float", float(), [".5", "1e300", "inf"].map(ascii)],
    ["boolean", boolean(), [ascii("True")]],
    [
      "unicode",
      unicode(),
      [
        "a",
        "",
        "abcdefghijklmnop",
        "é",
        "\u4e00a".repeat(9),
        `\u4e00${"a".repeat(900)}`,
        "a".repeat(600),
      ].map(ascii),
    ],
    ["path", path(), ["/a", "a", "/a/b/c/d/e/f/g", "//usr/\u4e00"].map(ascii)],
    ["bytes", bytes(), [1, 0, 31, 64, 65, 1000, 4095, 4096].map((size) => new Uint8Array(size))],
    ["custom", custom, [1, 65].map((size) => new Uint8Array(size))],
    [
      "decimal",
      decimal(),
      ["1", "-0", "1.0", "12.50", "1E5", "1.5E-30", "0E-1999999999999999997", "nan", "snan1", "-inf"]
        .concat([".5", "1E10000000000000000", `0.${"1234567".repeat(9)}0`, `0.${"9".repeat(3000)}0`])
        .concat([`${"9".repeat(3000)}E5`, `nan${"9".repeat(3000)}`])
        .map(ascii),
    ],
    [
      "dateTime",
      dateTime(),
      [ascii("2012-01-23T12:34:56.054321-01:23"), ascii("2012-01-23T12:34:56.05432 +00: 0")],
    ],
    ["empty list", listOf(integer()), [new Uint8Array(0)]],
    ["list of one", listOf(integer()), [list(ascii("1"), 1)]],
    ["list of 18", listOf(integer()), [list(ascii("1"), 18)]],
    ["nested lists", listOf(listOf(integer())), [list(new Uint8Array(0), 1), list(list(ascii("1"), 1), 1)]],
    ["empty rows", ampList({}), [new Uint8Array(0), new Uint8Array(2), rows([], ascii(""), 18)]],
  ];

/**
 * Decodes a box often, and returns the memory for each byte of weight. V8 allocates for its own purposes too, now and then,
 * so a large result is measured again.
 */
function ratio(wire: Uint8Array, decode: (reader: BoxReader) => unknown): number {
  const reader = new BoxReader({ maxBoxKeys: 100_000, maxBoxBytes: 100_000_000 });
  const decoded = (): unknown => {
    reader.push(wire);
    return decode(reader);
  };
  beginElements(Infinity);
  decoded();
  const elements = endElements();
  const { keys } = keysOf(wire);
  const weight = weightOf(wire.length, keys, elements);
  const count = Math.max(8, Math.ceil(MEASURED_BYTES / weight));
  for (let warmup = 0; warmup < 10; warmup++) decoded();
  let least = bytesOf(decoded, count);
  for (let again = 0; again < 3 && least > 1.9 * weight; again++)
    least = Math.min(least, bytesOf(decoded, count));
  return least / weight;
}

/** Returns the memory of one result. */
function bytesOf(decoded: () => unknown, count: number): number {
  const kept = new Array(count).fill(undefined);
  const before = usedBytes();
  for (let index = 0; index < count; index++) kept[index] = decoded();
  const used = usedBytes() - before;
  if (kept.length !== count) throw new Error("the values must be kept until they are measured");
  return used / count;
}

function keysOf(wire: Uint8Array): { keys: number } {
  const reader = new BoxReader({ maxBoxKeys: 100_000, maxBoxBytes: 100_000_000 });
  reader.push(wire);
  return { keys: reader.nextFrame()?.count ?? 0 };
}

function usedBytes(): number {
  for (let round = 0; round < 2; round++) gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** One argument of this codec. */
function argument(codec: Argument<unknown>, value: Uint8Array): number {
  return arguments_(fields(1, codec), new Box([["k0", value]]));
}

function arguments_(declared: Record<string, Argument<unknown>>, box: Box): number {
  const set = new FieldSet(declared, "field");
  return ratio(encodeBox(box), (reader) => readFields(set, reader.nextFrame() ?? missing()));
}

function missing(): never {
  throw new Error("the box is incomplete");
}

const results: Record<string, number> = {};
for (const [name, codec, values] of VALUES) {
  for (const value of values) {
    const of = `${name} of ${value.length} bytes`;
    const many = Math.max(1, Math.min(200, Math.floor(60_000 / (value.length + 8))));
    results[`${of}, as 17 arguments`] = arguments_(
      fields(17, codec),
      new Box(names(17).map((key) => [key, value])),
    );
    results[`${of}, in a list`] = argument(listOf(codec), list(value, many));
    if (value.length > 1000) continue;
    results[`${of}, in rows`] = argument(ampList(fields(3, codec)), rows(names(3), value, many >> 2));
    if (value !== values[0]) continue;
    results[`${of}, as the only argument`] = argument(codec, value);
    results[`${of}, in lists of one`] = argument(listOf(listOf(codec)), list(list(value, 1), many >> 1));
  }
}
for (const count of [1, 2, 5, 17, 1000]) {
  for (const size of [0, 1, 65]) {
    const box = new Box(names(count).map((key) => [key, new Uint8Array(size)]));
    results[`a box of ${count} keys with ${size} bytes`] = ratio(encodeBox(box), (reader) => reader.next());
  }
}
const long = new Box(
  Array.from({ length: 200 }, (_, index) => [`${index}`.padEnd(255, "\udcff"), new Uint8Array(1)]),
);
results["a box of long keys"] = ratio(encodeBox(long), (reader) => reader.next());
for (const pieces of [1, 3]) {
  const box = new Box(
    Array.from({ length: pieces }, (_, index) => [
      index === 0 ? "k0" : `k0.${index + 1}`,
      new Uint8Array(20_000),
    ]),
  );
  results[`bigBytes in ${pieces} pieces`] = arguments_(fields(1, bigBytes()), box);
  results[`bigUnicode in ${pieces} pieces`] = arguments_(fields(1, bigUnicode()), box);
}
const wide = new Box([["k0", deflateSync(Buffer.from(`\u4e00${"a".repeat(400_000)}`))]]);
results["compressed text of two bytes a character"] = arguments_(fields(1, compressed(unicode())), wide);
results["optional arguments"] = arguments_(fields(50, optional(integer())), new Box([["k0", "1"]]));

/** The largest memory that one box may cost with the default limits. */
function hostileMegabytes(): number {
  const perValue = Math.floor(DEFAULT_LIMITS.maxElements / 17) - 1;
  const value = list(Uint8Array.of(1), perValue);
  const box = new Box(names(17).map((key) => [key, value]));
  const set = new FieldSet(fields(17, listOf(bytes())), "field");
  const reader = new BoxReader();
  reader.push(encodeBox(box));
  const before = usedBytes();
  beginElements(DEFAULT_LIMITS.maxElements);
  const values = readFields(set, reader.nextFrame() ?? missing());
  const elements = endElements();
  const used = usedBytes() - before;
  if (Object.keys(values).length !== 17 || elements < 65_000) throw new Error("the box has too few elements");
  return used / 1e6;
}

console.log(JSON.stringify({ ratios: results, megabytes: hostileMegabytes() }));
