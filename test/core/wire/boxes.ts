/** Boxes and streams of bytes for the tests of src/core/wire. */
import fc from "fast-check";
import { Box } from "../../../src/core/wire/box.ts";
import { keyToText } from "../../../src/core/wire/key-text.ts";
import type { BoxReader } from "../../../src/core/wire/reader.ts";

/** Boxes with any keys. Values are short, about 4 KiB (the size from which they are views), or arbitrary. */
export const arbitraryBox: fc.Arbitrary<Box> = fc
  .uniqueArray(
    fc.tuple(
      fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => keyToText(bytes)),
      fc.oneof(
        { weight: 8, arbitrary: fc.uint8Array({ maxLength: 30 }) },
        fc.integer({ min: 4090, max: 4100 }).map((size) => new Uint8Array(size).fill(size)),
      ),
    ),
    { minLength: 1, maxLength: 6, selector: ([key]) => key },
  )
  .map((entries) => new Box(entries));

/** Returns keys and values as text, sorted, to compare boxes fast and without regard to order. */
export function pairs(box: Box): string[] {
  return [...box].map(([key, value]) => `${key}=${Buffer.from(value).toString("hex")}`).sort();
}

export function drained(reader: BoxReader): Box[] {
  const boxes: Box[] = [];
  for (let box = reader.next(); box !== undefined; box = reader.next()) boxes.push(box);
  return boxes;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** Splits the bytes into copied chunks of these sizes; the last chunk has the rest. */
export function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    chunks.push(bytes.slice(at, at + size));
    at += size;
  }
  if (at < bytes.length) chunks.push(bytes.slice(at));
  return chunks;
}
