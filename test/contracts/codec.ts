/**
 * Contract of every codec. Each received value is decoded from bytes of its own, from the middle of other bytes, and
 * from a box that arrives byte by byte. Each sent value is encoded alone and after other bytes.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Argument } from "../../src/core/schema/argument.ts";
import { asInPlace } from "../../src/core/schema/argument.ts";
import { BoxTemplate, NO_TAG } from "../../src/core/schema/box-template.ts";
import { FieldSet } from "../../src/core/schema/field-set.ts";
import { readFields } from "../../src/core/schema/read-fields.ts";
import { ByteWriter } from "../../src/core/wire/byte-writer.ts";
import { BoxReader } from "../../src/core/wire/reader.ts";

/** Bytes of a value, or the text whose UTF-8 they are. */
export type Wire = string | Uint8Array;

export function wireBytes(wire: Wire): Uint8Array {
  return typeof wire === "string" ? new TextEncoder().encode(wire) : wire;
}

/** Returns one decoding for every way in which a value's bytes may reach a codec. */
export function decodings<T>(codec: Argument<T>, wire: Wire): (() => unknown)[] {
  const bytes = wireBytes(wire);
  return [
    () => codec.decode(Uint8Array.from(bytes)),
    () => decodeAmong(codec, bytes, 0x31),
    () => decodeAmong(codec, bytes, 0x00),
    () => decodeAmong(codec, bytes, 0x2d),
    () => decodeByteByByte(codec, bytes),
  ];
}

/** More bytes than a codec with a fixed length reads. */
const AROUND = 40;

/** Decodes from the middle of digits, zeros or minus signs, so that one byte too many or too few would change the value. */
function decodeAmong<T>(codec: Argument<T>, bytes: Uint8Array, around: number): unknown {
  const larger = new Uint8Array(bytes.length + 2 * AROUND).fill(around);
  larger.set(bytes, AROUND);
  return asInPlace(codec).read(larger, AROUND, AROUND + bytes.length);
}

function decodeByteByByte<T>(codec: Argument<T>, bytes: Uint8Array): unknown {
  const wire = new ByteWriter();
  new BoxTemplate(new FieldSet({ it: verbatim }, "field"), []).write(wire, NO_TAG, { it: bytes });
  const reader = new BoxReader();
  const set = new FieldSet({ it: codec }, "field");
  for (const byte of wire.copy()) {
    reader.push(Uint8Array.of(byte));
    const frame = reader.nextFrame();
    if (frame !== undefined) return readFields(set, frame).it;
  }
  throw new Error("the box did not arrive");
}

const verbatim: Argument<Uint8Array> = { encode: (value) => value, decode: (bytes) => bytes };

/** Compares bytes as `toEqual` does, but fast: `toEqual` needs a minute for a megabyte. */
export function expectBytes(actual: unknown, expected: Uint8Array): void {
  if (!(actual instanceof Uint8Array) || Buffer.compare(actual, expected) !== 0)
    expect(actual).toEqual(expected);
}

/** @param value the expected value, compared with `toEqual`; or a function that checks the decoded one */
export function reads<T>(codec: Argument<T>, wire: Wire, value: T | ((value: T) => void)): void {
  test(`the codec decodes ${name(wire)}`, () => {
    for (const decoding of decodings(codec, wire)) {
      const decoded = decoding();
      // A codec of T returns a T from decode().
      if (value instanceof Function) value(decoded as T);
      else if (value instanceof Uint8Array) expectBytes(decoded, value);
      else expect(decoded).toEqual(value);
    }
  });
}

export function refuses<T>(codec: Argument<T>, wire: Wire, message?: RegExp): void {
  test(`the codec rejects ${name(wire)}`, () => {
    for (const decoding of decodings(codec, wire)) expect(decoding).toThrow(message);
    expect(() => codec.decode(wireBytes(wire))).toThrow(/./);
  });
}

export function sends<T>(codec: Argument<T>, value: T, wire: Wire): void {
  test(`the codec encodes a value as ${name(wire)}`, () => {
    expectBytes(codec.encode(value), wireBytes(wire));
    const out = new ByteWriter(1);
    out.append(wireBytes("before"));
    asInPlace(codec).write(value, out);
    expectBytes(out.copy(), Uint8Array.from([...wireBytes("before"), ...wireBytes(wire)]));
  });
}

/** @param value a value of any type, because programs in JavaScript are not type-checked */
export function doesNotSend<T>(
  codec: Argument<T>,
  value: unknown,
  error: RegExp | (new (message: string) => Error),
): void {
  test(`the codec does not encode ${String(name(String(value)))} (${typeof value})`, () => {
    expect(() => codec.encode(value as T)).toThrow(error);
  });
}

export function bringsBack<T>(codec: Argument<T>, values: fc.Arbitrary<T>, same = expectEqual<T>): void {
  test("the codec decodes what it encodes to an equal value", () => {
    fc.assert(
      fc.property(values, (value) => {
        const wire = codec.encode(value);
        same(codec.decode(wire), value);
        same(decodeAmong(codec, wire, 0x31) as T, value);
      }),
    );
  });
}

/**
 * Tests that bytes from a peer decode, or throw an error with a message, and that every decoded value can be encoded.
 */
export function survivesAnything<T>(codec: Argument<T>, likely: string): void {
  const wires = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ unit: fc.constantFrom(...likely), maxLength: 12 }).map(wireBytes),
  );
  test("the codec decodes or rejects any bytes, and encodes every decoded value", () => {
    fc.assert(
      fc.property(wires, (wire) => {
        let value: T;
        try {
          value = codec.decode(wire);
        } catch (error) {
          expect((error as Error).message).toMatch(/^\S.*\S$/s);
          return;
        }
        const canonical = codec.encode(value);
        expect(codec.encode(codec.decode(canonical))).toEqual(canonical);
      }),
      { numRuns: 500 },
    );
  });
}

function expectEqual<T>(actual: T, expected: T): void {
  expect(actual).toEqual(expected);
}

function name(wire: Wire): string {
  const text = typeof wire === "string" ? wire : Buffer.from(wire).toString("latin1");
  return JSON.stringify(text.length > 50 ? `${text.slice(0, 40)}... (${text.length})` : text);
}
