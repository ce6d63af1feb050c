/**
 * Codecs with a fast path, compared with slow code that is easy to check: the code that they replace. Each input is the seed
 * of a thousand values.
 */
import {
  Box,
  BoxReader,
  bytes,
  dateTime,
  decimal,
  decimalText,
  encodeBox,
  float,
  integer,
  unicode,
} from "ampwire";
import { Decimal } from "decimal.js";
import * as fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { assert, hex } from "./promises.mjs";
import { pythonDecimal } from "./python-decimal.mjs";

const VALUES = 1000;
const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Random numbers from a seed (mulberry32). */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed | 0;
  }

  /** Returns a whole number from 0 to `count` - 1. */
  below(count) {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * count);
  }

  from(list) {
    return list[this.below(list.length)];
  }

  text(characters, length) {
    return Array.from({ length }, () => this.from(characters)).join("");
  }

  /** Changes, removes or adds some characters, in one of four texts. */
  damaged(text, characters) {
    let changed = text;
    for (let count = this.below(12) - 8; count > 0; count--) {
      const at = this.below(changed.length + 1);
      changed =
        changed.slice(0, at) + this.text(characters, this.below(3)) + changed.slice(at + this.below(2));
    }
    return changed;
  }
}

/** Both return a value, which is compared as text, or throw. */
function same(what, actual, expected, shown) {
  const results = [actual, expected].map((run) => {
    try {
      return shown(run());
    } catch (error) {
      assert(error instanceof Error, `${what} threw ${String(error)}`);
      return `${error.name}: ${error.message}`;
    }
  });
  assert(results[0] === results[1], `${what} is ${results[0]}, and should be ${results[1]}`);
}

const number = (value) => (Object.is(value, -0) ? "-0" : String(value));
const latin1 = (value) => Buffer.from(value).toString("latin1");

/** Python's `repr` of a float, from the text of JavaScript. */
function floatText(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude >= 1e16 || magnitude < 1e-4))
    return value.toExponential().replace(/(e[+-])(\d)$/, "$10$2");
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

