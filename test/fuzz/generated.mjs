/**
 * Generated code, compared with the loops: the same bytes, values, elements and errors for random commands, values and boxes.
 * Each input is the seed of some commands, each with some hundred boxes.
 */
import {
  ampList,
  bigInteger,
  bigUnicode,
  boolean,
  bytes,
  command,
  enumeration,
  float,
  integer,
  listOf,
  literal,
  local,
  nullable,
  optional,
  unicode,
} from "ampwire";
import * as fc from "fast-check";
import { internal } from "./internal.mjs";
import { Random } from "./primitives.mjs";
import { assert, hex } from "./promises.mjs";

const { BoxReader } = await internal("core/wire/reader");
const { ByteWriter, LENT_BYTES } = await internal("core/wire/byte-writer");
const { beginElements, endElements } = await internal("core/wire/elements");
const { CodeGenerator, NodeFastPaths } = await internal("node/fast-paths");

/** Code is generated for every kind of box as soon as one was seen. */
const generator = new CodeGenerator(2, Number.POSITIVE_INFINITY);
const GENERATING = new NodeFastPaths(generator);

const COMMANDS = 4;
const ROUNDS = 20;
const CHANGES = 8;

/** Names of fields that would break out of a literal, or that objects or the generated code use themselves. */
const NAMES = [
  ..."aAbzZ_0 19\"'`\\\n\r\t/*",
  ..."\0\x7f\x80\xa0\xff\u2028\u2029\ufeff\ufffd",
  ...["id", "name", "values", "value0", "bytes", "view", "frame", "out", "tag", "end", "result", "scope"],
  ...[
    "__proto__x",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
    "__defineGetter__",
    "then",
    "length",
  ],
  ...[
    "\\u2028",
    "$\u007b1}",
    "`$\u007b1}`",
    '"];throw 1;//',
    "'];throw 1;//",
    "});throw 1;//",
    "*/throw 1;/*",
    "</script>",
  ],
  ...[
    "\r\n",
    "//",
    "/*",
    "é",
    "日本",
    "😀",
    "\udc80",
    "\udcff",
    "ＡＢ",
    "_ask.",
    "_asj",
    "_answes",
    "_commanD",
  ],
  ...["k".repeat(3), "k".repeat(4), "k".repeat(5), "k".repeat(6), "k".repeat(255), "longer name of a field"],
];

const TEXTS = [
  ...[
    "",
    "x",
    "row 17",
    "sixteen letters!",
    "thirty characters of plain text",
    "Grüße",
    "日本語",
    "😀",
    "\ufffd",
  ],
  ...["\ud800", "x\udc00y", "a".repeat(48), "a".repeat(49), "ü".repeat(48), "日".repeat(48), "日".repeat(49)],
  ...["\0", "\u2028", "x".repeat(600), "😀".repeat(24), "high", "low", "True"],
];
const NUMBERS = [
  ...[
    0,
    1,
    7,
    9,
    10,
    99,
    100,
    4711,
    65535,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53,
    -1,
    -0,
    -4711,
  ],
  ...[
    0.1,
    19.75,
    0.001,
    1e-3 / 3,
    0.0005,
    1234567.125,
    2147483,
    2147482.999,
    1e16,
    1e-5,
    1e21,
    -0.5,
    321.28,
    5e-324,
  ],
  ...[
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.MAX_VALUE,
    Number.MIN_SAFE_INTEGER,
  ],
];
/** Values of the wrong type. */
const WRONG = [
  ...[undefined, null, "text", "5", "", 1.5, -1, NaN, 5n, true, Symbol("s"), [], [undefined], {}, () => 1],
  ...[
    new Date(0),
    new String("x"),
    new Number(5),
    { valueOf: () => 5 },
    new Uint8Array(3),
    new Uint16Array(2),
  ],
];

