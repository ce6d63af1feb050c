import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ampList } from "../../../src/core/arguments/amp-list.ts";
import { bytes } from "../../../src/core/arguments/bytes.ts";
import { integer } from "../../../src/core/arguments/integer.ts";
import { local } from "../../../src/core/arguments/local.ts";
import { optional } from "../../../src/core/arguments/optional.ts";
import { unicode } from "../../../src/core/arguments/unicode.ts";
import { command } from "../../../src/core/command/command.ts";
import { DescriptorsNotAvailable, InvalidSignature, TooLong } from "../../../src/core/errors/caller.ts";
import type { Fields } from "../../../src/core/schema/argument.ts";
import { BoxTemplate, NO_TAG } from "../../../src/core/schema/box-template.ts";
import { FieldSet } from "../../../src/core/schema/field-set.ts";
import { Box } from "../../../src/core/wire/box.ts";
import { encodeBox } from "../../../src/core/wire/box-writer.ts";
import { ByteWriter } from "../../../src/core/wire/byte-writer.ts";
import { expectBytes, wireBytes } from "../../contracts/codec.ts";
import { readBox, readFields, writeFields } from "../arguments/fields.ts";

const sum = { a: integer(), b: integer() };

function tagOf(text: string) {
  const all = wireBytes(`<${text}>`);
  return { bytes: all, start: 1, end: all.length - 1 };
}

/** Returns the error that a function throws; undefined if it returns. */
function caught(run: () => unknown): Error | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error as Error; // the functions of these tests throw errors only
  }
}

