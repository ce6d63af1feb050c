/** Values of every argument type, and bytes that resemble them, generated from a seed: each run generates the same. */
import {
  type Argument,
  ampList,
  bigInteger,
  boolean,
  bytes,
  dateTime,
  decimal,
  float,
  listOf,
  optional,
  path,
  unicode,
} from "ampwire";
import * as fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { exactDecimal } from "../../src/core/arguments/python-decimal.ts";

/** A type with its name in `test/interop/twisted/argument_types.py`, and values of it. */
export interface GeneratedType {
  readonly name: string;
  /** The command that echoes such values, by the name of its class in `test/interop/twisted/commands.py`. */
  readonly echo: string;
  readonly codec: Argument<unknown>;
  readonly values: fc.Arbitrary<unknown>;
  /** Characters that occur in its encoding, and some that do not. */
  readonly alphabet: string;
}

const integers = fc.oneof(
  fc.bigInt({ min: -1000n, max: 1000n }),
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
  fc.bigInt({ min: -(10n ** 300n), max: 10n ** 300n }),
);

const texts = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), fc.string());

const floats = fc.oneof(
  fc.double(),
  fc.integer().map(Number),
  // Short decimals around the powers of ten at which the notation changes.
  fc
    .tuple(fc.integer({ min: -9999, max: 9999 }), fc.integer({ min: -25, max: 25 }))
    .map(([d, e]) => Number(`${d}e${e}`)),
  fc.double({ min: 1e15, max: 1e17 }),
  fc.double({ min: -1e-3, max: 1e-3 }),
);

const digits = fc
  .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 })
  .map((all) => all.join(""));
const sign = fc.constantFrom("", "-");

const decimals = fc
  .oneof(
    fc.tuple(sign, digits, fc.integer({ min: -60, max: 60 })).map(([s, d, e]) => `${s}${d}E${e}`),
    fc.tuple(sign, digits, digits).map(([s, whole, part]) => `${s}${whole}.${part}`),
    fc
      .tuple(sign, fc.constantFrom("Infinity", "NaN", "sNaN", "NaN7", "0E-20", "0.00", "0E+9"))
      .map((p) => p.join("")),
    fc
      .tuple(sign, digits, fc.integer({ min: -(10 ** 15), max: 10 ** 15 }))
      .map(([s, d, e]) => `${s}${d}E${e}`),
  )
  .map(exactDecimal);

const dateTimes = fc
  .record({
    year: fc.oneof(fc.integer({ min: 1, max: 9999 }), fc.constantFrom(1, 1582, 1900, 2000, 2024, 9999)),
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 31 }),
    hour: fc.integer({ min: 0, max: 23 }),
    minute: fc.integer({ min: 0, max: 59 }),
    second: fc.integer({ min: 0, max: 59 }),
    millisecond: fc.integer({ min: 0, max: 999 }),
    microsecond: fc.integer({ min: 0, max: 999 }),
    offset: fc.oneof(fc.constant(0), fc.integer({ min: -1439, max: 1439 })),
  })
  .map(({ offset, ...fields }) => {
    const minutes = String(Math.abs(offset) % 60).padStart(2, "0");
    const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, "0");
    return Temporal.ZonedDateTime.from({
      ...fields,
      timeZone: `${offset < 0 ? "-" : "+"}${hours}:${minutes}`,
    });
  })
  // Python's dates have no year 0 or 10000 in UTC, which the first and the last day would need in some time zones.
  .filter((value) => value.year >= 1 && value.year <= 9999);

const paths = fc
  .array(fc.oneof(fc.constantFrom("", ".", "..", "a", "é", " "), fc.string({ unit: "grapheme" })), {
    maxLength: 6,
  })
  .map((parts) => `/${parts.join("/")}`)
  .filter((one) => !one.includes("\0"));

const rows = fc.array(
  fc.record({ id: integers, name: texts, score: floats }, { requiredKeys: ["id", "name"] }),
  { maxLength: 5 },
);

