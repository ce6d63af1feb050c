import { describe, expect, test } from "vitest";
import { bigBytes } from "../../../src/core/arguments/big-bytes.ts";
import { integer } from "../../../src/core/arguments/integer.ts";
import { local } from "../../../src/core/arguments/local.ts";
import { optional } from "../../../src/core/arguments/optional.ts";
import type { Argument } from "../../../src/core/schema/argument.ts";
import { Box } from "../../../src/core/wire/box.ts";
import { parseBoxes } from "../../../src/core/wire/reader.ts";
import { reads, refuses, sends, wireBytes } from "../../contracts/codec.ts";
import { readBox, writeFields } from "./fields.ts";

describe("optional", () => {
  reads(optional(integer()), "13", 13);
  refuses(optional(integer()), "", /not an integer/);
  sends(optional(integer()), 13, "13");

  test("an absent or undefined optional value is not written", () => {
    const fields = { a: optional(integer()), b: integer(), c: optional(integer()) };
    expect(writeFields(fields, { b: 1 })).toEqual(wireBytes("\0\x01b\0\x011\0\0"));
    expect(writeFields(fields, { a: undefined, b: 1, c: 2 })).toEqual(
      wireBytes("\0\x01b\0\x011\0\x01c\0\x012\0\0"),
    );
    expect(() => writeFields(fields, { a: null, b: 1 })).toThrow(/"a": an integer is needed, not null/);
  });

  test("an absent key gives no property, and an invalid value throws", () => {
    const fields = { a: optional(integer()), b: integer() };
    const values = readBox(fields, new Box({ b: "1" }));
    expect(values).toEqual({ b: 1 });
    expect(Object.hasOwn(values, "a")).toBe(false);
    expect(() => readBox(fields, new Box({ a: "", b: "1" }))).toThrow(/"a": not an integer/);
  });

  test("optional() takes an instance of a class with private fields", () => {
    class Shifted implements Argument<number> {
      readonly #by = 1;
      encode(value: number): Uint8Array {
        return Uint8Array.of(value + this.#by);
      }
      decode(bytes: Uint8Array): number {
        return (bytes[0] ?? 0) - this.#by;
      }
    }
    const codec = optional(new Shifted());
    expect(codec.decode(codec.encode(5))).toBe(5);
    expect(readBox({ a: codec }, new Box({ a: codec.encode(7) }))).toEqual({ a: 7 });
  });

  test("an optional value that spans several keys still spans them", () => {
    const fields = { data: optional(bigBytes()) };
    expect(readBox(fields, new Box({ data: "a", "data.2": "b" }))).toEqual({ data: wireBytes("ab") });
    expect(readBox(fields, new Box({ other: "a" }))).toEqual({});
    const data = new Uint8Array(70_000);
    const [box] = parseBoxes(writeFields(fields, { data }));
    expect([...(box?.keys() ?? [])]).toEqual(["data", "data.2"]);
    expect(writeFields({ ...fields, id: integer() }, { id: 1 })).toEqual(wireBytes("\0\x02id\0\x011\0\0"));
  });
});

describe("local", () => {
  test("a local value is neither sent nor received", () => {
    const fields = { id: integer(), note: local<string>() };
    expect(writeFields(fields, { id: 1, note: "secret" })).toEqual(wireBytes("\0\x02id\0\x011\0\0"));
    expect(readBox(fields, new Box({ id: "1", note: "forged" }))).toEqual({ id: 1 });
    expect(() => local<string>().encode("secret")).toThrow(/is never sent/);
    expect(() => local<string>().decode(new Uint8Array(0))).toThrow(/is never sent/);
  });

  test("optional() of a local argument is that argument", () => {
    const note = local<string>();
    expect(optional(note)).toBe(note);
    expect(writeFields({ id: integer(), note: optional(note) }, { id: 1, note: "secret" })).toHaveLength(9);
  });

  test("a local field may have a name that is not a valid key", () => {
    expect(writeFields({ id: integer(), ["n".repeat(300)]: local() }, { id: 1 })).toHaveLength(9);
  });
});