describe("writing", () => {
  test("a template writes constants, tag and fields in byte order of their keys", () => {
    const constants = [
      { key: "_ask" },
      { key: "_command", value: wireBytes("Sum") },
      { key: "z", value: wireBytes("") },
    ];
    const fields = { b: integer(), A: integer(), zz: optional(integer()), é: integer() };
    const template = new BoxTemplate(new FieldSet(fields, "argument of Sum"), constants);
    for (const zz of [5, undefined]) {
      const out = new ByteWriter(1);
      template.write(out, tagOf("1f"), { b: 2, é: 3, A: 1, zz });
      const box = new Box({ A: "1", _ask: "1f", _command: "Sum", b: "2", z: "", é: "3" });
      if (zz !== undefined) box.set("zz", String(zz));
      expect(out.copy()).toEqual(encodeBox(box));
    }
  });

  test("a template writes constants around an optional field, present or absent", () => {
    const template = new BoxTemplate(
      new FieldSet({ m: optional(integer()) }, "field"),
      ["a", "n", "z"].map((key) => ({ key, value: wireBytes(key.toUpperCase()) })),
    );
    for (const [values, middle] of [
      [{ m: 1 }, { m: "1" }],
      [{}, {}],
    ] as const) {
      const out = new ByteWriter(1);
      template.write(out, NO_TAG, values);
      expect(out.copy()).toEqual(encodeBox(new Box({ a: "A", n: "N", z: "Z", ...middle })));
    }
  });

  test("a template writes an empty tag and the longest one", () => {
    const template = new BoxTemplate(new FieldSet(sum, "argument of Sum"), [{ key: "_ask" }]);
    for (const tag of ["", "1", "x".repeat(65535)]) {
      const out = new ByteWriter(1);
      template.write(out, tagOf(tag), { a: 1, b: 2 });
      expectBytes(out.copy(), encodeBox(new Box({ _ask: tag, a: "1", b: "2" })));
    }
  });

  test("a template keeps no value of a box that it has written", () => {
    const set = new FieldSet({ a: integer(), b: local<object>() }, "argument of Test");
    const slots: unknown[] = set.newSlots();
    set.newSlots = () => slots;
    const template = new BoxTemplate(set, []);
    template.write(new ByteWriter(), NO_TAG, { a: 1, b: {} });
    expect(slots).toEqual([undefined, undefined]);
  });

  test("a constant of 65535 bytes is written and one of 65536 bytes is rejected", () => {
    const named = (value: Uint8Array) =>
      new BoxTemplate(new FieldSet({}, "argument of Test"), [{ key: "_command", value }]);
    const out = new ByteWriter();
    named(new Uint8Array(65_535)).write(out, NO_TAG, {});
    expect(out.length).toBe(2 + 8 + 2 + 65_535 + 2);
    expect(() => named(new Uint8Array(65_536))).toThrow(TooLong);
  });

  test("an object with an iterator is accepted if it has the declared values", () => {
    const values = { a: 1, b: 2, *[Symbol.iterator]() {} };
    expect(writeFields(sum, values)).toEqual(wireBytes("\0\x01a\0\x011\0\x01b\0\x012\0\0"));
  });

  test("the error of a codec keeps its class and becomes the cause", () => {
    for (const errorClass of [TooLong, InvalidSignature, DescriptorsNotAvailable]) {
      const cause = new errorClass("no");
      const encode = (): never => {
        throw cause;
      };
      const error = caught(() => writeFields({ a: { encode, decode: () => 1 } }, { a: 1 }));
      expect(error?.constructor).toBe(errorClass);
      expect(error).toMatchObject({ message: 'argument of Test: "a": no', cause });
    }
  });

  test("a codec may throw any value", () => {
    const thrown = new Proxy(
      {},
      {
        getPrototypeOf() {
          throw new RangeError("no");
        },
      },
    );
    const encode = (): never => {
      throw thrown;
    };
    const error = caught(() => writeFields({ a: { encode, decode: () => 1 } }, { a: 1 }));
    expect(error).toBeInstanceOf(InvalidSignature);
    expect(error?.message).toMatch(/^argument of Test: "a": /);
    expect(Object.is(error?.cause, thrown)).toBe(true);
  });

  test("a template writes nothing if a value is invalid", () => {
    const template = new BoxTemplate(new FieldSet({ a: integer(), b: bytes() }, "argument of Test"), [
      { key: "_ask" },
    ]);
    const out = new ByteWriter(1);
    template.write(out, tagOf("1"), { a: 1, b: wireBytes("x") });
    const before = out.copy();
    for (const bad of [{ a: 1 }, { a: 1.5, b: wireBytes("") }, { a: 1, b: new Uint8Array(65536) }]) {
      expect(() => template.write(out, tagOf("2"), bad)).toThrow(/argument of Test: "[ab]"/);
      expect(out.copy()).toEqual(before);
    }
  });

  const errors: readonly (readonly [unknown, new (message: string) => Error, string])[] = [
    [{ a: 1 }, InvalidSignature, 'argument of Test: "b" is missing'],
    [{ a: 1, b: undefined }, InvalidSignature, 'argument of Test: "b" is missing'],
    [{ a: 1, b: 2, c: 3 }, InvalidSignature, 'argument of Test: "c" is not declared'],
    [{ c: 3, b: 2, a: 1 }, InvalidSignature, 'argument of Test: "c" is not declared'],
    [{ a: 1, b: "2" }, InvalidSignature, 'argument of Test: "b": an integer is needed, not "2"'],
    [undefined, InvalidSignature, "argument of Test: the values must be an object, not undefined"],
    [5, InvalidSignature, "argument of Test: the values must be an object, not 5"],
    [new Map([["a", 1]]), InvalidSignature, "the values must be an object, not an object (Map)"],
    [[], InvalidSignature, "the values must be an object, not an array of 0"],
    [new Set("ab"), InvalidSignature, "the values must be an object, not an object (Set)"],
  ];
  for (const [values, errorClass, message] of errors) {
    test(`writing throws: ${message}`, () => {
      const writing = (): unknown => writeFields(sum, values as Record<string, unknown>);
      expect(writing).toThrow(errorClass);
      expect(writing).toThrow(message);
    });
  }

  test("a value of 65535 bytes is written and one of 65536 bytes is rejected", () => {
    expect(writeFields({ a: bytes() }, { a: new Uint8Array(65535) })).toHaveLength(65542);
    expect(() => writeFields({ a: bytes() }, { a: new Uint8Array(65536) })).toThrow(TooLong);
    expect(() => writeFields({ a: bytes() }, { a: new Uint8Array(65536) })).toThrow(
      /"a": the value is 65536 bytes/,
    );
  });
});

test.each([
  ["a Map", new Map([["a", integer()]])],
  ["an array", [integer()]],
  ["an empty array", []],
])("%s instead of an object that declares fields is refused", (_, fields) => {
  expect(() => command("Test", { arguments: fields as unknown as Fields })).toThrow(/must be an object/);
});

