import { describe, expect, test } from "vitest";
import { Box } from "../../../src/core/wire/box.ts";
import { encodeBox, keyHeader } from "../../../src/core/wire/box-writer.ts";
import { FixedBytes } from "../../../src/core/wire/fixed-bytes.ts";
import type { Frame } from "../../../src/core/wire/frame.ts";
import { keptBytes } from "../../../src/core/wire/frame.ts";
import { frameOfBox, frameOfBytes } from "../../../src/core/wire/frame-of.ts";
import { textToKey } from "../../../src/core/wire/key-text.ts";
import { BoxReader } from "../../../src/core/wire/reader.ts";
import { concat } from "./boxes.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const fixed = (key: string): FixedBytes => new FixedBytes(keyHeader(textToKey(key)));

function frameOf(wire: Uint8Array, chunkSize = wire.length): Frame {
  const reader = new BoxReader();
  for (let at = 0; at < wire.length; at += chunkSize) {
    reader.push(wire.slice(at, at + chunkSize));
    const frame = reader.nextFrame();
    if (frame !== undefined) return frame;
  }
  throw new Error("not a whole box");
}

describe("keys", () => {
  for (const chunkSize of [1, 3, 100]) {
    test(`keys are found by their bytes, in chunks of ${chunkSize}`, () => {
      const frame = frameOf(bytes("\0\x01a\0\x011\0\x02ab\0\x0222\0\x01b\0\0\0\0"), chunkSize);
      expect(frame.count).toBe(3);
      expect(["a", "ab", "b", "c", "aa"].map((key) => frame.indexOf(fixed(key)))).toEqual([0, 1, 2, -1, -1]);
      expect(["a", "ab", "b", "c"].map((key) => frame.indexFrom(1, fixed(key)))).toEqual([-1, 1, 2, -1]);
      expect([0, 1, 2].map((index) => frame.keyText(index))).toEqual(["a", "ab", "b"]);
      expect([0, 1, 2].map((index) => frame.value(index))).toEqual([bytes("1"), bytes("22"), bytes("")]);
    });
  }

  test("keys are ascending only if each is greater than the one before, byte by byte", () => {
    const ascending = (keys: readonly string[]): boolean =>
      frameOf(bytes(`${keys.map((key) => `\0${String.fromCharCode(key.length)}${key}\0\0`).join("")}\0\0`))
        .ascending;
    expect(ascending([])).toBe(true);
    expect(ascending(["a", "aa", "ab", "b"])).toBe(true);
    expect(ascending(["Z", "_", "a"])).toBe(true);
    expect(ascending(["b", "a"])).toBe(false);
    expect(ascending(["aa", "a"])).toBe(false);
    expect(ascending(["a", "a"])).toBe(false);
    expect(ascending(["b", "a", "c"])).toBe(false);
    expect(frameOf(Uint8Array.from([0, 1, 0x7f, 0, 0, 0, 1, 0x80, 0, 0, 0, 0])).ascending).toBe(true);
    // Only the keys are compared, not the lengths of the values, which follow them.
    expect(ascending(["a", "a\0"])).toBe(true);
    const a = concat([bytes("\0\x01a"), Uint8Array.of(1, 0), new Uint8Array(256)]);
    const longer = bytes("\0\x02a\0\0\0");
    const end = new Uint8Array(2);
    expect(frameOf(concat([a, longer, end])).ascending).toBe(true);
    expect(frameOf(concat([longer, a, end])).ascending).toBe(false);
  });

  test("the last of equal keys is used", () => {
    const frame = frameOf(bytes("\0\x01a\0\x011\0\x01b\0\x012\0\x01a\0\x013\0\0"));
    expect(frame.value(frame.indexOf(fixed("a")))).toEqual(bytes("3"));
    expect(frame.toBox()).toEqual(new Box({ a: "3", b: "2" }));
  });

  test("a box may have 500 keys", () => {
    const box = new Box(Array.from({ length: 500 }, (_, index) => [`key ${index}`, `value ${index}`]));
    for (const chunkSize of [1, 64, 100_000])
      expect(frameOf(encodeBox(box), chunkSize).toBox().size).toBe(500);
  });
});

