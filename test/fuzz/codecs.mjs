/** Properties of every codec: it decodes what it encodes, encodes what it decodes, and throws only Errors. */
import {
  ampList,
  Box,
  bigBytes,
  bigInteger,
  bigUnicode,
  boolean,
  bytes,
  command,
  dateTime,
  decimal,
  decimalText,
  exactDecimal,
  float,
  integer,
  listOf,
  optional,
  path,
  unicode,
} from "ampwire";
import { Decimal } from "decimal.js";
import * as fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { assert, hex } from "./promises.mjs";

const integers = fc.oneof(
  fc.bigInt({ min: -1000n, max: 1000n }),
  fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
);
const texts = fc.oneof(fc.string({ unit: "binary" }), fc.string());
const floats = fc.oneof(fc.double(), fc.integer().map(Number), fc.double({ min: 1e15, max: 1e17 }));
const digits = fc.stringMatching(/^[0-9]{1,30}$/);
const decimals = fc
  .oneof(
    fc.tuple(digits, fc.integer({ min: -400, max: 400 })).map(([d, e]) => `${d}E${e}`),
    fc.tuple(digits, digits).map(([whole, part]) => `-${whole}.${part}`),
    fc.constantFrom("Infinity", "NaN", "sNaN", "-NaN7", "0E-20", "-0.00", "1E+1000000000"),
  )
  .map(exactDecimal);
const dateTimes = fc
  .tuple(
    fc.bigInt({ min: -62135510400000000n, max: 253402214400000000n }),
    fc.oneof(fc.constant(0), fc.integer({ min: -1439, max: 1439 })),
  )
  .map(([micro, offset]) => {
    const minutes = String(Math.abs(offset) % 60).padStart(2, "0");
    const hours = String(Math.trunc(Math.abs(offset) / 60)).padStart(2, "0");
    return new Temporal.ZonedDateTime(micro * 1000n, `${offset < 0 ? "-" : "+"}${hours}:${minutes}`);
  })
  .filter(({ year }) => year >= 1 && year <= 9999);
const paths = fc
  .array(fc.oneof(fc.constantFrom("", ".", "..", "é"), fc.string()), { maxLength: 5 })
  .map((p) => `/${p.join("/")}`);
const rows = fc.array(
  fc.record({ id: integers, name: texts, score: floats }, { requiredKeys: ["id", "name"] }),
  { maxLength: 4 },
);

const NUMBER = "0123456789+-_. eE\t\nx";

const PATH = path();
const NUMBERED_FROM_0 = bigUnicode({ layout: "numbered-from-0" });

/** @param name the type's name in `test/interop/twisted/argument_types.py`, or undefined if Twisted has no such type */
function type(name, codec, values, alphabet) {
  return { name, codec, values, alphabet };
}

export const TYPES = [
  type("integer", bigInteger(), integers, NUMBER),
  type("bytes", bytes(), fc.uint8Array({ maxLength: 200 }), "a\0ÿ"),
  type("unicode", unicode(), texts, "a\0é😀\ufeff"),
  type("boolean", boolean(), fc.boolean(), "TrueFals01 "),
  type("float", float(), floats, `${NUMBER}infatyNT`),
  type("decimal", decimal(), decimals, `${NUMBER}sSnNaIify`),
  type("dateTime", dateTime(), dateTimes, "0123456789-T:.+ _é"),
  type("path", PATH, paths, "/.a"),
  type("listOf(integer)", listOf(bigInteger()), fc.array(integers, { maxLength: 6 }), "\0\u0001\u00020"),
  type(
    "listOf(listOf(unicode))",
    listOf(listOf(unicode())),
    fc.array(fc.array(texts, { maxLength: 3 }), { maxLength: 3 }),
    "\0\u0001\u0002\u0003a",
  ),
  type(
    "ampList(id: integer, name: unicode, score?: float)",
    ampList({ id: bigInteger(), name: unicode(), score: optional(float()) }),
    rows,
    "\0\u0001\u0002id0name",
  ),
];

const OURS = [
  type(
    undefined,
    integer(),
    fc.maxSafeInteger().map((n) => n + 0),
    NUMBER,
  ),
  type(undefined, bigBytes({ maxBytes: 500 }), fc.uint8Array({ maxLength: 500 }), "a"),
  type(undefined, NUMBERED_FROM_0, texts, "aé"),
  type(undefined, listOf(decimal()), fc.array(decimals, { maxLength: 4 }), "\0\u00011E"),
  type(undefined, listOf(dateTime()), fc.array(dateTimes, { maxLength: 2 }), "\0\u00200-"),
  type(
    undefined,
    ampList({ when: dateTime(), on: optional(boolean()), many: listOf(float()) }),
    fc.array(
      fc.record({
        when: dateTimes,
        on: fc.option(fc.boolean(), { nil: undefined }),
        many: fc.array(floats, { maxLength: 3 }),
      }),
      { maxLength: 2 },
    ),
    "\0\u0004when",
  ),
];

