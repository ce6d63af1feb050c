import { describe, expect, test } from "vitest";
import { Box } from "../../../src/core/wire/box.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("Box", () => {
  test("a Box is made from a record, from pairs or from another Box", () => {
    const record = new Box({ a: "é", b: Uint8Array.of(0xff) });
    expect(record.get("a")).toEqual(bytes("é"));
    expect(record.get("b")).toEqual(Uint8Array.of(0xff));
    expect(
      new Box([
        ["a", "é"],
        ["b", Uint8Array.of(0xff)],
      ]),
    ).toEqual(record);
    expect(new Box(record)).toEqual(record);
    expect(new Box().size).toBe(0);
  });

  test("a Box stores text as UTF-8", () => {
    expect(new Box().set("k", "三").get("k")).toEqual(bytes("三"));
  });

  test("text() decodes a value as UTF-8, with U+FFFD for invalid bytes", () => {
    const box = new Box({ a: "café", b: Uint8Array.of(0x61, 0xff), c: "\ufeffa" });
    expect(["a", "b", "c", "d"].map((key) => box.text(key))).toEqual([
      "café",
      "a\ufffd",
      "\ufeffa",
      undefined,
    ]);
  });
});
