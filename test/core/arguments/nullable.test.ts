import { describe, expect, test } from "vitest";
import { ampList } from "../../../src/core/arguments/amp-list.ts";
import { bigBytes } from "../../../src/core/arguments/big-bytes.ts";
import { integer } from "../../../src/core/arguments/integer.ts";
import { json } from "../../../src/core/arguments/json.ts";
import { listOf } from "../../../src/core/arguments/list-of.ts";
import { nullable } from "../../../src/core/arguments/nullable.ts";
import { optional } from "../../../src/core/arguments/optional.ts";
import { unicode } from "../../../src/core/arguments/unicode.ts";
import { parseBoxes } from "../../../src/core/wire/reader.ts";
import { doesNotSend, reads, sends, wireBytes } from "../../contracts/codec.ts";
import { readFields, writeFields } from "./fields.ts";

describe("nullable", () => {
  const fields = { id: integer(), name: nullable(unicode()) };

  reads(nullable(unicode()), "", "");
  reads(nullable(unicode()), "null", "null");
  sends(nullable(integer()), 3, "3");
  doesNotSend(nullable(integer()), null, /null has no bytes/);
  doesNotSend(nullable(integer()), "3", TypeError);

  test("null is an absent key, in both directions", () => {
    const wire = writeFields(fields, { id: 1, name: null });
    expect([...(parseBoxes(wire)[0]?.keys() ?? [])]).toEqual(["id"]);
    expect(readFields(fields, wire)).toEqual({ id: 1, name: null });
    expect(readFields(fields, writeFields(fields, { id: 1, name: "x" }))).toEqual({ id: 1, name: "x" });
    expect(readFields(fields, writeFields(fields, { id: 1, name: "" }))).toEqual({ id: 1, name: "" });
  });

  test("a nullable property must be passed", () => {
    expect(() => writeFields(fields, { id: 1 })).toThrow(/"name" is missing/);
    expect(() => writeFields(fields, { id: 1, name: undefined })).toThrow(/"name" is missing/);
    expect(() => writeFields(fields, { id: 1, name: 3 })).toThrow(/"name": a string is needed/);
  });

  test("an optional nullable property may be omitted, and is received as null", () => {
    const both = { name: optional(nullable(unicode())), id: integer() };
    for (const values of [{ id: 1 }, { id: 1, name: undefined }, { id: 1, name: null }])
      expect(readFields(both, writeFields(both, values))).toEqual({ id: 1, name: null });
  });

  test("a nullable codec is marked as such, and decodes bytes without a key", () => {
    expect(nullable(integer()).nullable).toBe(true);
    expect(nullable(integer()).decode(wireBytes("3"))).toBe(3);
  });

  test("a value of several keys may be null", () => {
    const big = { it: nullable(bigBytes()), id: integer() };
    const it = new Uint8Array(70_000).fill(7);
    expect(readFields(big, writeFields(big, { id: 1, it: null }))).toEqual({ id: 1, it: null });
    expect(readFields(big, writeFields(big, { id: 1, it })).it).toHaveLength(70_000);
  });

  test("a field of a row may be null", () => {
    const rows = { rows: ampList({ id: integer(), note: nullable(json<{ a: number }>()) }) };
    const values = {
      rows: [
        { id: 1, note: null },
        { id: 2, note: { a: 3 } },
      ],
    };
    expect(readFields(rows, writeFields(rows, values))).toEqual(values);
  });

  test("an element of a list cannot be null", () => {
    expect(() => listOf(nullable(integer())).encode([1, null])).toThrow(
      "element 1: null has no bytes: an element of a list, and a value inside big() or compressed(), cannot be null",
    );
  });

  test("nullable() rejects optional codecs and what is not a codec", () => {
    expect(() => nullable(optional(integer()))).toThrow(/write optional\(nullable\(codec\)\)/);
    // Programs in JavaScript may forget the parentheses.
    expect(() => nullable(integer as never)).toThrow(/codec/);
  });
});
