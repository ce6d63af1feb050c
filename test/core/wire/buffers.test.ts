/** The buffers of received values: a program can read all of `value.buffer`, and passes it on with `postMessage`. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Box } from "../../../src/core/wire/box.ts";
import { encodeBox } from "../../../src/core/wire/box-writer.ts";
import { BoxReader } from "../../../src/core/wire/reader.ts";
import { concat, drained } from "./boxes.ts";

/** Byte of data that was not received on the connection. No stream of these tests contains it. */
const FOREIGN = 0xee;
const MAX_VALUE = 65_535;

/** Returns a box whose values have this many bytes together. */
function boxOf(size: number): Box {
  const box = new Box();
  for (let rest = size, index = 0; index === 0 || rest > 0; rest -= MAX_VALUE, index++) {
    const length = Math.min(rest, MAX_VALUE);
    box.set(
      `k${index}`,
      new Uint8Array(length).map((_, at) => (at + index) % 200),
    );
  }
  return box;
}

/** Returns a copy of the chunk in the middle of a larger buffer, as in Node's pool. */
function inPool(chunk: Uint8Array): Uint8Array {
  const pool = new Uint8Array(chunk.length + 200).fill(FOREIGN);
  pool.set(chunk, 100);
  return pool.subarray(100, 100 + chunk.length);
}

/** Pushes a chunk and reads boxes. Returns the number of bytes pushed. */
type Push = (reader: BoxReader, chunk: Uint8Array) => number;

function pushing(ownership: "shared" | "owned", copy: (chunk: Uint8Array) => Uint8Array): Push {
  return (reader, chunk) => {
    reader.push(copy(chunk), ownership);
    return chunk.length;
  };
}

/** Lends one buffer, or reads into the room that the reader offers. @param most bytes of one read into a room */
function lending(usesRoom: boolean, most = Infinity): Push {
  const buffer = new Uint8Array(MAX_VALUE + 1).fill(FOREIGN);
  return (reader, chunk) => {
    const room = usesRoom ? reader.room() : undefined;
    const place = room?.subarray(0, most) ?? buffer;
    const part = chunk.subarray(0, place.length);
    place.set(part);
    reader.push(place.subarray(0, part.length), room === undefined ? "borrowed" : "owned");
    return part.length;
  };
}

const PUSHES: readonly (readonly [string, () => Push])[] = [
  ["shared chunks", () => pushing("shared", (chunk) => chunk.slice())],
  ["owned chunks", () => pushing("owned", (chunk) => chunk.slice())],
  ["shared chunks of a pool", () => pushing("shared", inPool)],
  ["owned chunks of a pool", () => pushing("owned", inPool)],
  ["Buffers", () => pushing("owned", (chunk) => Buffer.from(chunk))],
  ["borrowed chunks", () => lending(false)],
  ["memory of the reader", () => lending(true)],
  ["memory of the reader that is filled in part", () => lending(true, 7000)],
];

const SIZES = [
  0, 1, 31, 32, 65, 1000, 4095, 4096, 5000, 17_000, 40_000, 60_000, 65_535, 70_000, 131_000, 200_000,
];
const CHUNKS = [999, 5000, 16_384, 65_536, 200_000];

describe("value.buffer", () => {
  beforeEach(() => {
    vi.spyOn(Buffer, "allocUnsafeSlow").mockImplementation((count) => Buffer.alloc(count, FOREIGN));
  });
  afterEach(() => void vi.restoreAllMocks());

  test.each(PUSHES)(
    "the buffer of a value contains only bytes of the connection and zeros if it came in %s",
    (_, newPush) => {
      for (const size of SIZES) {
        const sent = [boxOf(size), boxOf(3), boxOf(size), boxOf(size)];
        const stream = concat(sent.map(encodeBox));
        expect(stream.includes(FOREIGN)).toBe(false);
        for (const chunkSize of CHUNKS) {
          const reader = new BoxReader();
          const push = newPush();
          const read: Box[] = [];
          for (let at = 0; at < stream.length; ) {
            at += push(reader, stream.subarray(at, at + chunkSize));
            for (const box of drained(reader)) {
              read.push(box);
              for (const value of box.values()) expect(leaks(value)).toBe(false);
            }
            reader.giveBack();
          }
          expect(Buffer.concat(read.map(encodeBox)).equals(stream)).toBe(true);
          // Also after later boxes have arrived.
          for (const box of read) for (const value of box.values()) expect(leaks(value)).toBe(false);
        }
      }
    },
  );
});

function leaks(value: Uint8Array): boolean {
  return new Uint8Array(value.buffer).includes(FOREIGN);
}