test.each([null, 5, ""])("%j instead of an object that declares the fields of rows is refused", (fields) => {
  expect(() => ampList(fields as unknown as Fields)).toThrow(
    /^the declaration of each field must be an object, not /,
  );
});

test("values in a Map are refused although every field is optional", () => {
  const fields = { a: optional(integer()) };
  expect(() => writeFields(fields, new Map([["a", 1]]) as unknown as Record<string, unknown>)).toThrow(
    /the values must be an object, not an object \(Map\)/,
  );
  expect(() => ampList(fields).encode([[1]] as unknown as [])).toThrow(/element 0: .* not an array of 1/);
  expect(writeFields(fields, {})).toEqual(Uint8Array.of(0, 0));
});

describe("reading", () => {
  test("keys are read in any order, the last of equal keys is used, and unknown keys are ignored", () => {
    expect(readBox(sum, new Box({ a: "13", b: "81" }))).toEqual({ a: 13, b: 81 });
    expect(readFields(sum, wireBytes("\0\x01b\0\x0281\0\x01a\0\x0213\0\0"))).toEqual({ a: 13, b: 81 });
    expect(
      readFields(sum, wireBytes("\0\x01a\0\x011\0\x01a\0\x012\0\x01b\0\x013\0\x01b\0\x014\0\0")),
    ).toEqual({ a: 2, b: 4 });
    expect(readBox(sum, new Box({ A: "", aa: "x", a: "1", ab: "y", b: "2", z: "" }))).toEqual({ a: 1, b: 2 });
  });

  test("the error names the missing or invalid field", () => {
    expect(() => readBox(sum, new Box({ a: "1", c: "2" }))).toThrow('argument of Test: "b" is missing');
    expect(() => readBox(sum, new Box({ a: "1", b: "0x10" }))).toThrow(
      'argument of Test: "b": not an integer: "0x10"',
    );
  });

  test("the error of a codec is the cause", () => {
    const thrown = caught(() => readBox(sum, new Box({ a: "x", b: "1" })));
    expect(thrown).toBeInstanceOf(InvalidSignature);
    expect(thrown?.cause).toBeInstanceOf(SyntaxError);
  });
});

describe("names", () => {
  test("fields may have the names of properties that every object inherits", () => {
    const fields = {
      toString: optional(integer()),
      constructor: integer(),
      hasOwnProperty: optional(integer()),
    };
    const wire = writeFields(fields, { constructor: 1, hasOwnProperty: 2 });
    expect(Object.entries(readFields(fields, wire)).sort()).toEqual([
      ["constructor", 1],
      ["hasOwnProperty", 2],
    ]);
    expect(() => writeFields(fields, {})).toThrow(/"constructor" is missing/);
  });

  test("field names may contain bytes that are not UTF-8, escaped as in Python", () => {
    const wire = Uint8Array.from([0, 2, 0xff, 0x61, 0, 1, 0x35, 0, 0]);
    expect(writeFields({ "\udcffa": integer() }, { "\udcffa": 5 })).toEqual(wire);
    expect(readFields({ "\udcffa": integer() }, wire)).toEqual({ "\udcffa": 5 });
  });

  test("field names that cannot be keys are rejected", () => {
    for (const name of ["", "__proto__", "\ud800"]) {
      const fields: Fields = Object.fromEntries([[name, integer()]]);
      expect(() => new FieldSet(fields, "argument")).toThrow(InvalidSignature);
    }
    expect(() => new FieldSet({ ["é".repeat(128)]: integer() }, "argument")).toThrow(TooLong);
    expect(new FieldSet({ ["e".repeat(255)]: integer() }, "argument")).toBeInstanceOf(FieldSet);
  });
});

test("fields of any names are read as they were written", () => {
  const names = fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }), {
    maxLength: 30,
  });
  const rows = names.chain((all) =>
    fc.tuple(...all.map((name) => fc.tuple(fc.constant(name), fc.boolean(), fc.option(fc.string())))),
  );
  fc.assert(
    fc.property(rows, (given) => {
      const usable = given.filter(([name]) => name !== "__proto__");
      const fields: Fields = Object.fromEntries(usable.map(([name]) => [name, optional(unicode())]));
      const present = usable.flatMap(([name, there, text]) => (there && text !== null ? [[name, text]] : []));
      const values: Record<string, string> = Object.fromEntries(present);
      expect({ ...readFields(fields, writeFields(fields, values)) }).toEqual(values);
    }),
  );
});
