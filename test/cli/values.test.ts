/** Parsing of arguments, and formatting of values. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Argument,
  ampList,
  bigInteger,
  boolean,
  bytes,
  command,
  dateTime,
  decimal,
  exactDecimal,
  float,
  integer,
  listOf,
  optional,
  unicode,
} from "ampwire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UsageError } from "../../src/cli/cli-error.ts";
import { formatValue, jsonText, jsonValue } from "../../src/cli/print/values.ts";
import { parseArg, parseArgs } from "../../src/cli/values/args.ts";
import { typedValues } from "../../src/cli/values/typed.ts";
import { untypedBox } from "../../src/cli/values/untyped.ts";

/** Returns message and hint of the UsageError that a function throws. */
function usage(run: () => unknown): Pick<UsageError, "message" | "hint"> {
  try {
    run();
  } catch (error) {
    if (error instanceof UsageError) return { message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error("a UsageError was expected");
}

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ampwire-values-"));
  writeFileSync(join(folder, "picture"), Uint8Array.of(0, 255));
  writeFileSync(join(folder, "list.json"), "[1, 2]");
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("parseArg", () => {
  test("name=text keeps the text unchanged", () => {
    expect(parseArg("a=b=c:=d")).toEqual({ name: "a", bytes: Buffer.from("b=c:=d") });
    expect(parseArg("a=")).toEqual({ name: "a", bytes: Buffer.from("") });
    expect(parseArg("a=two\nlines")).toEqual({ name: "a", bytes: Buffer.from("two\nlines") });
    expect(parseArg("a=é")).toEqual({ name: "a", bytes: Buffer.from("é") });
  });

  test("name:=json parses JSON", () => {
    expect(parseArg('rows:=[{"id": 1}]')).toEqual({ name: "rows", json: [{ id: 1 }] });
    expect(() => parseArg("a:=b")).toThrow(/a is not JSON/);
  });

  test("name:=json with a number that JavaScript would round is a usage error", () => {
    const exact = ["9007199254740991", "1e300", "1.00000000000000000001", "100000000000000000000", "-0"];
    for (const text of exact) expect(parseArg(`a:=[${text}]`)).toEqual({ name: "a", json: [Number(text)] });
    expect(parseArg('a:="9007199254740993 \\" 9007199254740993"')).toHaveProperty("json");
    for (const text of ["9007199254740993", "-9007199254740993", "1152921504606846976"]) {
      expect(() => parseArg(`a:={"x": [1, ${text}]}`)).toThrow(UsageError);
      expect(() => parseArg(`a:=${text}`)).toThrow(`a: ${text} has too many digits for a JSON number`);
    }
  });

  test("a name that occurs twice is a usage error", () => {
    expect(parseArgs(["a=1", "b:=2"])).toHaveLength(2);
    expect(() => parseArgs(["a=1", "b=2", "a:=3"])).toThrow(new UsageError('the argument "a" occurs twice'));
  });

  test("name=@file and name:=@file read a file", () => {
    expect(parseArg(`a=@${folder}/picture`)).toEqual({ name: "a", bytes: Buffer.of(0, 255) });
    expect(parseArg(`a:=@${folder}/list.json`)).toEqual({ name: "a", json: [1, 2] });
    expect(() => parseArg("a=@nowhere")).toThrow(/cannot read nowhere/);
  });

  test.each(["a", "=b", ""])("%j is a usage error", (arg) => {
    expect(() => parseArg(arg)).toThrow(UsageError);
  });
});

describe("with a schema", () => {
  const Everything = command("Everything", {
    arguments: {
      integer: optional(integer()),
      big: optional(bigInteger()),
      float: optional(float()),
      boolean: optional(boolean()),
      bytes: optional(bytes()),
      text: optional(unicode()),
      decimal: optional(decimal()),
      moment: optional(dateTime()),
      list: optional(listOf(listOf(bigInteger()))),
      rows: optional(ampList({ id: integer(), name: unicode(), score: optional(float()) })),
    },
  });
  const typed = (...args: string[]) => typedValues(Everything, args.map(parseArg));

  test("text is converted to the type of its argument", () => {
    expect(typed("integer=13", "big=13", "float=1.5", "boolean=True", "text=13")).toEqual({
      integer: 13,
      big: 13n,
      float: 1.5,
      boolean: true,
      text: "13",
    });
    expect(typed("boolean=true")).toEqual({ boolean: true });
    expect(typed("boolean=false")).toEqual({ boolean: false });
    expect(typed(`bytes=@${folder}/picture`)).toEqual({ bytes: Uint8Array.of(0, 255) });
    expect(typed("decimal=1.0").decimal).toEqual(exactDecimal("1.0"));
    expect(String(typed("moment=2024-01-02T03:04:05.000006+01:00").moment)).toMatch(
      /^2024-01-02T03:04:05.000006/,
    );
  });

  test("JSON is converted to lists and rows", () => {
    expect(typed("list:=[[1,2],[]]")).toEqual({ list: [[1n, 2n], []] });
    expect(typed('rows:=[{"id":1,"name":"a"},{"id":2,"name":"b","score":1}]')).toEqual({
      rows: [
        { id: 1, name: "a" },
        { id: 2, name: "b", score: 1 },
      ],
    });
    expect(typed("integer:=13", "float:=1", "boolean:=true", 'text:="13"', 'bytes:={"hex":"00ff"}')).toEqual({
      integer: 13,
      float: 1,
      boolean: true,
      text: "13",
      bytes: Uint8Array.of(0, 255),
    });
    expect(typed('big:="340282366920938463463374607431768211455"')).toEqual({ big: 2n ** 128n - 1n });
    expect(typed("integer:=null")).toEqual({});
  });

  test("a value that a codec of the user's refuses is a usage error, which names the argument and the other form", () => {
    const url: Argument<URL> = {
      encode: (value) => {
        if (!(value instanceof URL)) throw new TypeError("a URL is needed");
        return Buffer.from(value.href);
      },
      decode: (value) => new URL(Buffer.from(value).toString()),
    };
    const point: Argument<{ x: number }> = {
      encode: (value) => Buffer.from(JSON.stringify({ x: value.x })),
      decode: (value) => JSON.parse(Buffer.from(value).toString()),
    };
    const Draw = command("Draw", { arguments: { at: point, page: url } });
    const read = (arg: string) => () => typedValues(Draw, [parseArg(arg)]);
    expect(read("page=https://example.com/")().page).toEqual(new URL("https://example.com/"));
    expect(read('at:={"x":1}')()).toEqual({ at: { x: 1 } });
    expect(usage(read("at=here"))).toEqual({
      message: expect.stringMatching(/^Draw: at: Unexpected token/),
      hint: "at:=JSON passes a JSON value to this codec",
    });
    expect(usage(read('page:="https://example.com/"'))).toEqual({
      message: "Draw: page: a URL is needed",
      hint: "page=text lets this codec read the text",
    });
  });

  test.each([
    ["integer=x", /^Everything: integer: not an integer: "x"$/],
    ["integer:=1.5", /^Everything: integer: not an integer/],
    ["boolean=yes", /^Everything: boolean: not a boolean/],
    ["other=1", /^Everything has no argument "other"$/],
    ["constructor=1", /^Everything has no argument "constructor"$/],
    ['rows:=[{"toString":1}]', /^Everything: rows: a row has no field "toString"$/],
    ['rows:=[{"id":1,"nmae":"a"}]', /^Everything: rows: a row has no field "nmae"$/],
  ])("%s is a usage error", (arg, message) => {
    expect(() => typed(arg)).toThrow(UsageError);
    expect(() => typed(arg)).toThrow(message);
  });
});

describe("without a schema", () => {
  const sent = (arg: string) => untypedBox([parseArg(arg)]).get("v");
  const latin = (arg: string) => Buffer.from(sent(arg) ?? []).toString("latin1");

  test("values are encoded by the codec for their type", () => {
    expect(latin("v=13")).toBe("13");
    expect(latin("v:=13")).toBe("13");
    expect(latin("v:=1.5")).toBe("1.5");
    expect(latin("v:=true")).toBe("True");
    expect(latin('v:="true"')).toBe("true");
    expect(sent("v:=null")).toBeUndefined();
    expect(sent('v:={"hex":"00ff"}')).toEqual(Buffer.of(0, 255));
    expect(sent("v:=[1,true,[2]]")).toEqual(
      listOf(bytes()).encode([Buffer.from("1"), Buffer.from("True"), listOf(integer()).encode([2])]),
    );
    expect(sent('v:=[{"id":1},{"id":2}]')).toEqual(
      Buffer.from(ampList({ id: integer() }).encode([{ id: 1 }, { id: 2 }])),
    );
  });
});

describe("formatValue", () => {
  test("bytes are formatted as text, binary data as hex", () => {
    expect(formatValue(Buffer.from("94"))).toBe("94");
    expect(formatValue(Buffer.from("two\nlines\t"))).toBe("two\\nlines\\t");
    expect(formatValue(Uint8Array.of(0, 255))).toBe("0x00ff");
    expect(formatValue(Buffer.from("\u001b[31m"))).toBe("0x1b5b33316d");
  });

  test("text with blanks is quoted, so that it cannot forge a field", () => {
    expect(formatValue("94 admin=True")).toBe('"94 admin=True"');
    expect(formatValue(Buffer.from('a "b"'))).toBe('"a \\"b\\""');
    expect(formatValue('"94')).toBe('"\\"94"');
    expect(formatValue("no-blank=1")).toBe("no-blank=1");
    expect(formatValue("a\u00a0b\u202e")).toBe('"a\u00a0b\\u202e"');
    expect(formatValue(`${"x ".repeat(200)}`, 10)).toBe('"x x x x x "… (400 characters)');
    expect(formatValue("x".repeat(300), 10)).toBe("xxxxxxxxxx… (300 characters)");
  });

  test("objects of codecs are formatted by what they are", () => {
    class Point {
      readonly #x = 1;
      toString() {
        return `point-${this.#x}`;
      }
    }
    class Hidden {}
    expect(formatValue(new URL("https://example.com/a"))).toBe("https://example.com/a");
    expect(formatValue(new Date(0))).toBe("1970-01-01T00:00:00.000Z");
    expect(formatValue(new Date(Number.NaN))).toBe('"Invalid Date"');
    expect(formatValue(new Map([["a", 1n]]))).toBe('{"a":"1"}');
    expect(formatValue(new Map([[1, Uint8Array.of(0)]]))).toBe('[[1,{"hex":"00"}]]');
    expect(formatValue(new Set(["a"]))).toBe('["a"]');
    expect(formatValue({ at: new Point(), when: new Date(0) })).toBe(
      '{"at":"point-1","when":"1970-01-01T00:00:00.000Z"}',
    );
    expect(formatValue(new Hidden())).toBe('"[object Object]"');
    expect(formatValue(Object.assign(Object.create(null), { a: undefined, b: null }))).toBe('{"b":null}');
    expect([undefined, null, Symbol("s")].map((value) => formatValue(value))).toEqual([
      "undefined",
      "null",
      "Symbol(s)",
    ]);
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(formatValue(circle)).toBe('{"self":"[circular]"}');
  });

  test("bytes that can only be a list of rows are split", () => {
    const rows = ampList({ id: integer(), tags: listOf(unicode()), name: optional(unicode()) });
    const encoded = rows.encode([
      { id: 1, tags: ["a"], name: "x y" },
      { id: 2, tags: [] },
    ]);
    expect(formatValue(encoded)).toBe(
      '[{"id":"1","name":"x y","tags":{"hex":"000161"}},{"id":"2","tags":""}]',
    );
    const nested = ampList({ inner: ampList({ a: integer() }) });
    expect(formatValue(nested.encode([{ inner: [{ a: 1 }] }]))).toBe('[{"inner":[{"a":"1"}]}]');
    const twice = Buffer.from("000161000131000161000132 0000".replace(" ", ""), "hex");
    expect(formatValue(twice)).toMatch(/^0x/);
    for (const list of [[1, 2], [12345], []]) {
      const bytes = listOf(integer()).encode(list);
      expect(formatValue(bytes)).toBe(list.length === 0 ? "" : `0x${Buffer.from(bytes).toString("hex")}`);
    }
    expect(formatValue(Buffer.of(0, 0))).toBe("0x0000");
  });

  test("control characters are escaped", () => {
    expect(formatValue("\u001b[2J\u202e")).toBe("\\x1b[2J\\u202e");
    expect(jsonText({ "\u009b": "\u007f\u2028\ud800 é\n" })).toBe(
      String.raw`{"\u009b":"\u007f\u2028\ud800 é\n"}`,
    );
  });

  test("values are converted to JSON", () => {
    expect(jsonValue(13n)).toBe("13");
    expect([Number.NaN, -Infinity, Infinity].map(jsonValue)).toEqual(["nan", "-inf", "inf"]);
    expect(jsonValue(exactDecimal("1.0"))).toBe("1.0");
    expect(jsonValue(dateTime().decode(Buffer.from("2024-01-02T03:04:05.000006+01:00")))).toBe(
      "2024-01-02T03:04:05.000006+01:00",
    );
    expect(jsonValue([{ a: Uint8Array.of(0) }])).toEqual([{ a: { hex: "00" } }]);
    expect(formatValue([{ id: 1 }])).toBe('[{"id":1}]');
  });
});