const FLOAT =
  /^[\t-\r ]*([+-]?)(?:((?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?)|(inf(?:inity)?)|nan)[\t-\r ]*$/i;

function floatOf(text) {
  const match = FLOAT.exec(text);
  if (match === null) throw new SyntaxError(`not a float: ${JSON.stringify(text.slice(0, 40))}`);
  const [, sign, digits, infinity] = match;
  const magnitude = digits !== undefined ? Number(digits.replaceAll("_", "")) : infinity ? Infinity : NaN;
  return sign === "-" ? -magnitude : magnitude;
}

const bits = new DataView(new ArrayBuffer(8));

function anyDouble(random) {
  const sign = random.from([1, -1]);
  const kind = random.below(6);
  const decimals = 10 ** random.below(6);
  if (kind === 0) return sign * random.below(2 ** random.below(40));
  if (kind === 1) return (sign * random.below(2 ** 31)) / decimals;
  if (kind === 2) return (sign * random.below(10_000)) / decimals;
  if (kind === 3) return nextDouble((sign * random.below(2 ** 24)) / decimals, random.from([1, -1]));
  for (const at of [0, 4]) bits.setUint32(at, random.below(2 ** 32));
  return bits.getFloat64(0);
}

/** Returns a neighbour of the number, which has many more digits. */
function nextDouble(value, direction) {
  bits.setFloat64(0, value);
  bits.setBigInt64(0, bits.getBigInt64(0) + BigInt(direction));
  return bits.getFloat64(0);
}

function checkFloat(random) {
  const value = anyDouble(random);
  const text = floatText(value);
  const codec = float();
  assert(
    latin1(codec.encode(value)) === text,
    `${value} is written as ${latin1(codec.encode(value))}, not ${text}`,
  );
  const wire = random.damaged(text, "0123456789.eE+-_ ");
  same(
    `reading ${wire}`,
    () => codec.decode(encoder.encode(wire)),
    () => floatOf(wire),
    number,
  );
}

function checkInteger(random) {
  const value = random.from([1, -1]) * random.below(2 ** random.below(53));
  assert(latin1(integer().encode(value)) === String(value), `${value} is written wrongly`);
  assert(integer().decode(encoder.encode(String(value))) === value + 0, `${value} is read wrongly`);
}

const MICROSECONDS = 315_537_897_600_000_000n;
const YEAR_1 = -62_135_596_800_000_000n;
const two = (value) => String(value).padStart(2, "0");

function zoneOf(minutes) {
  const distance = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(distance / 60))}:${two(distance % 60)}`;
}

function anyMoment(random) {
  const far = (BigInt(random.below(2 ** 31)) * 2n ** 31n + BigInt(random.below(2 ** 31))) % MICROSECONDS;
  // Near the ends of years, half of them.
  const year = Date.UTC(2000, 0, 1) + (random.below(9999) - 1999) * 31_556_952_000;
  const near = BigInt(year) * 1000n + BigInt(random.below(400_000_000)) * 1000n - 200_000_000_000n;
  const microseconds = random.below(2) === 0 ? YEAR_1 + far : near;
  return new Temporal.ZonedDateTime(microseconds * 1000n, zoneOf(random.below(2879) - 1439));
}

/** The text from the fields of Temporal. */
function dateTimeText(value) {
  if (value.year < 1 || value.year > 9999) throw new RangeError(`the year must be from 1 to 9999: ${value}`);
  const minutes = value.offsetNanoseconds / 60_000_000_000;
  const date = `${String(value.year).padStart(4, "0")}-${two(value.month)}-${two(value.day)}`;
  const fraction = String(value.millisecond * 1000 + value.microsecond).padStart(6, "0");
  const offset = minutes === 0 ? "-00:00" : zoneOf(minutes);
  return `${date}T${two(value.hour)}:${two(value.minute)}:${two(value.second)}.${fraction}${offset}`;
}

const INTEGER = /^[\t-\r ]*[+-]?\d+(?:_\d+)*[\t-\r ]*$/;

/** The moment from the fields of Temporal; undefined for text that is not one. */
function dateTimeOf(text) {
  if (text.length !== 32) return undefined;
  const parts = [
    [0, 4],
    [5, 7],
    [8, 10],
    [11, 13],
    [14, 16],
    [17, 19],
    [20, 26],
    [27, 29],
    [30, 32],
  ];
  const texts = parts.map(([from, to]) => text.slice(from, to));
  if (!texts.every((one) => INTEGER.test(one))) return undefined;
  const [year, month, day, hour, minute, second, fraction, ofHours, ofMinutes] = texts.map((one) =>
    Number(one.replaceAll("_", "")),
  );
  const offset = ofHours * 60 + ofMinutes;
  if (year < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
    return undefined;
  if (fraction < 0 || Math.abs(offset) > 1439 || !"+-".includes(text[26])) return undefined;
  const fields = { year, month, day, hour, minute, second };
  const below = { millisecond: Math.trunc(fraction / 1000), microsecond: fraction % 1000 };
  const timeZone = zoneOf(text[26] === "+" ? offset : -offset);
  try {
    return Temporal.ZonedDateTime.from({ ...fields, ...below, timeZone }, { overflow: "reject" });
  } catch {
    return undefined;
  }
}

const moment = (value) => value && [value.epochNanoseconds, value.timeZoneId, value.calendarId].join();

function checkByDate(codec, value) {
  const offset = value.offsetNanoseconds / 60_000_000_000;
  const local = new Date(value.epochMilliseconds + offset * 60_000).toISOString();
  if (!/^\d{4}-/.test(local) || local.startsWith("0000")) return;
  const below = String(Number(((value.epochNanoseconds % 1_000_000n) + 1_000_000n) % 1_000_000n) / 1000);
  const text = `${local.slice(0, -1)}${below.padStart(3, "0")}${offset === 0 ? "-00:00" : zoneOf(offset)}`;
  const wire = codec.encode(value);
  assert(latin1(wire) === text, `${value.epochNanoseconds} is written as ${latin1(wire)}, not ${text}`);
  const read = codec.decode(wire);
  const isSame = read.epochNanoseconds === value.epochNanoseconds && read.timeZoneId === zoneOf(offset);
  if (!isSame) assert(false, `${text} is read as ${moment(read)}`);
  const date = dateTime({ as: "Date" }).decode(wire).getTime();
  if (date !== value.epochMilliseconds) assert(false, `${text} is read as a Date of ${date}`);
}

/** Seven of eight values are compared with `Date`, which is faster than Temporal, and the others with Temporal. */
function checkDateTime(random) {
  const value = anyMoment(random);
  const codec = dateTime();
  if (random.below(8) !== 0) return checkByDate(codec, value);
  let text;
  same(
    "writing a date",
    () => latin1(codec.encode(value)),
    () => {
      text = dateTimeText(value);
      return text;
    },
    String,
  );
  if (text === undefined) return;
  let wire = text;
  const at = random.below(32);
  if (random.below(3) === 0) wire = text.slice(0, at) + random.from("0123456789-+ _:") + text.slice(at + 1);
  let read;
  try {
    read = codec.decode(encoder.encode(wire));
  } catch (error) {
    assert(error instanceof RangeError, `reading ${wire} throws ${error}`);
  }
  const expected = dateTimeOf(wire);
  assert(moment(read) === moment(expected), `${wire} is read as ${moment(read)}, not ${moment(expected)}`);
}

const DIGITS = "0012345678999";

function checkDecimal(random) {
  const whole = random.text(DIGITS, random.below(1 + random.from([2, 9, 30])));
  const fraction = random.text(DIGITS, random.below(1 + random.from([2, 9, 30])));
  const exponent = random.below(5) === 0 ? `E${random.below(60) - 30}` : "";
  const plain = `${random.from(["", "", "-", "+"])}${whole}${fraction === "" ? "" : `.${fraction}`}${exponent}`;
  const wire = random.damaged(plain, "0123456789.eE+-_ naif");
  const shown = (value) => `${decimalText(value)} ${value.s} ${value.e} ${value.d}`;
  const codec = decimal();
  same(
    `reading ${wire}`,
    () => codec.decode(encoder.encode(wire)),
    () => pythonDecimal.read(wire),
    (value) =>
      value instanceof Decimal
        ? shown(value)
        : `${value.text} ${value.number.s} ${value.number.e} ${value.number.d}`,
  );
  const value = new Decimal(`${random.below(2 ** 31) - 2 ** 30}e${random.below(60) - 30}`);
  const text = pythonDecimal.ownText(value);
  assert(
    latin1(codec.encode(value)) === text,
    `${value} is written as ${latin1(codec.encode(value))}, not ${text}`,
  );
}

const CHARACTERS = [
  ..."aaaaaaaaaz\0\x7f\x80é\u07ff\u0800€三\ud7ff\ue000\ufffd\ufeff\uffff😀",
  "\ud800",
  "\udfff",
];

function checkText(random) {
  const ascii = random.below(2) === 0;
  const length = random.below(random.from([5, 20, 60, 600]));
  const value = random.text(ascii ? "abcdefgh \0\x7f" : CHARACTERS, length);
  const codec = unicode();
  const wire = encoder.encode(value);
  let written;
  try {
    written = codec.encode(value);
  } catch (error) {
    assert(
      error instanceof TypeError && /lone surrogate/.test(error.message),
      `writing ${value} throws ${error}`,
    );
  }
  const isRight = value.isWellFormed() ? written && hex(written) === hex(wire) : written === undefined;
  assert(isRight, `${JSON.stringify(value)} is written as ${written && hex(written)}`);
  for (let count = random.below(8) - 5; count > 0 && wire.length > 0; count--)
    wire[random.below(wire.length)] = random.from([0, 0x61, 0x80, 0xbf, 0xc0, 0xc3, 0xe2, 0xed, 0xf4, 0xff]);
  let expected;
  let actual;
  try {
    expected = strict.decode(wire);
  } catch {}
  try {
    actual = codec.decode(wire);
  } catch (error) {
    assert(error instanceof SyntaxError, `reading ${hex(wire)} throws ${error}`);
  }
  assert(
    actual === expected,
    `${hex(wire)} is read as ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`,
  );
}

const ANY_BYTES = Uint8Array.from({ length: 8000 }, (_, index) => (index * index + (index >> 5)) % 251);

function checkBytes(random) {
  const start = random.below(3000);
  const value = ANY_BYTES.slice(start, start + random.below(random.from([40, 40, 100, 100, 100, 5000])));
  const wire = encodeBox(new Box({ a: value.subarray(0, random.below(9)), b: value }));
  const reader = new BoxReader();
  reader.push(random.below(2) === 0 ? wire : Buffer.from(wire));
  const read = reader.next().get("b");
  if (Buffer.compare(read, value) !== 0) assert(false, `${hex(value)} is copied as ${hex(read)}`);
  assert(Object.getPrototypeOf(read) === Uint8Array.prototype, "a copy is not a plain Uint8Array");
  assert(Buffer.compare(bytes().decode(value), value) === 0, `${value.length} bytes are decoded wrongly`);
}

function primitive(name, check) {
  return {
    name: `primitives, ${name}`,
    promise: `${name}: the fast path writes and reads as the code that it replaces`,
    arbitrary: fc.integer(),
    check(seed) {
      const random = new Random(seed);
      for (let count = 0; count < VALUES; count++) check(random);
    },
    share: 0,
    runsPerMinute: 1_000_000 / VALUES,
  };
}

export const primitives = [
  primitive("floats", checkFloat),
  primitive("integers", checkInteger),
  primitive("dates", checkDateTime),
  primitive("decimals", checkDecimal),
  primitive("texts", checkText),
  primitive("bytes", checkBytes),
];
