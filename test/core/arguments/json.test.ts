import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { json, type SchemaIssue, type StandardSchema } from "../../../src/core/arguments/json.ts";
import { listOf } from "../../../src/core/arguments/list-of.ts";
import { LimitExceeded } from "../../../src/core/errors/caller.ts";
import { beginElements, endElements } from "../../../src/core/wire/elements.ts";
import { bringsBack, doesNotSend, reads, refuses, sends, survivesAnything } from "../../contracts/codec.ts";
import { readFields, writeFields } from "./fields.ts";

/** Returns a schema of the form that zod, valibot and arktype have. */
function schema<I, T>(parse: (value: unknown) => T, issues: readonly SchemaIssue[]): StandardSchema<I, T> {
  return {
    "~standard": {
      version: 1,
      vendor: "test",
      validate(value) {
        try {
          return { value: parse(value) };
        } catch {
          return { issues };
        }
      },
    },
  };
}

function fails(): never {
  throw new Error("wrong");
}

const point = schema<{ x: number }, { x: number }>(
  (value) =>
    typeof value === "object" && value !== null && "x" in value && typeof value.x === "number"
      ? { x: value.x }
      : fails(),
  [{ message: "expected number", path: ["x"] }],
);
const day = schema<string, Date>(
  (value) => (typeof value === "string" && /^\d{4}-/.test(value) ? new Date(value) : fails()),
  [{ message: "expected a date", path: [{ key: "when" }, 0] }, { message: "second" }],
);

