/** Every golden value in `test/vectors/arguments.json`, made by a live Twisted. */
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
  /** `both`: Twisted encodes the value to exactly these bytes. `decode`: Twisted only accepts them. */
  readonly direction?: "both" | "decode";
  /** Class of the exception with which Twisted rejects the bytes. */
  readonly error?: string;
  /** Set if ampwire rejects the bytes and Twisted does not. */
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
        test(`the codec rejects the golden value ${name}`, () => {
          for (const decoding of decodings(codec, wire)) expect(decoding).toThrow();
        });
        continue;
      }
      test(`the codec decodes the golden value ${name}`, () => {
        const expected = plain(fromJson(value));
        for (const decoding of decodings(codec, wire)) expect(plain(decoding())).toEqual(expected);
      });
      if (direction !== "both") continue;
      test(`the codec encodes the golden value ${name}`, () => {
        expect(codec.encode(fromJson(value))).toEqual(wire);
        expect(codec.encode(codec.decode(wire))).toEqual(wire);
      });
    }
  });
}

describe("integer() and the golden integers", () => {
  for (const { name, hex, value } of vectors.filter(({ type }) => type === "integer")) {
    const wire = Uint8Array.from(Buffer.from(hex, "hex"));
    const number =
      typeof value === "string" && Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
    test(`integer() ${number === undefined ? "rejects" : "decodes"} the golden value ${name}`, () => {
      for (const decoding of decodings(integer(), wire)) {
        if (number === undefined) expect(decoding).toThrow();
        else expect(decoding()).toBe(number);
      }
    });
  }
});