/** Erases the type of a codec. The codec gets only the values that are generated with it. */
function generated<T>(
  [name, echo]: readonly [string, string],
  codec: Argument<T>,
  values: fc.Arbitrary<T>,
  alphabet: string,
): GeneratedType {
  return { name, echo, codec: codec as Argument<unknown>, values, alphabet };
}

const NUMBERS = "0123456789+-_. eE\t\n\0x٣";

export const GENERATED: readonly GeneratedType[] = [
  generated(["integer", "EchoInteger"], bigInteger(), integers, NUMBERS),
  generated(["bytes", "EchoString"], bytes(), fc.uint8Array({ maxLength: 300 }), "a\0ÿ"),
  generated(["unicode", "EchoUnicode"], unicode(), texts, "a\0é😀\ufeff"),
  generated(["boolean", "EchoBoolean"], boolean(), fc.boolean(), "TrueFals01 "),
  generated(["float", "EchoFloat"], float(), floats, `${NUMBERS}infatyINFATY`),
  generated(["decimal", "EchoDecimal"], decimal(), decimals, `${NUMBERS}sSnNaAiIfFtTyY`),
  generated(["dateTime", "EchoDateTime"], dateTime(), dateTimes, "0123456789-T:.+ _é"),
  generated(["path", "EchoPath"], path(), paths, "/.a"),
  generated(
    ["listOf(integer)", "EchoListOfInteger"],
    listOf(bigInteger()),
    fc.array(integers, { maxLength: 8 }),
    "\0\u0001\u00020",
  ),
  generated(
    ["listOf(listOf(unicode))", "EchoListOfListOfUnicode"],
    listOf(listOf(unicode())),
    fc.array(fc.array(texts, { maxLength: 4 }), { maxLength: 4 }),
    "\0\u0001\u0002\u0003a",
  ),
  generated(
    ["ampList(id: integer, name: unicode, score?: float)", "EchoAmpList"],
    ampList({ id: bigInteger(), name: unicode(), score: optional(float()) }),
    rows,
    "\0\u0001\u0002id0name",
  ),
];

/** Another seed generates other values. AMPWIRE_GENERATED sets their number. */
const SEED = Number(process.env.AMPWIRE_SEED ?? 20_120_123);
/** Number of values of each type. */
export const COUNT = Number(process.env.AMPWIRE_GENERATED ?? 2000);

export function sample<T>(values: fc.Arbitrary<T>, count = COUNT): T[] {
  return fc.sample(values, { seed: SEED, numRuns: count });
}

/** Returns bytes that resemble a value: an encoding with a few changed bytes, or random characters of the right kind. */
export function nearly({ codec, values, alphabet }: GeneratedType): fc.Arbitrary<Uint8Array> {
  const characters = [...alphabet];
  const soup = fc
    .array(fc.constantFrom(...characters), { maxLength: 12 })
    .map((text) => Uint8Array.from(Buffer.from(text.join(""))));
  const changes = fc.array(
    fc.record({
      kind: fc.constantFrom("insert", "replace", "delete", "cut"),
      at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      byte: fc.oneof(fc.constantFrom(...Buffer.from(alphabet)), fc.integer({ min: 0, max: 255 })),
    }),
    { minLength: 1, maxLength: 3 },
  );
  const changed = fc.tuple(values, changes).map(([value, all]) => {
    const wire = [...codec.encode(value)];
    for (const { kind, at, byte } of all) {
      const index = Math.floor(at * (wire.length + 1));
      if (kind === "cut") wire.length = Math.min(wire.length, index);
      else if (kind === "insert") wire.splice(index, 0, byte);
      else if (kind === "delete") wire.splice(index, 1);
      else wire.splice(index, 1, byte);
    }
    return Uint8Array.from(wire);
  });
  return fc.oneof(soup, changed);
}
