/** Compression with zlib: the bytes of Python's zlib, and bombs. */
import { deflateSync } from "node:zlib";
import { big, bytes, json, listOf, optional, unicode } from "ampwire";
import { compressed, zlib } from "ampwire/node";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LimitExceeded, TooLong } from "../../src/core/errors/caller.ts";
import { beginElements, endElements } from "../../src/core/wire/elements.ts";
import { parseBoxes } from "../../src/core/wire/reader.ts";
import { bringsBack, doesNotSend, reads, refuses } from "../contracts/codec.ts";
import { readFields, writeFields } from "../core/arguments/fields.ts";

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

/** The random bytes of a generator with a fixed seed: they do not compress. */
function incompressible(length: number): Uint8Array {
  let state = 31;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

describe("compressed", () => {
  // Written by zlib.compress of Python 3.11, with levels 6, 9 and 0.
  reads(compressed(unicode()), hex("789ccb48cdc9c90700062c0215"), "hello");
  reads(compressed(unicode()), hex("78dacb48cdc9c90700062c0215"), "hello");
  reads(compressed(unicode()), hex("7801010500faff68656c6c6f062c0215"), "hello");
  reads(compressed(bytes()), hex("789c030000000001"), new Uint8Array());
  refuses(compressed(bytes()), "", /unexpected end of file/);
  refuses(compressed(bytes()), "not zlib", /incorrect header check/);
  refuses(compressed(bytes()), hex("78dacb48cdc9c90700062c02"), /unexpected end of file/);
  refuses(compressed(bytes()), hex("78dacb48cdc9c90700062c0216"), /incorrect data check/);
  refuses(compressed(json()), hex("789c030000000001"), /not JSON/);
  doesNotSend(compressed(unicode()), 3, TypeError);
  bringsBack(compressed(bytes()), fc.uint8Array());

  test("a decompression bomb is rejected at maxBytes, without the memory of its result", () => {
    const bomb = Uint8Array.from(deflateSync(new Uint8Array(50 * 1024 * 1024)));
    expect(bomb.length).toBeLessThan(65535);
    expect(() => compressed(bytes()).decode(bomb)).toThrow(TooLong);
    expect(() => compressed(bytes()).decode(bomb)).toThrow("longer than its maxBytes (4194304)");
    expect(compressed(bytes(), { maxBytes: 50 * 1024 * 1024 }).decode(bomb)).toHaveLength(50 * 1024 * 1024);
    expect(compressed(bytes(), { maxBytes: Number.POSITIVE_INFINITY }).decode(bomb)).toHaveLength(
      50 * 1024 * 1024,
    );
  });

  test("a box cannot expand beyond maxElements, however many values it has", () => {
    const small = Uint8Array.from(deflateSync(new Uint8Array(1024 * 1024)));
    const wire = listOf(bytes()).encode(Array.from({ length: 30 }, () => small));
    beginElements(65_536);
    try {
      expect(() => listOf(compressed(bytes())).decode(wire)).toThrow(/maxElements/);
    } finally {
      endElements();
    }
    beginElements(1);
    try {
      expect(() => compressed(bytes()).decode(small)).toThrow(LimitExceeded);
    } finally {
      endElements();
    }
  });

  test("a value over maxBytes is not sent", () => {
    expect(() => compressed(bytes(), { maxBytes: 3 }).encode(new Uint8Array(4))).toThrow(TooLong);
  });

  test("an encoded value is a Uint8Array and not a Buffer", () => {
    const codec = compressed(bytes());
    const wire = codec.encode(new Uint8Array(100));
    expect(Object.getPrototypeOf(wire)).toBe(Uint8Array.prototype);
    expect(Object.getPrototypeOf(codec.decode(wire))).toBe(Uint8Array.prototype);
  });

  test("invalid codecs and options throw", () => {
    expect(() => compressed(optional(bytes()))).toThrow(/write optional\(compressed\(codec\)\)/);
    expect(() => compressed(bytes(), { maxBytes: 0 })).toThrow(RangeError);
    for (const level of [-1, 10, 1.5, Number.NaN])
      expect(() => compressed(bytes(), { level })).toThrow(/level must be/);
    expect(() => compressed(bytes(), { max: 3 } as object)).toThrow(/unknown option "max"/);
    expect(() => zlib({ of: "each" as "pieces" })).toThrow(/must be "whole" or "pieces"/);
  });
});

describe("big with zlib", () => {
  const text = "row ".repeat(100_000);
  const values = [new Uint8Array(), new TextEncoder().encode(text), incompressible(200_000)];

  for (const of of ["whole", "pieces"] as const) {
    test(`values are equal after compression of the ${of}, even if they do not compress`, () => {
      const fields = { it: big(bytes(), { compression: zlib({ of, level: 9 }) }) };
      for (const it of values)
        expect(Buffer.compare(readFields(fields, writeFields(fields, { it })).it as Buffer, it)).toBe(0);
    });
  }

  test("Evennia's pieces hold 65535 bytes each before compression", () => {
    const fields = { it: big(bytes(), { compression: zlib({ of: "pieces", level: 9 }) }) };
    const it = new TextEncoder().encode(text);
    const [box] = parseBoxes(writeFields(fields, { it }));
    expect([...(box?.keys() ?? [])]).toEqual(["it", "it.2", "it.3", "it.4", "it.5", "it.6", "it.7"]);
    const pieces = [...(box?.values() ?? [])];
    expect(
      pieces.every(
        (piece, index) =>
          Buffer.compare(
            piece,
            deflateSync(it.subarray(index * 65535, (index + 1) * 65535), { level: 9 }),
          ) === 0,
      ),
    ).toBe(true);
  });

  test("MAAS's value is compressed as a whole, and the same as that of compressed() if it fits one key", () => {
    const fields = { it: big(unicode(), { compression: zlib() }) };
    const [box] = parseBoxes(writeFields(fields, { it: text }));
    expect([...(box?.keys() ?? [])]).toEqual(["it"]);
    expect(box?.get("it")).toEqual(compressed(unicode()).encode(text));
  });
});