describe("a frame", () => {
  test("a frame is reused for the next box", () => {
    const reader = new BoxReader();
    reader.push(bytes("\0\x01b\0\x011\0\x01a\0\x012\0\0\0\x01c\0\x013\0\0"));
    const first = reader.nextFrame();
    expect(first?.ascending).toBe(false);
    const second = reader.nextFrame();
    expect(second).toBe(first);
    expect(second?.toBox()).toEqual(new Box({ c: "3" }));
    expect(second?.ascending).toBe(true);
  });

  test.each(["shared", "owned", "borrowed"] as const)(
    "a frame knows where its box begins and ends, also if it was copied from a chunk that is %s",
    (ownership) => {
      const boxes = [new Box({ a: "1" }), new Box({ a: "1", b: new Uint8Array(5000) }), new Box({ c: "3" })];
      const wires = boxes.map(encodeBox);
      const stream = concat(wires);
      for (const cutAt of [3, wires[0]?.length ?? 0, 20, 4000, stream.length - 2, stream.length]) {
        const reader = new BoxReader();
        const read: Uint8Array[] = [];
        for (const chunk of [stream.slice(0, cutAt), stream.slice(cutAt)]) {
          reader.push(chunk, ownership);
          for (let frame = reader.nextFrame(); frame !== undefined; frame = reader.nextFrame())
            read.push(frame.bytes.slice(frame.start, frame.cursor));
          reader.giveBack();
        }
        expect(read).toEqual(wires);
      }
    },
  );

  test("a key of the box before is not found in a frame", () => {
    const reader = new BoxReader();
    reader.push(bytes("\0\x01a\0\x011\0\x01b\0\x012\0\0\0\x01a\0\x013\0\0"));
    expect(reader.nextFrame()?.indexOf(fixed("b"))).toBe(1);
    expect(reader.nextFrame()?.indexOf(fixed("b"))).toBe(-1);
  });
});

test("a box of this end becomes a frame without regard to limits, and may be empty", () => {
  const box = new Box(Array.from({ length: 1001 }, (_, index) => [`k${index}`, ""]));
  expect(frameOfBox(box).count).toBe(1001);
  expect(frameOfBox(new Box()).count).toBe(0);
  expect(() => frameOfBytes(Uint8Array.of(0, 1))).toThrow("the bytes do not contain a complete box");
});

test("keptBytes() copies short values and parts of larger buffers, and returns a view of long values", () => {
  const chunk = Uint8Array.from({ length: 10_000 }, (_, index) => index);
  for (const count of [0, 1, 31, 32, 4095]) {
    const kept = keptBytes(chunk, 5, 5 + count);
    expect(kept).toEqual(chunk.subarray(5, 5 + count));
    expect(kept.buffer).not.toBe(chunk.buffer);
  }
  expect(keptBytes(chunk, 5, 5 + 4096).buffer).toBe(chunk.buffer);
  expect(keptBytes(chunk, 5, 5 + 4096)).toEqual(chunk.subarray(5, 5 + 4096));
  const inside = chunk.subarray(100);
  expect(keptBytes(inside, 5, 5 + 4096).buffer.byteLength).toBe(4096);
  expect(keptBytes(inside, 5, 5 + 4096)).toEqual(chunk.subarray(105, 105 + 4096));
  // A view keeps at most 16 times its size alive.
  expect(keptBytes(new Uint8Array(65_536), 5, 5 + 4096).buffer.byteLength).toBe(65_536);
  expect(keptBytes(new Uint8Array(65_537), 5, 5 + 4096).buffer.byteLength).toBe(4096);
});
