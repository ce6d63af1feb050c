/** Code that stores and compares constant bytes: read as 64-bit numbers, some bytes are NaN, 0 or -0. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FixedBytes } from "../../src/core/wire/fixed-bytes.ts";
import { differences, SPILLED_BYTES, storeLines } from "../../src/node/generated-code/constant-bytes.ts";

const AT = 3;
const FILL = 0xa5;

/** Constants of 1 to 40 bytes, with many bytes of special numbers. */
const constants = fc.uint8Array({ minLength: 1, maxLength: 40 }).chain((bytes) =>
  fc
    .array(fc.constantFrom(0x00, 0x7f, 0x80, 0xf0, 0xf8, 0xff), {
      minLength: bytes.length,
      maxLength: bytes.length,
    })
    .chain((special) => fc.constantFrom(bytes, Uint8Array.from(special))),
);

function stored(bytes: Uint8Array): Uint8Array {
  const memory = new Uint8Array(AT + bytes.length + SPILLED_BYTES + 1).fill(FILL);
  new Function("view", "at", storeLines(new FixedBytes(bytes)).join("\n"))(new DataView(memory.buffer), AT);
  return memory;
}

/** Returns a function that compares bytes with the constant. */
function comparison(constant: Uint8Array): (bytes: Uint8Array) => boolean {
  const differ = new Function("view", "at", `return ${differences(new FixedBytes(constant)).join(" || ")};`);
  return (bytes) => {
    // At least four bytes follow the beginning of a key.
    const memory = new Uint8Array(AT + Math.max(4, bytes.length)).fill(FILL);
    memory.set(bytes, AT);
    return differ(new DataView(memory.buffer), AT) === false;
  };
}

describe("constant bytes in generated code", () => {
  test("bytes of every value and length are stored, with at most seven zeros after them", () => {
    fc.assert(
      fc.property(constants, (bytes) => {
        const memory = stored(bytes);
        expect(memory.subarray(AT, AT + bytes.length)).toEqual(bytes);
        expect(memory.subarray(0, AT)).toEqual(new Uint8Array(AT).fill(FILL));
        expect(memory.at(-1)).toBe(FILL);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a comparison accepts the same bytes, and no bytes of which one differs", () => {
    fc.assert(
      fc.property(constants, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, position, change) => {
        const equals = comparison(bytes);
        expect(equals(bytes)).toBe(true);
        const other = bytes.slice();
        const at = position % bytes.length;
        other[at] = (other[at] as number) ^ change;
        expect(equals(other)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ["NaN", [0, 0, 0, 0, 0, 0, 0xf8, 0x7f]],
    ["another NaN", [1, 2, 3, 4, 5, 6, 0xff, 0xff]],
    ["0", [0, 0, 0, 0, 0, 0, 0, 0]],
    ["-0", [0, 0, 0, 0, 0, 0, 0, 0x80]],
    ["infinity", [0, 0, 0, 0, 0, 0, 0xf0, 0x7f]],
    ["the smallest number", [1, 0, 0, 0, 0, 0, 0, 0]],
  ])("the bytes of %s are stored and compared", (_, numbers) => {
    const bytes = Uint8Array.from(numbers);
    expect(stored(bytes).subarray(AT, AT + 8)).toEqual(bytes);
    const equals = comparison(bytes);
    expect(equals(bytes)).toBe(true);
    for (let at = 0; at < 8; at++) {
      for (const bit of [1, 0x80]) {
        const other = bytes.slice();
        other[at] = (other[at] as number) ^ bit;
        expect(equals(other)).toBe(false);
      }
    }
  });

  test("long constants take one operation for eight bytes", () => {
    const key = new FixedBytes(Buffer.from("\0\x0ea_long_key_name\0\0"));
    expect(storeLines(key)).toHaveLength(3);
    expect(differences(key)).toHaveLength(3);
  });
});