const ALL = [...TYPES, ...OURS];
const COMMANDS = ALL.map(({ codec }) => command("Echo", { arguments: { it: codec } }));

/** Error for a value that can be received and not sent: a path relative to a folder that only the peer knows. */
const NOT_SENT_ON = /an absolute path is needed/;

/** Returns a value as text for comparisons. The text distinguishes `-0`, `NaN` and the digits of a decimal. */
export function plain(value) {
  if (value instanceof Uint8Array) return hex(value);
  if (Decimal.isDecimal(value)) return decimalText(value);
  if (value instanceof Temporal.ZonedDateTime) return value.toString();
  if (Array.isArray(value)) return `[${value.map(plain)}]`;
  if (typeof value === "object")
    return `{${Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .sort()
      .map((key) => `${key}:${plain(value[key])}`)}}`;
  if (Object.is(value, -0)) return "-0";
  return `${typeof value} ${String(value)}`;
}

function attempt(action) {
  try {
    return { value: action() };
  } catch (error) {
    assert(error instanceof Error, `threw ${String(error)}, which is not an Error`);
    return { error };
  }
}

/** Checks an input: its first byte selects the codec, and the others are the bytes to decode. */
function checkBytes(input) {
  if (input.length === 0) return;
  const index = input[0] % ALL.length;
  const { codec } = ALL[index];
  const wire = input.slice(1);
  const decoded = attempt(() => codec.decode(wire.slice()));
  sameInBox(index, wire, decoded);
  if (decoded.error !== undefined) return;
  const encoded = attempt(() => codec.encode(decoded.value));
  if (encoded.error !== undefined) {
    assert(
      NOT_SENT_ON.test(encoded.error.message),
      `${plain(decoded.value)} was decoded and cannot be encoded: ${encoded.error}`,
    );
    return;
  }
  const again = codec.decode(encoded.value.slice());
  assert(
    plain(again) === plain(decoded.value) || codec === PATH, // normalised when it is encoded
    `${plain(decoded.value)} is encoded and decoded as ${plain(again)}`,
  );
  assert(hex(codec.encode(again)) === hex(encoded.value), `${hex(encoded.value)} is not canonical`);
}

/** Checks that the bytes have the same result in a box: the same value, or an error. */
function sameInBox(index, wire, decoded) {
  const key = ALL[index].codec === NUMBERED_FROM_0 ? "it.0" : "it";
  const boxed = attempt(() => COMMANDS[index].parseArguments(new Box([[key, wire.slice()]])));
  assert(
    (boxed.error === undefined) === (decoded.error === undefined),
    `alone ${decoded.error}, in a box ${boxed.error}`,
  );
  if (boxed.error === undefined)
    assert(plain(boxed.value.it) === plain(decoded.value), "the value in a box differs");
}

function checkValue([index, value]) {
  const { codec } = ALL[index];
  const wire = codec.encode(value);
  const back = codec.decode(wire.slice());
  // A path is normalised when it is encoded.
  if (codec !== PATH)
    assert(plain(back) === plain(value), `${plain(value)} is encoded and decoded as ${plain(back)}`);
  assert(hex(codec.encode(back)) === hex(wire), `${hex(wire)} is not canonical`);
  const box = COMMANDS[index].makeArguments({ it: value });
  assert(
    plain(COMMANDS[index].parseArguments(box).it) === plain(back),
    `${plain(value)} is another value in a box`,
  );
}

/** Returns inputs that are almost a value of the type. */
export function nearly({ codec, values, alphabet }) {
  const soup = fc
    .array(fc.constantFrom(...alphabet), { maxLength: 12 })
    .map((text) => Buffer.from(text.join("")));
  const change = fc.tuple(
    fc.nat(),
    fc.nat(2),
    fc.oneof(fc.constantFrom(...Buffer.from(alphabet)), fc.nat(255)),
  );
  const changed = fc.tuple(values, fc.array(change, { maxLength: 3 })).map(([value, changes]) => {
    const wire = [...codec.encode(value)];
    for (const [at, kind, byte] of changes)
      wire.splice(at % (wire.length + 1), [1, 0, 1][kind], ...[[byte], [byte], []][kind]);
    return Uint8Array.from(wire);
  });
  return fc.oneof(soup, changed);
}

export const codecs = [
  {
    name: "codecs",
    promise:
      "a codec rejects bytes with an Error, or decodes a value that it encodes canonically and decodes again",
    arbitrary: fc
      .nat(ALL.length - 1)
      .chain((index) => nearly(ALL[index]).map((wire) => Uint8Array.from([index, ...wire]))),
    check: checkBytes,
    bytes: true,
    share: 1.5,
  },
  {
    name: "codecs, values",
    promise: "a codec decodes an encoded value to the same value",
    arbitrary: fc.oneof(...ALL.map(({ values }, index) => fc.tuple(fc.constant(index), values))),
    check: checkValue,
    share: 1,
  },
];
