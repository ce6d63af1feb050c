import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteWriter, LENT_BYTES } from "../../../src/core/wire/byte-writer.ts";
import { FixedBytes } from "../../../src/core/wire/fixed-bytes.ts";
import { appendShortText } from "../../../src/core/wire/short-text.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function written(write: (out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter(1);
  out.byte(0x3c);
  write(out);
  out.byte(0x3e);
  return out.copy();
}

describe("ByteWriter", () => {
  test("a writer appends every kind of bytes and grows as needed", () => {
    const parts = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }).map((all) => ({ all, write: (out: ByteWriter) => out.append(all) })),
        fc.uint8Array({ maxLength: 60 }).map((all) => {
          const fixed = new FixedBytes(all);
          return { all, write: (out: ByteWriter) => out.appendFixed(fixed) };
        }),
        fc.string({ unit: "binary", maxLength: 40 }).map((text) => {
          return { all: bytes(text), write: (out: ByteWriter) => out.utf8(text) };
        }),
        fc.string({ unit: "binary-ascii", maxLength: 40 }).map((text) => {
          return { all: bytes(text), write: (out: ByteWriter) => out.ascii(text) };
        }),
        fc.nat({ max: 65535 }).map((value) => {
          return {
            all: Uint8Array.of(value >> 8, value & 255),
            write: (out: ByteWriter) => out.uint16(value),
          };
        }),
      ),
    );
    fc.assert(
      fc.property(parts, (all) => {
        const result = written((out) => {
          for (const part of all) part.write(out);
        });
        const expected = Buffer.concat([bytes("<"), ...all.map((part) => part.all), bytes(">")]);
        expect(Buffer.from(result).equals(expected)).toBe(true);
      }),
    );
  });

  test("appendRange() appends a part of an array", () => {
    const source = Uint8Array.from({ length: 100 }, (_, index) => index);
    for (const [start, end] of [
      [0, 0],
      [3, 10],
      [10, 90],
    ] as const) {
      const expected = [0x3c, ...source.subarray(start, end), 0x3e];
      expect([...written((out) => out.appendRange(source, start, end))]).toEqual(expected);
    }
  });

  test("appendShortText() writes up to 48 characters without surrogates, and nothing of other text", () => {
    for (const text of [
      "",
      "abc",
      "a".repeat(48),
      "é",
      "abcé\x7f\x80\u07ff\u0800\ud7ff\ue000\uffff",
      "三".repeat(48),
    ]) {
      expect(written((out) => expect(appendShortText(out, text)).toBe(true))).toEqual(bytes(`<${text}>`));
    }
    expect(appendShortText(new ByteWriter(), "")).toBe(true);
    for (const text of ["a".repeat(49), "😀", "a\ud800", "é\udfff"]) {
      expect(written((out) => expect(appendShortText(out, text)).toBe(false))).toEqual(bytes("<>"));
    }
  });

  test("endCounted() fills in a length when it is known", () => {
    const out = written((all) => {
      const outer = all.beginCounted();
      const inner = all.beginCounted();
      all.ascii("abc");
      expect(all.endCounted(inner)).toBe(3);
      expect(all.endCounted(outer)).toBe(5);
    });
    expect(out).toEqual(bytes("<\0\x05\0\x03abc>"));
  });

  test("endCounted() returns a length that does not fit", () => {
    const out = new ByteWriter();
    const position = out.beginCounted();
    out.append(new Uint8Array(65536));
    expect(out.endCounted(position)).toBe(65536);
  });

  test("a writer can be shortened, and copies from any position", () => {
    const out = new ByteWriter(2);
    out.ascii("hello");
    out.length = 4;
    out.appendFixed(new FixedBytes(bytes("o")));
    out.ascii("!");
    expect(out.copy()).toEqual(bytes("hello!"));
    expect(out.copy(4)).toEqual(bytes("o!"));
    const copy = out.copy();
    out.length = 0;
    out.ascii("X");
    expect(copy).toEqual(bytes("hello!"));
  });

  test("a writer keeps its buffer while there is space, and doubles it otherwise", () => {
    const out = new ByteWriter(8);
    const first = out.bytes;
    out.ascii("12345678");
    expect(out.bytes).toBe(first);
    out.byte(0);
    expect(out.bytes.length).toBe(16);
    out.reserve(64 - out.length);
    expect(out.bytes.length).toBe(64);
  });
});

describe("a writer that lends", () => {
  const large = new Uint8Array(LENT_BYTES).fill(7);
  const lending = (): ByteWriter => {
    const out = new ByteWriter();
    out.lends = true;
    return out;
  };

  test("a lending writer attaches large values, copies others, and counts both", () => {
    const out = lending();
    out.append(large.subarray(1));
    expect(out.attached).toBe(false);
    out.length = 0;
    out.ascii("head");
    const outer = out.beginCounted();
    out.ascii("a");
    const inner = out.beginCounted();
    out.append(large);
    expect(out.endCounted(inner)).toBe(LENT_BYTES);
    out.append(large.subarray(1));
    expect(out.endCounted(outer)).toBe(1 + 2 + LENT_BYTES + LENT_BYTES - 1);
    expect(out.attached).toBe(true);
    expect(out.size).toBe(4 + 2 + 1 + 2 + 2 * LENT_BYTES - 1);
    const parts = out.parts();
    expect(parts[1]).toBe(large);
    const plain = new ByteWriter();
    plain.ascii("head");
    const first = plain.beginCounted();
    plain.ascii("a");
    const second = plain.beginCounted();
    plain.append(large);
    plain.endCounted(second);
    plain.append(large.subarray(1));
    plain.endCounted(first);
    expect(Buffer.concat(parts).equals(plain.copy())).toBe(true);
  });

  test.each([
    ["memory of another thread", new SharedArrayBuffer(LENT_BYTES)],
    ["resizable memory", Reflect.construct(ArrayBuffer, [LENT_BYTES, { maxByteLength: 2 * LENT_BYTES }])],
  ])("a lending writer copies a large value in %s", (_, buffer: ArrayBufferLike) => {
    const out = lending();
    out.append(new Uint8Array(buffer));
    expect(out.attached).toBe(false);
    expect(out.length).toBe(LENT_BYTES);
  });

  test("endCounted() does not count values that are attached before its position", () => {
    const out = lending();
    out.append(large);
    const position = out.beginCounted();
    out.ascii("abc");
    expect(out.endCounted(position)).toBe(3);
    expect(Buffer.concat(out.parts()).subarray(LENT_BYTES)).toEqual(Buffer.from("\0\x03abc"));
  });

  test("parts() returns the bytes of a writer without attached values", () => {
    const out = lending();
    out.ascii("abc");
    expect(out.parts()).toEqual([bytes("abc")]);
    expect(out.size).toBe(3);
  });

  test("truncate() removes attached values after its position and no others", () => {
    const out = lending();
    out.append(large);
    out.ascii("ends");
    const start = out.length;
    out.ascii("begins");
    out.append(large);
    out.truncate(start);
    expect(out.size).toBe(LENT_BYTES + 4);
    expect(Buffer.concat(out.parts()).toString("latin1")).toBe(`${"\x07".repeat(LENT_BYTES)}ends`);
    out.truncate(0);
    expect(out.attached).toBe(false);
    expect(out.size).toBe(0);
  });
});
