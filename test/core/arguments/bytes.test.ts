import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytes } from "../../../src/core/arguments/bytes.ts";
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
});