/** A codec of a program: it may throw anything, and counts its calls. */
function programCodec(state) {
  return {
    encode(value) {
      state.encoded++;
      if (value === "throws") throw state.thrown;
      return value === "nothing" ? undefined : new TextEncoder().encode(`${typeof value}`);
    },
    decode(given) {
      state.decoded++;
      if (given.length % 3 === 2) throw state.thrown;
      return given.length % 3 === 1 ? undefined : hex(given);
    },
  };
}

/** A type of fields: its codec, and a function that returns a value of it. */
function typeOf(random, depth, state) {
  const kind = random.below(depth > 0 ? 21 : 17);
  if (kind < 5) return [integer(), () => random.from(NUMBERS)];
  if (kind < 7) return [float(), () => random.from(NUMBERS)];
  if (kind < 10) return [unicode(), () => random.from(TEXTS)];
  if (kind < 12) return [boolean(), () => random.below(2) === 0];
  if (kind === 12)
    return [
      bytes(),
      () =>
        new Uint8Array(
          random.from([
            0,
            3,
            40,
            40,
            40,
            random.below(8) === 0 ? 66_000 : 200,
            random.below(8) === 0 ? LENT_BYTES : 5,
          ]),
        ).fill(random.below(256)),
    ];
  if (kind === 13) return [bigInteger(), () => BigInt(random.below(2 ** 40)) ** 2n];
  if (kind === 14) return [programCodec(state), () => random.from(["fine", "throws", "nothing", 5])];
  if (kind === 15) return [literal("low", "high", 5), () => random.from(["low", "high", 5, "5"])];
  if (kind === 16)
    return random.below(4) === 0 ? spreadType(random) : [enumeration({ A: 1, B: 2 }), () => random.below(4)];
  if (kind < 19) {
    const { fields, valuesOf } = fieldsOf(random, 4, depth - 1, state);
    return [ampList(fields), () => several(random, () => valuesOf(random.below(8) === 0))];
  }
  const [element, makeValue] = typeOf(random, depth - 1, state);
  if (element.optional || element.toBox)
    return [listOf(integer()), () => several(random, () => random.below(1000))];
  return [listOf(element), () => several(random, makeValue)];
}

function several(random, makeValue) {
  return Array.from({ length: random.below(5) }, makeValue);
}

/** A type whose boxes have no generated code. */
function spreadType(random) {
  return random.below(2) === 0
    ? [nullable(integer()), () => random.from([null, 5])]
    : [bigUnicode(), () => random.from(TEXTS)];
}

function fieldsOf(random, most, depth, state) {
  const types = {};
  for (let count = random.below(most + 1); count > 0; count--) {
    const [codec, makeValue] = typeOf(random, depth, state);
    const wrapped = random.below(6) === 0 ? optional(codec) : codec;
    types[random.from(NAMES)] = [random.below(30) === 0 ? local() : wrapped, makeValue];
  }
  const names = Object.keys(types);
  const fields = Object.fromEntries(names.map((name) => [name, types[name][0]]));
  /** @param {boolean} wild true: some values or names may be wrong */
  function valuesOf(wild) {
    if (wild && random.below(20) === 0) return random.from(WRONG);
    const entries = names
      .filter((name) => !(fields[name].optional && random.below(2) === 0))
      .map((name) => [name, wild && random.below(8) === 0 ? random.from(WRONG) : types[name][1]()]);
    if (wild && random.below(8) === 0) entries.splice(random.below(entries.length + 1), 1);
    if (wild && random.below(8) === 0) entries.push([random.from(NAMES), 1]);
    if (random.below(3) === 0) entries.reverse();
    return random.below(6) === 0 ? unusualObject(random, entries) : Object.fromEntries(entries);
  }
  return { fields, valuesOf };
}

/** Returns an object with these properties that is not a plain object. */
function unusualObject(random, entries) {
  const object = random.from([
    {},
    Object.create(null),
    [],
    new Map(),
    Object.create({ inherited: 1 }),
    () => {},
  ]);
  const holder = random.below(3) === 0 ? Object.create(object) : object;
  for (const [name, value] of entries) {
    const enumerable = random.below(3) > 0;
    const target = random.below(4) === 0 ? object : holder;
    const get = () => {
      if (value === null) throw new Error(`the getter of ${JSON.stringify(name)} throws`);
      return value;
    };
    try {
      if (random.below(2) === 0) Object.defineProperty(target, name, { get, enumerable, configurable: true });
      else Object.defineProperty(target, name, { value, enumerable, configurable: true });
    } catch {} // the length of an array or a function
  }
  return random.below(8) === 0 ? new Proxy(holder, {}) : holder;
}

