/** Parsing of arguments, and formatting of values. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
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
