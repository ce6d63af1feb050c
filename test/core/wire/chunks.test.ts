import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { Chunks } from "../../../src/core/wire/chunks.ts";
import { BoxReader } from "../../../src/core/wire/reader.ts";

test("chunks are returned in order, and their bytes are counted", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(5), { nil: undefined })), (steps) => {
      const chunks = new Chunks();
      const model: Uint8Array[] = [];
      for (const length of steps) {
        if (length === undefined) {
          expect(chunks.shift()).toBe(model.shift());
        } else {
          const chunk = new Uint8Array(length);
          chunks.push(chunk);
          model.push(chunk);
        }
        expect(chunks.bytes).toBe(model.reduce((sum, chunk) => sum + chunk.length, 0));
      }
    }),
  );
});

test("a reader with many queued chunks does not shift an array for each", () => {
  const reader = new BoxReader();
  const box = Uint8Array.from([0, 1, 0x61, 0, 0, 0, 0]);
  for (let count = 0; count < 10_000; count++) for (const byte of box) reader.push(Uint8Array.of(byte));
  expect(reader.buffered).toBe(70_000);
  const moves = [vi.spyOn(Array.prototype, "shift"), vi.spyOn(Array.prototype, "splice")];
  let boxes = 0;
  while (reader.nextFrame() !== undefined) boxes++;
  const moved = moves.map((move) => move.mock.calls.length);
  for (const move of moves) move.mockRestore();
  expect(boxes).toBe(10_000);
  expect(moved).toEqual([0, 0]);
  expect(reader.buffered).toBe(0);
});