/** Returns a value as text, with its types and the order of its properties. */
function shown(value) {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : `${value}`;
  if (value instanceof Uint8Array) return `${value.constructor.name} ${hex(value)}`;
  if (Array.isArray(value)) return `[${value.map(shown).join()}]`;
  if (typeof value !== "object" || value === null) return `${typeof value} ${JSON.stringify(value)}`;
  assert(Object.getPrototypeOf(value) === Object.prototype, "values are not a plain object");
  return `{${Object.keys(value).map((name) => `${JSON.stringify(name)}: ${shown(value[name])}`)}}`;
}

function shownError(error) {
  if (!(error instanceof Error)) return `thrown ${String(error)}`;
  const { name, code, message, cause } = error;
  return `${name} ${code} ${message}${cause === undefined ? "" : ` because of ${shownError(cause)}`}`;
}

function outcome(run) {
  try {
    return run();
  } catch (error) {
    return `error: ${shownError(error)}`;
  }
}

/** One of the two ways: loops or generated code. */
class Way {
  constructor(paths) {
    this.paths = paths;
    this.out = new ByteWriter(64);
    this.out.fastPaths = paths;
  }

  /** Returns what writing leaves behind after some bytes, as text. */
  write(state, write) {
    const { out } = this;
    out.truncate(0);
    out.byte(0x2a);
    Object.assign(state, { encoded: 0, decoded: 0 });
    const result = outcome(() => write(out));
    const bytes = Buffer.concat(out.parts()).toString("latin1");
    return `${result ?? "written"} ${state.encoded} calls of encode, ${out.attached}: ${bytes}`;
  }

  /** Returns what reading the chunks returns, as text. */
  read(state, read, { warm, isFirst, chunks, limits, maxElements }) {
    const reader = new BoxReader(limits);
    reader.frame.calls = { get: () => undefined };
    reader.frame.fastPaths = this.paths;
    // The first box tells what to expect; the first one that is read so makes the code.
    for (let count = isFirst ? 2 : 1; count > 0; count--) {
      reader.push(warm.slice());
      const frame = outcome(() => reader.nextFrame());
      if (typeof frame !== "object") return `not warm: ${frame}`;
      outcome(() => read(frame));
    }
    Object.assign(state, { encoded: 0, decoded: 0 });
    const results = [];
    for (const chunk of chunks) {
      reader.push(chunk);
      for (;;) {
        const frame = outcome(() => reader.nextFrame());
        if (typeof frame !== "object") {
          results.push(frame);
          break;
        }
        results.push(this.#shownFrame(frame));
        beginElements(maxElements);
        results.push(outcome(() => shown(read(frame))));
        results.push(`${endElements()} elements, ${state.decoded} calls of decode`);
      }
    }
    return results.join("\n");
  }

  #shownFrame({ count, ask, answer, command: name, error, ascending, offsets, cursor, start }) {
    const places = offsets.slice(0, count * 3).map((offset) => offset - start);
    return `${[count, ask, answer, name, error, ascending, cursor - start, ...places].join()}`;
  }
}

const loops = new Way(new NodeFastPaths(undefined));
const generated = new Way(GENERATING);

function changed(random, wire) {
  const copy = Uint8Array.from(wire);
  for (let count = random.below(4); count > 0; count--)
    copy[random.below(copy.length)] = random.from([
      0,
      1,
      2,
      3,
      0x30,
      0x39,
      0x2d,
      0x2e,
      0x80,
      0xff,
      0x61,
      random.below(256),
    ]);
  const kind = random.below(8);
  if (kind === 0) return copy.subarray(0, random.below(copy.length + 1));
  if (kind === 1) return Buffer.concat([copy, wire]);
  if (kind === 2) {
    // A key and its value twice, or not at all.
    const at = random.below(copy.length);
    const end = at + random.below(copy.length - at);
    return Buffer.concat([copy.subarray(0, end), copy.subarray(random.from([at, end]))]);
  }
  return copy;
}

