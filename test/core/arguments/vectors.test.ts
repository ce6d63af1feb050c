/** Every golden value in `test/vectors/arguments.json`, which a live Twisted has made. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { integer } from "../../../src/core/arguments/integer.ts";
import { decodings } from "../../contracts/codec.ts";
import { plain } from "../../support/plain.ts";
import { type Json, vectorType } from "./vector-types.ts";

interface Vector {
  readonly name: string;
  readonly type: string;
  readonly hex: string;
  readonly value?: Json;
  /** `both`: Twisted sends exactly these bytes for the value. `decode`: it takes them only. */
  readonly direction?: "both" | "decode";
  /** Twisted refuses the bytes. */
  readonly error?: string;
  /** Ampwire does, where Twisted does not. */
  readonly ours?: "refuse";
}

const file = new URL("../../vectors/arguments.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as readonly Vector[];

for (const type of new Set(vectors.map((vector) => vector.type))) {
  describe(type, () => {
    const { codec, fromJson } = vectorType(type);
    for (const { name, hex, value, direction, ours } of vectors.filter((vector) => vector.type === type)) {
      const wire = Uint8Array.from(Buffer.from(hex, "hex"));
      if (value === undefined || ours === "refuse") {
        test(`refuses ${name}`, () => {
          for (const decoding of decodings(codec, wire)) expect(decoding).toThrow();
        });
        continue;
      }
      test(`reads ${name}`, () => {
        const expected = plain(fromJson(value));
        for (const decoding of decodings(codec, wire)) expect(plain(decoding())).toEqual(expected);
      });
      if (direction !== "both") continue;
      test(`sends ${name}`, () => {
        expect(codec.encode(fromJson(value))).toEqual(wire);
        expect(codec.encode(codec.decode(wire))).toEqual(wire);
      });
    }
  });
}

describe("integer as a number", () => {
  for (const { name, hex, value } of vectors.filter(({ type }) => type === "integer")) {
    const wire = Uint8Array.from(Buffer.from(hex, "hex"));
    const number =
      typeof value === "string" && Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
    test(`${number === undefined ? "refuses" : "reads"} ${name}`, () => {
      for (const decoding of decodings(integer(), wire)) {
        if (number === undefined) expect(decoding).toThrow();
        else expect(decoding()).toBe(number);
      }
    });
  }
});
