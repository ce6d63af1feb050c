/** Tags in generated code, compared with the loop of the core. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTag } from "../../src/core/wire/tag.ts";
import { PUT_TAG_BYTES, putTag, readTag } from "../../src/node/generated-code/tags.ts";

/** Tags around each change of the number of digits, and of a letter. */
const EDGES = Array.from({ length: 29 }, (_, bits) => 2 ** bits).flatMap((tag) => [
  tag - 1,
  tag,
  tag + 9,
  tag + 10,
]);

function put(tag: number): string {
  const bytes = new Uint8Array(3 + PUT_TAG_BYTES);
  const end = putTag(bytes, new DataView(bytes.buffer), 3, tag);
  return Buffer.from(bytes.subarray(3, end)).toString("latin1");
}

/** Reads the characters behind four bytes of another key, as in a box. */
function read(characters: string, read = readTag, before = "xf\x00\x05"): number {
  const bytes = Buffer.from(`${before}${characters}`, "latin1");
  return read(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 4, bytes.length);
}

const inLoop: typeof readTag = (bytes, _view, start, end) => parseTag(bytes, start, end);

describe("tags in generated code", () => {
  test("a tag is written in lower-case hexadecimal digits and read back", () => {
    for (const tag of EDGES.filter((one) => one > 0 && one < 2 ** 28)) {
      expect(put(tag)).toBe(tag.toString(16));
      expect(read(tag.toString(16))).toBe(tag);
    }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 28 - 1 }), (tag) => {
        expect(put(tag)).toBe(tag.toString(16));
        expect(read(tag.toString(16))).toBe(tag);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a tag of more than seven digits is left to the loop", () => {
    const bytes = new Uint8Array(16);
    expect(putTag(bytes, new DataView(bytes.buffer), 0, 2 ** 28)).toBe(-1);
    for (const tag of [2 ** 28, 2 ** 32, Number.MAX_SAFE_INTEGER]) expect(read(tag.toString(16))).toBe(tag);
  });

  test("every other character is refused at every position, as by the loop", () => {
    for (const valid of ["1", "fe", "a09", "1234", "98765", "abcdef", "1000000", "12345678"]) {
      for (let at = 0; at < valid.length; at++) {
        for (let code = 0; code < 256; code++) {
          const characters = `${valid.slice(0, at)}${String.fromCharCode(code)}${valid.slice(at + 1)}`;
          expect([characters, read(characters)]).toEqual([characters, read(characters, inLoop)]);
        }
      }
    }
  });

  test("arbitrary bytes are read as by the loop, whatever comes before them", () => {
    const characters = fc.string({
      unit: fc.constantFrom(..."0123456789abcdefgoABO:@`/\x00\x7f\xe1\xff"),
      maxLength: 16,
    });
    const before = fc.string({ unit: fc.constantFrom(..."0a\x00\xff"), minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(characters, before, (text, other) => {
        expect(read(text, readTag, other)).toBe(read(text, inLoop, other));
      }),
      { numRuns: 5_000 },
    );
  });
});
