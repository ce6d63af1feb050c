import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytes } from "../../../src/core/arguments/bytes.ts";
import { ByteWriter } from "../../../src/core/wire/byte-writer.ts";
import { bringsBack, doesNotSend, reads, sends, wireBytes } from "../../contracts/codec.ts";

describe("bytes", () => {
  for (const count of [0, 1, 23, 24, 4095, 4096, 65535]) {
    const value = Uint8Array.from({ length: count }, (_, index) => index * 7);
    reads(bytes(), value, value);
    sends(bytes(), value, value);
  }
  for (const value of ["text", null, undefined, [1, 2], new ArrayBuffer(2), new Uint16Array(1)]) {
    doesNotSend(bytes(), value, TypeError);
  }
  bringsBack(bytes(), fc.uint8Array());

  test("bytes() encodes a Buffer, and decodes a plain Uint8Array from a Buffer", () => {
    expect(bytes().encode(Buffer.from("hi"))).toEqual(wireBytes("hi"));
    for (const size of [2, 10_000]) {
      const read = bytes().read(Buffer.alloc(size + 10, 1), 5, 5 + size);
      expect(read).toHaveLength(size);
      expect(Object.getPrototypeOf(read)).toBe(Uint8Array.prototype);
    }
  });

  test("bytes() copies a short value, so that it does not retain the chunk", () => {
    const chunk = new Uint8Array(100_000);
    expect(bytes().read(chunk, 10, 20).buffer.byteLength).toBe(10);
  });

  test.each([0, 10, 20_000])("bytes() refuses %i bytes whose buffer was transferred", (count) => {
    const value = new Uint8Array(count);
    structuredClone(value.buffer, { transfer: [value.buffer] });
    doesNotSendNow(value);
  });

  test("bytes() refuses bytes whose buffer has shrunk", () => {
    // Resizable buffers are newer than the types.
    const buffer: ArrayBuffer = Reflect.construct(ArrayBuffer, [10, { maxByteLength: 20 }]);
    const value = new Uint8Array(buffer, 0, 10);
    Reflect.get(buffer, "resize").call(buffer, 5);
    doesNotSendNow(value);
  });
});

function doesNotSendNow(value: Uint8Array): void {
  expect(() => bytes().encode(value)).toThrow(TypeError);
  expect(() => bytes().write(value, new ByteWriter())).toThrow(TypeError);
}