function cut(random, wire) {
  const at = random.below(wire.length + 1);
  if (wire.length < 100 && random.below(4) === 0) return Array.from(wire, (byte) => Uint8Array.of(byte));
  return [wire.slice(0, at), wire.slice(at)].filter((chunk) => chunk.length > 0);
}

/** Writes and reads one kind of box in both ways. @returns the number of boxes */
function compare(random, state, { valuesOf, write, read }) {
  let boxes = 0;
  let warm;
  for (let round = 0; round < ROUNDS; round++) {
    const values = valuesOf(round > 3);
    const tag = random.from([
      1,
      0x1a2b,
      2 ** 31,
      2 ** 52,
      range("1f"),
      range("x".repeat(9)),
      range("y".repeat(300)),
    ]);
    const [expected, actual] = [loops, generated].map((way) =>
      way.write(state, (out) => write(out, tag, values)),
    );
    boxes++;
    assert(actual === expected, `written as\n${actual}\nwhich should be\n${expected}`);
    if (!expected.startsWith("written")) continue;
    const wire = Buffer.concat(loops.out.parts()).subarray(1);
    warm ??= wire;
    for (let change = 0; change < CHANGES && wire.length < 3000; change++) {
      const limits =
        random.below(8) === 0 ? { maxBoxKeys: random.below(8) + 1, maxBoxBytes: random.below(300) + 1 } : {};
      const chunks = cut(random, change === 0 ? wire : changed(random, wire));
      const isFirst = boxes < 3;
      const given = {
        warm,
        isFirst,
        chunks,
        limits,
        maxElements: random.from([Infinity, Infinity, random.below(8)]),
      };
      const [looped, fast] = [loops, generated].map((way) => way.read(state, read, given));
      boxes++;
      assert(
        fast === looped,
        `${hex(Buffer.concat(chunks))} is read as\n${fast}\nwhich should be\n${looped}`,
      );
    }
  }
  return boxes;
}

function range(text) {
  const whole = Buffer.from(`>${text}<`);
  return { bytes: whole, start: 1, end: whole.length - 1 };
}

export function check(seed) {
  const random = new Random(seed);
  let boxes = 0;
  for (let count = 0; count < COMMANDS; count++) {
    const state = {
      encoded: 0,
      decoded: 0,
      thrown: random.from([new Error("e"), new RangeError("r"), "text", undefined, null]),
    };
    const { fields, valuesOf } = fieldsOf(random, 8, 2, state);
    const spec = outcome(() =>
      command(random.from(["Sum", "名", "x".repeat(255)]), { arguments: fields, response: fields }),
    );
    if (typeof spec === "string") continue;
    boxes += compare(random, state, {
      valuesOf,
      write: (out, tag, values) =>
        spec.writeAsk(out, typeof tag === "number" ? tag : undefined, values, undefined),
      read: (frame) => spec.readArguments(frame, undefined),
    });
    assert(generator.failure === undefined, `no code was generated: ${generator.failure}`);
    boxes += compare(random, state, {
      valuesOf,
      write: (out, tag, values) => spec.writeAnswer(out, tag, values, undefined),
      read: (frame) => spec.readResponse(frame, undefined),
    });
  }
  return boxes;
}

export const generatedCode = [
  {
    name: "generated code",
    promise: "generated code and the loops write the same bytes, and read the same values and errors",
    arbitrary: fc.integer(),
    check(seed) {
      const { stackTraceLimit } = Error;
      Error.stackTraceLimit = 0; // most of the time would go into the stacks of expected errors
      try {
        check(seed);
      } finally {
        Error.stackTraceLimit = stackTraceLimit;
      }
    },
    share: 3,
  },
];