describe("json", () => {
  reads(json(), '{"a":[1,2.5,null,true,"é"]}', { a: [1, 2.5, null, true, "é"] });
  reads(json(), " null ", null);
  reads(json(), '"\\ud800"', "\ud800");
  sends(json<unknown>(), { a: [1, "é"], b: undefined }, '{"a":[1,"é"]}');
  sends(json<unknown>(), null, "null");
  sends(json<unknown>(), "\ud800", '"\\ud800"');
  for (const wire of ["", "{", "NaN", "[1,]", "\ufeff1", "'a'"]) refuses(json(), wire, /not JSON: "/);
  refuses(json(), Uint8Array.of(0x22, 0xff, 0x22), /not UTF-8/);
  for (const value of [undefined, () => 1, Symbol("x")])
    doesNotSend(json(), value, /a value of JSON is needed/);
  doesNotSend(json(), 1n, TypeError);
  bringsBack<unknown>(json(), fc.jsonValue({ noUnicodeString: false }), (actual, expected) =>
    expect(JSON.stringify(actual)).toBe(JSON.stringify(expected)),
  );
  survivesAnything(json(), '{}[]",:0tnul \\');

  test("the error for text that is not JSON has the error of the parser as its cause", () => {
    expect(() => json().decode(new TextEncoder().encode("{"))).toThrow(
      expect.objectContaining({ cause: expect.any(SyntaxError) }),
    );
  });

  test("json() reads a property __proto__ as data", () => {
    const value = json<Record<string, unknown>>().decode(
      new TextEncoder().encode('{"__proto__":{"admin":true}}'),
    );
    expect(value.admin).toBeUndefined();
    expect(Object.keys(value)).toEqual(["__proto__"]);
  });

  test("a field of JSON may be null, and names itself if it is not JSON", () => {
    const fields = { it: json() };
    expect(readFields(fields, writeFields(fields, { it: null }))).toEqual({ it: null });
    expect(() => readFields(fields, writeFields({ it: verbatim }, { it: Uint8Array.of(0x7b) }))).toThrow(
      /argument of Test: "it": not JSON/,
    );
    expect(() => writeFields(fields, {})).toThrow(/"it" is missing/);
  });

  test("text nested deeper than the stack is decoded or rejected", () => {
    const deep = new TextEncoder().encode("[".repeat(30_000) + "]".repeat(30_000));
    const outcome = () => {
      try {
        return Array.isArray(json().decode(deep));
      } catch (error) {
        return error instanceof Error;
      }
    };
    expect(outcome()).toBe(true);
  });

  test("arrays, objects and their elements count against maxElements, characters of texts do not", () => {
    const decode = (text: string) => {
      beginElements(4);
      try {
        return json().decode(new TextEncoder().encode(text));
      } finally {
        endElements();
      }
    };
    expect(decode('{"a":[1,2],"b":3}')).toEqual({ a: [1, 2], b: 3 });
    expect(decode('["[[[[,,,,\\",,,{{{"]')).toEqual(['[[[[,,,,",,,{{{']);
    expect(() => decode('{"a":[1,2,3],"b":3}')).toThrow(LimitExceeded);
    expect(() => decode("[[[[[")).toThrow(LimitExceeded);
  });
});

describe("json with a schema", () => {
  reads(json(point), '{"x":1,"y":2}', { x: 1 });
  refuses(json(point), '{"x":"1"}', /^(element \d+: )?x: expected number$|"it": x: expected number$/);
  refuses(json(point), "{", /not JSON/);
  sends(json(point), { x: 1 }, '{"x":1}');
  doesNotSend(json(point), { x: "1" }, /x: expected number/);

  test("a schema transforms a received value, and checks the JSON that is sent", () => {
    const codec = json(day);
    const wire = codec.encode("2026-07-01");
    expect(new TextDecoder().decode(wire)).toBe('"2026-07-01"');
    expect(codec.decode(wire)).toEqual(new Date("2026-07-01"));
    expect(() => codec.encode("yesterday")).toThrow("when.0: expected a date; second");
    // A Date becomes text in JSON, and the peer's schema gets the text.
    const ofDate = json(
      schema<Date, Date>((value) => (value instanceof Date ? value : fails()), [{ message: "no date" }]),
    );
    expect(() => ofDate.encode(new Date(0))).toThrow("no date");
  });

  test("a message shows three issues and the number of the others", () => {
    const issues = Array.from({ length: 10 }, (_, index) => ({ message: "wrong", path: ["list", index] }));
    expect(() => json(schema(fails, issues)).encode([])).toThrow(
      "list.0: wrong; list.1: wrong; list.2: wrong; and 7 more",
    );
  });

  test("an asynchronous schema is rejected, and its own rejection is not unhandled", async () => {
    const later: StandardSchema<unknown, number> = {
      "~standard": { version: 1, vendor: "test", validate: () => Promise.reject(new Error("later")) },
    };
    expect(() => json(later).encode(1)).toThrow("the schema is asynchronous: codecs need a synchronous one");
    await new Promise((resolve) => setImmediate(resolve)); // an unhandled rejection would fail the test now
  });

  test.each<[string, unknown, string]>([
    ["null", null, "the schema returned null, not a result of Standard Schema"],
    ["text", "no", 'the schema returned "no", not a result of Standard Schema'],
    ["an empty list of issues", { issues: [] }, "the schema rejects the value, and gives no reason"],
    ["issues that are not a list", { issues: "bad" }, "the schema rejects the value, and gives no reason"],
    [
      "an issue with an odd path",
      { issues: [{ message: "m", path: [null, Symbol("s")] }] },
      "undefined.Symbol(s): m",
    ],
    ["an issue whose path is null", { issues: [{ message: "m", path: null }] }, "m"],
  ])("a schema that returns %s rejects the value", (_, result, message) => {
    const odd = { "~standard": { version: 1, vendor: "test", validate: () => result } } as StandardSchema;
    expect(() => json(odd).encode(1)).toThrow(new TypeError(message));
  });

  test("a result whose issues are null is a success", () => {
    const result = { value: 7, issues: null };
    const schema = { "~standard": { version: 1, vendor: "test", validate: () => result } };
    const codec = json(schema as unknown as StandardSchema<number>); // a program in JavaScript may have such a schema
    expect(codec.decode(codec.encode(1))).toBe(7);
  });

  test("a value that is not a Standard Schema is rejected when the codec is created", () => {
    // Programs in JavaScript may pass anything.
    for (const value of [null, 3, {}, { "~standard": {} }])
      expect(() => json(value as unknown as StandardSchema)).toThrow(/must implement Standard Schema/);
  });

  test("json with a schema may be an element of a list", () => {
    const codec = listOf(json(point));
    expect(codec.decode(codec.encode([{ x: 1 }, { x: 2 }]))).toEqual([{ x: 1 }, { x: 2 }]);
    expect(() => codec.encode([{ x: 1 }, JSON.parse("{}")])).toThrow("element 1: x: expected number");
  });
});

const verbatim = { encode: (value: Uint8Array) => value, decode: (bytes: Uint8Array) => bytes };
