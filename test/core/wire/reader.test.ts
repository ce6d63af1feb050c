import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvalidSignature } from "../../../src/core/errors/caller.ts";
import { BoxTooLarge, KeyTooLong, MalformedAmpBox } from "../../../src/core/errors/peer.ts";
import type { ChunkOwnership } from "../../../src/core/transport.ts";
import { Box } from "../../../src/core/wire/box.ts";
import { encodeBox } from "../../../src/core/wire/box-writer.ts";
import { Frame } from "../../../src/core/wire/frame.ts";
import { PartialBox } from "../../../src/core/wire/partial-box.ts";
import { BoxReader, parseBoxes } from "../../../src/core/wire/reader.ts";
import { arbitraryBox, concat, cut, drained, pairs } from "./boxes.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("boxes", () => {
  test("boxes are the same however the bytes are chunked", () => {
    const streams = fc.array(arbitraryBox, { maxLength: 8 });
    fc.assert(
      fc.property(streams, fc.array(fc.nat({ max: 400 })), (boxes, cuts) => {
        const wire = concat(boxes.map(encodeBox));
        const reader = new BoxReader();
        const read: Box[] = [];
        for (const chunk of cut(wire, cuts)) {
          reader.push(chunk);
          // Chunks of odd length are not read before the next one: chunks queue up in the reader.
          if (chunk.length % 2 === 0) read.push(...drained(reader));
        }
        read.push(...drained(reader));
        expect(read.map(pairs)).toEqual(boxes.map((box) => pairs(box)));
        expect(reader.offset).toBe(wire.length);
        expect(reader.buffered).toBe(0);
        reader.end();
      }),
    );
  });

  test("a box is returned as soon as its last byte has arrived", () => {
    const wire = encodeBox(new Box({ a: "1", b: "" }));
    const reader = new BoxReader();
    for (const [index, byte] of wire.entries()) {
      reader.push(Uint8Array.of(byte));
      expect(reader.next() !== undefined).toBe(index === wire.length - 1);
    }
  });

  test("boxes are pulled one at a time, and the bytes after them are not parsed", () => {
    const reader = new BoxReader();
    reader.push(concat([encodeBox(new Box({ a: "1" })), ascii("\x16\x03\x01 no AMP")]));
    expect(reader.next()).toEqual(new Box({ a: "1" }));
    expect(reader.takeRest()).toEqual(ascii("\x16\x03\x01 no AMP"));
  });

  test("a box may be empty", () => {
    expect(parseBoxes(ascii("\0\0\0\0"))).toEqual([new Box(), new Box()]);
  });

  test("parseBoxes() rejects a value that is not bytes", () => {
    expect(() => parseBoxes("\0\0" as unknown as Uint8Array)).toThrow(InvalidSignature);
  });

  test("empty chunks do not change what is read", () => {
    const wire = encodeBox(new Box({ a: "12" }));
    const reader = new BoxReader();
    for (const byte of wire) {
      reader.push(new Uint8Array(0));
      reader.push(Uint8Array.of(byte));
      reader.push(new Uint8Array(0));
    }
    reader.push(wire);
    expect(drained(reader)).toHaveLength(2);
  });

  test("a box may have a key of 255 bytes and a value of 65535 bytes", () => {
    const box = new Box([["k".repeat(255), new Uint8Array(65535)]]);
    expect(parseBoxes(encodeBox(box))[0]?.get("k".repeat(255))?.length).toBe(65535);
  });
});

describe("the rest", () => {
  const wire = concat([new Box({ a: "1" }), new Box({ b: "23", c: "" })].map(encodeBox));

  for (const chunkSize of [1, 2, 5, wire.length]) {
    test(`takeRest() returns all bytes after the last box, at every position, in chunks of ${chunkSize}`, () => {
      for (let taken = 0; taken <= wire.length; taken++) {
        const reader = new BoxReader();
        let consumed = 0;
        for (let at = 0; at < taken; at += chunkSize) {
          reader.push(wire.slice(at, Math.min(at + chunkSize, taken)));
          for (const box of drained(reader)) consumed += encodeBox(box).length;
        }
        expect(reader.buffered).toBe(taken - consumed);
        expect(reader.offset).toBe(consumed);
        expect(reader.takeRest()).toEqual(wire.slice(consumed, taken));
        expect(reader.buffered).toBe(0);
        expect(reader.takeRest()).toEqual(new Uint8Array(0));
        expect(reader.next()).toBeUndefined();
      }
    });
  }

  test("takeRest() returns chunks that were not read", () => {
    const reader = new BoxReader();
    for (const byte of wire) reader.push(Uint8Array.of(byte));
    expect(reader.buffered).toBe(wire.length);
    expect(reader.takeRest()).toEqual(wire);
  });

  test.each([1, 5, wire.length - 1])("drop() drops the unread bytes, in chunks of %d", (chunkSize) => {
    for (const reads of [false, true]) {
      const reader = new BoxReader();
      for (let at = 0; at < wire.length - 1; at += chunkSize)
        reader.push(wire.slice(at, Math.min(at + chunkSize, wire.length - 1)));
      if (reads) drained(reader);
      reader.drop();
      expect(reader.buffered).toBe(0);
      reader.push(wire);
      expect(drained(reader)).toHaveLength(2);
    }
  });

  test("a reader can be used after takeRest()", () => {
    const reader = new BoxReader();
    reader.push(wire.subarray(0, 3));
    reader.next();
    reader.takeRest();
    reader.push(wire);
    expect(drained(reader)).toHaveLength(2);
  });
});

describe("the end of the stream", () => {
  test("end() accepts the end between two boxes and reports a truncated box", () => {
    const wire = concat([encodeBox(new Box({ a: "1" })), encodeBox(new Box({ b: "2" }))]);
    for (let length = 0; length <= wire.length; length++) {
      const reader = new BoxReader();
      reader.push(wire.slice(0, length));
      drained(reader);
      const inside = length % (wire.length / 2);
      if (inside === 0) reader.end();
      else expect(() => reader.end()).toThrow(`: ${inside} bytes of it were received`);
    }
    expect(() => parseBoxes(Uint8Array.of(0))).toThrow(MalformedAmpBox);
  });
});

describe("a stream that is not AMP", () => {
  for (const text of [
    "GET / HTTP/1.1\r\nHost: a\r\n",
    "\x16\x03\x01\x02\0",
    "~\x7f\x1f a",
    "hello",
    "\x01",
  ]) {
    test(`the error shows the first 16 bytes of ${JSON.stringify(text)}`, () => {
      const reader = new BoxReader();
      reader.push(encodeBox(new Box({ a: "1" })));
      reader.next();
      reader.push(ascii(text));
      if (text.length === 1) {
        expect(reader.next()).toBeUndefined();
        return;
      }
      const hex = Buffer.from(text)
        .subarray(0, 16)
        .toString("hex")
        .replaceAll(/..(?=.)/g, "$& ");
      expect(() => reader.next()).toThrow(KeyTooLong);
      const shown = text.slice(0, 16).replaceAll(/[^ -~]/g, ".");
      expect(() => reader.next()).toThrow(`the key length at byte 8 is over 255: ${hex} (${shown})`);
    });
  }

  test("the two bytes of an invalid key length throw, after valid keys and byte by byte too", () => {
    const reader = new BoxReader();
    for (const byte of ascii("\0\x01a\0\x011\x01")) {
      reader.push(Uint8Array.of(byte));
      expect(reader.next()).toBeUndefined();
    }
    reader.push(Uint8Array.of(0));
    expect(() => reader.next()).toThrow(/the key length at byte 6 is over 255: 01 00/);
    // The rest of the stream cannot be read.
    reader.push(encodeBox(new Box({ a: "1" })));
    expect(() => reader.next()).toThrow(KeyTooLong);
  });

  test("boxes before invalid bytes are returned", () => {
    const reader = new BoxReader();
    reader.push(concat([encodeBox(new Box({ a: "1" })), ascii("HTTP")]));
    expect(reader.next()).toEqual(new Box({ a: "1" }));
    expect(() => reader.next()).toThrow(/the key length at byte 8 is over 255/);
  });
});

describe("limits", () => {
  const box = new Box({ a: "12345", b: "1" });
  const wire = encodeBox(box);

  for (const chunkSize of [1, wire.length]) {
    const read = (limits: { maxBoxBytes?: number; maxBoxKeys?: number }): Box[] => {
      const reader = new BoxReader(limits);
      const boxes: Box[] = [];
      // Twice, which shows that the limit counts from the beginning of each box.
      for (const chunk of cut(concat([wire, wire]), Array(2 * wire.length).fill(chunkSize))) {
        reader.push(chunk);
        boxes.push(...drained(reader));
      }
      return boxes;
    };

    test(`limits accept a box of exactly their size, in chunks of ${chunkSize}`, () => {
      expect(read({ maxBoxBytes: wire.length })).toEqual([box, box]);
      expect(read({ maxBoxKeys: 2 })).toEqual([box, box]);
    });

    test(`limits reject one byte or key more, in chunks of ${chunkSize}`, () => {
      expect(() => read({ maxBoxBytes: wire.length - 1 })).toThrow(BoxTooLarge);
      expect(() => read({ maxBoxBytes: wire.length - 1 })).toThrow(/the box at byte 0 .*maxBoxBytes \(17\)/);
      expect(() => read({ maxBoxKeys: 1 })).toThrow(/the box at byte 0 .*maxBoxKeys \(1\)/);
    });
  }

  test("a value over the limit is rejected as soon as its length is read", () => {
    const reader = new BoxReader({ maxBoxBytes: 1000 });
    reader.push(Uint8Array.of(0, 1, 0x61, 0x03));
    expect(reader.next()).toBeUndefined();
    reader.push(Uint8Array.of(0xe2)); // a value of 994 bytes, with which the box has 1001
    expect(() => reader.next()).toThrow(BoxTooLarge);
  });

  test("a limit below the size of an empty box rejects it", () => {
    expect(() => parseBoxes(new Uint8Array(2), { maxBoxBytes: 1 })).toThrow(BoxTooLarge);
    expect(parseBoxes(new Uint8Array(2), { maxBoxBytes: 2 })).toEqual([new Box()]);
  });

  test("the limits have defaults", () => {
    const keys = (count: number): Uint8Array =>
      encodeBox(new Box(Array.from({ length: count }, (_, index) => [`k${index}`, ""])));
    expect(parseBoxes(keys(1000))[0]?.size).toBe(1000);
    expect(() => parseBoxes(keys(1001))).toThrow(/maxBoxKeys \(1000\)/);
    const large = new Box(Array.from({ length: 17 }, (_, index) => [`k${index}`, new Uint8Array(65535)]));
    expect(() => parseBoxes(encodeBox(large))).toThrow(/maxBoxBytes \(1048576\)/);
    expect(parseBoxes(encodeBox(large), { maxBoxBytes: Number.POSITIVE_INFINITY })[0]?.size).toBe(17);
  });
});

describe("values", () => {
  for (const size of [1, 4095, 4096, 60_000]) {
    test(`values of ${size} bytes do not change while the next boxes are read`, () => {
      const wires = Array.from({ length: 20 }, (_, index) =>
        encodeBox(new Box({ v: new Uint8Array(size).fill(index) })),
      );
      for (const [chunkSize, ownership] of [size + 3, 7 * size, 1000, 65_536].flatMap((length) => [
        [length, "shared"] as const,
        [length, "owned"] as const,
      ])) {
        const reader = new BoxReader();
        const values: Uint8Array[] = [];
        const stream = concat(wires);
        for (const chunk of cut(stream, Array(Math.ceil(stream.length / chunkSize)).fill(chunkSize))) {
          reader.push(chunk.slice(), ownership);
          for (const box of drained(reader)) values.push(box.get("v") ?? new Uint8Array(0));
        }
        const expected = values.map((_, index) => `${size} of ${index}`);
        expect(values.map((value) => `${value.length} of ${value[0]}`)).toEqual(expected);
        expect(values.every((value) => value.every((byte) => byte === value[0]))).toBe(true);
        expect(values).toHaveLength(20);
      }
    });
  }

  test("a large value is a view of an owned chunk that nothing else uses", () => {
    const wire = encodeBox(new Box({ v: new Uint8Array(40_000).fill(1) }));
    const stream = concat([wire, wire, wire]);
    // The chunks end at 44,000 and 88,000: the first has 4,000 bytes of the second box, the second has 8,000 bytes of
    // the third.
    const chunks = cut(stream, [44_000, 44_000, 44_000]);
    const reader = new BoxReader();
    const buffers = chunks.flatMap((chunk) => {
      reader.push(chunk.slice(), "owned");
      return drained(reader).map((box) => box.get("v")?.buffer.byteLength);
    });
    // A view of the first chunk; a copy, because the first chunk may not be written to; a view of the second chunk.
    expect(buffers[0]).toBe(44_000);
    expect(buffers[1]).not.toBe(44_000);
    expect(buffers[2]).toBe(44_000);
  });

  test("shared chunks are not modified", () => {
    const stream = concat([
      encodeBox(new Box({ a: new Uint8Array(3000) })),
      encodeBox(new Box({ v: new Uint8Array(40_000).map((_, index) => index) })),
    ]);
    const [first, second] = cut(stream, [41_000, stream.length]).map((chunk) => chunk.slice());
    const before = first?.slice();
    const reader = new BoxReader();
    reader.push(first ?? new Uint8Array(0));
    expect(drained(reader)).toHaveLength(1);
    reader.push(second ?? new Uint8Array(0));
    expect(drained(reader)).toHaveLength(1);
    expect(first).toEqual(before);
  });

  test("values are plain Uint8Arrays even if the chunks are Buffers", () => {
    const reader = new BoxReader();
    const box = new Box({ a: "1", b: new Uint8Array(100), c: new Uint8Array(5000) });
    reader.push(Buffer.from(encodeBox(box)));
    const values = [...(reader.next()?.values() ?? [])];
    expect(values).toHaveLength(3);
    for (const value of values) expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype);
  });

  test("an idle reader does not retain its last chunk", () => {
    const reader = new BoxReader();
    reader.push(encodeBox(new Box({ a: new Uint8Array(40_000) })));
    expect(reader.nextFrame()?.bytes.length).toBeGreaterThan(40_000);
    expect(reader.nextFrame()).toBeUndefined();
    expect(reader.frame.bytes).toHaveLength(0);
    expect(reader.frame.view.byteLength).toBe(0);
  });

  test("the beginning of a small box does not retain a large chunk", () => {
    const reader = new BoxReader();
    const small = concat(Array(1000).fill(encodeBox(new Box({ a: "12" }))));
    reader.push(concat([small, Uint8Array.of(0, 1, 0x61)]), "owned");
    expect(drained(reader)).toHaveLength(1000);
    expect(reader.frame.bytes.buffer.byteLength).toBeLessThan(200);
  });

  test("short values do not retain a chunk", () => {
    const reader = new BoxReader();
    reader.push(concat([encodeBox(new Box({ a: "12" })), new Uint8Array(100_000)]));
    expect(reader.next()?.get("a")?.buffer.byteLength).toBe(2);
  });
});

/**
 * Lends chunks in one buffer, which is overwritten when it is given back; or writes them to the room that the reader
 * offered after the chunk before, if it offered any. Returns the number of bytes that fitted.
 */
function lending(reader: BoxReader, usesRoom = false): (chunk: Uint8Array, read: () => void) => number {
  const buffer = new Uint8Array(65_536);
  let room: Uint8Array | undefined;
  return (chunk, read) => {
    const place = room ?? buffer;
    const part = chunk.subarray(0, place.length);
    place.set(part);
    reader.push(place.subarray(0, part.length), room === undefined ? "borrowed" : "owned");
    read();
    reader.giveBack();
    buffer.fill(0xff);
    room = usesRoom ? reader.room() : undefined;
    return part.length;
  };
}

describe("borrowed chunks", () => {
  const value = fc
    .oneof(
      { weight: 4, arbitrary: fc.nat(30) },
      { weight: 4, arbitrary: fc.integer({ min: 4080, max: 4100 }) },
      { weight: 1, arbitrary: fc.integer({ min: 65_400, max: 65_535 }) },
    )
    .map((size) => new Uint8Array(size).map((_, index) => (index + size) % 251));
  const streams = fc.array(fc.array(value, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 });
  const sizes = fc.oneof(fc.nat(40), fc.nat(9000), fc.integer({ min: 60_000, max: 65_536 }));
  /** Size of a chunk, and number of boxes that are read before it is given back. */
  const lendings = fc.array(fc.tuple(sizes, fc.nat(4)), { maxLength: 40 });

  test("boxes in borrowed chunks are read correctly wherever they are cut and whenever they are read", () => {
    fc.assert(
      fc.property(streams, lendings, fc.boolean(), fc.boolean(), (values, cuts, usesRoom, toTheEnd) => {
        const sent = values.map((several) => new Box(several.map((one, index) => [`k${index}`, one])));
        const wire = concat(sent.map(encodeBox));
        const reader = new BoxReader({ maxBoxBytes: Number.POSITIVE_INFINITY });
        const lend = lending(reader, usesRoom);
        const read: Box[] = [];
        const readUpTo = (count: number) => {
          for (let more = count; more > 0; more--) {
            const box = reader.next();
            if (box === undefined) return;
            read.push(box);
          }
        };
        let at = 0;
        for (const [size, boxes] of cuts) {
          at += lend(wire.subarray(at, at + size), () => readUpTo(boxes));
          readUpTo(boxes - 2); // after a pause, and before the next chunk
        }
        while (at < wire.length) at += lend(wire.subarray(at, at + 65_536), () => readUpTo(1));
        if (toTheEnd) readUpTo(sent.length);
        expect(reader.buffered).toBe(wire.length - reader.offset);
        expect(Buffer.concat([...read.map(encodeBox), reader.takeRest()]).equals(wire)).toBe(true);
      }),
    );
  });

  test("a large box in a borrowed chunk is copied once, and its values are views of the copy", () => {
    const reader = new BoxReader();
    const box = new Box({ a: "1", b: new Uint8Array(5000).fill(1), c: new Uint8Array(6000).fill(2) });
    const values: Uint8Array[] = [];
    lending(reader)(concat([encodeBox(new Box({ z: "" })), encodeBox(box)]), () => {
      for (const one of drained(reader)) values.push(...one.values());
    });
    expect(values).toEqual([new Uint8Array(0), ...box.values()]);
    const [b, c] = values.slice(2).map(({ buffer }) => buffer);
    expect(b).toBe(c);
    expect(b?.byteLength).toBe(encodeBox(box).length);
  });

  test("whole small boxes in a borrowed chunk are not copied", () => {
    const reader = new BoxReader();
    const small = encodeBox(new Box({ a: "1", b: "2" }));
    const chunk = concat([small, small, small]);
    reader.push(chunk, "borrowed");
    for (let count = 0; count < 3; count++) expect(reader.nextFrame()?.bytes).toBe(chunk);
    expect(reader.nextFrame()).toBeUndefined();
  });
});

describe("offered space", () => {
  const size = 60_000;
  const boxes = Array.from({ length: 40 }, (_, index) => new Box({ v: new Uint8Array(size).fill(index) }));
  const length = encodeBox(boxes[0] as Box).length;
  const stream = concat(boxes.map(encodeBox));
  /** Boxes of which a read may bring three. */
  const thirds = Array.from({ length: 40 }, (_, index) => new Box({ v: new Uint8Array(20_000).fill(index) }));
  const thirdLength = encodeBox(thirds[0] as Box).length;
  const streamOfThirds = concat(thirds.map(encodeBox));

  /** Returns the space that a reader offers after `count` bytes of a stream. */
  function roomAfter(
    count: number,
    ownership: ChunkOwnership = "borrowed",
    bytes = stream,
  ): Uint8Array | undefined {
    const reader = new BoxReader();
    reader.push(bytes.slice(0, count), ownership);
    drained(reader);
    reader.giveBack();
    return reader.room();
  }

  test("a reader offers space for the rest of a large box of which enough has arrived", () => {
    expect(new BoxReader().room()).toBeUndefined();
    // After a few bytes the reader does not allocate the announced size.
    expect(roomAfter(5)).toBeUndefined();
    expect(roomAfter(100)).toBeUndefined();
    expect(roomAfter(5000)?.length).toBeGreaterThanOrEqual(length - 5000);
    expect(roomAfter(5000, "shared")?.length).toBeGreaterThanOrEqual(length - 5000);
    expect(roomAfter(20_000, "owned")?.length).toBeGreaterThanOrEqual(length - 20_000);
    expect(roomAfter(length - 5000)).toBeUndefined();
    expect(roomAfter(length)).toBeUndefined();
  });

  test("a reader offers no space for a small box", () => {
    const reader = new BoxReader();
    const small = concat(Array(60).fill(encodeBox(new Box({ v: new Uint8Array(1500) }))));
    reader.push(small.subarray(0, 65_000), "borrowed");
    expect(drained(reader)).toHaveLength(43);
    reader.giveBack();
    expect(reader.room()).toBeUndefined();
  });

  test("a reader offers no space while chunks are queued", () => {
    const reader = new BoxReader();
    reader.push(stream.slice(0, 20_000), "borrowed");
    drained(reader);
    reader.giveBack();
    expect(reader.room()).toBeDefined();
    reader.push(stream.slice(20_000, 30_000), "borrowed");
    reader.giveBack();
    expect(reader.room()).toBeUndefined();
    drained(reader);
    expect(reader.room()).toBeDefined();
  });

  test("the offered space is twice the last chunk, up to 132 KiB, and only if it is used", () => {
    expect(roomAfter(23_000, "borrowed", streamOfThirds)?.length).toBeGreaterThan(thirdLength);
    expect(roomAfter(23_000, "borrowed", streamOfThirds)?.length).toBeLessThan(2 * 23_000);
    expect(roomAfter(23_000, "shared", streamOfThirds)?.length).toBeLessThan(thirdLength);
    const reader = new BoxReader();
    const lend = lending(reader, true);
    const rooms: number[] = [];
    for (let at = 0; at < streamOfThirds.length; ) {
      at += lend(streamOfThirds.subarray(at), () => drained(reader));
      rooms.push(reader.room()?.length ?? 0);
    }
    expect(Math.max(...rooms)).toBeGreaterThan(2 * thirdLength);
    expect(Math.max(...rooms)).toBeLessThanOrEqual(132 * 1024);
  });

  test("the offered space never overlaps values that were returned", () => {
    const sizes = Array.from({ length: 300 }, (_, index) => 20_000 + ((index * 7919) % 45_000));
    const sent = concat(
      sizes.map((count, index) => encodeBox(new Box({ v: new Uint8Array(count).fill(index) }))),
    );
    const reader = new BoxReader();
    const lend = lending(reader, true);
    const read: Box[] = [];
    for (let at = 0; at < sent.length; ) {
      const end = at + 20_000 + (at % 80_000);
      at += lend(sent.subarray(at, end), () => void read.push(...drained(reader)));
    }
    expect(Buffer.concat(read.map(encodeBox)).equals(sent)).toBe(true);
  });

  test("an owned chunk that was not read into the offered space is read from where it is", () => {
    const big = new Uint8Array(40_000).map((_, index) => index);
    const wire = encodeBox(new Box({ v: big }));
    // In another buffer, at the position at which the offered space begins in its own.
    const apart = new BoxReader();
    apart.push(wire.slice(0, 20_000), "owned");
    expect(apart.next()).toBeUndefined();
    const room = apart.room();
    expect(room?.byteOffset).toBe(20_000);
    apart.push(wire.slice().subarray(20_000), "owned");
    expect(apart.next()?.get("v")).toEqual(big);
    // In the buffer of the chunk before, in which the box was moved to the beginning.
    const joined = new BoxReader();
    const small = concat(Array(100).fill(encodeBox(new Box({ a: "12" }))));
    const all = concat([small, wire]);
    const cutAt = all.length - 10;
    joined.push(all.subarray(0, cutAt), "owned");
    expect(drained(joined)).toHaveLength(100);
    expect(joined.frame.bytes.buffer).toBe(all.buffer);
    joined.push(all.subarray(cutAt), "owned");
    expect(joined.next()?.get("v")).toEqual(big);
  });

  test("an owned chunk that follows a full buffer in memory is read from where it is", () => {
    const small = concat(Array(200).fill(encodeBox(new Box({ a: "12" }))));
    const first = new Uint8Array(40_000).fill(1);
    const second = new Uint8Array(40_000).map((_, index) => index);
    const all = concat([small, encodeBox(new Box({ a: first, b: second }))]);
    const cutAt = small.length + 39_000;
    // The box is moved to the beginning of its chunk, and the next bytes fill the chunk up to its end.
    const filled = cutAt + small.length;
    const memory = concat([all.subarray(0, cutAt), all.subarray(filled)]);
    const reader = new BoxReader();
    reader.push(memory.subarray(0, cutAt), "owned");
    drained(reader);
    reader.push(all.slice(cutAt, filled), "owned");
    expect(reader.next()).toBeUndefined();
    reader.push(memory.subarray(cutAt), "owned");
    expect(reader.next()?.get("b")).toEqual(second);
  });

  test("offered space avoids most of the copying", () => {
    const reader = new BoxReader();
    const lend = lending(reader, true);
    const read: Box[] = [];
    const copied = countingCopies(() => {
      let at = 0;
      while (at < stream.length) at += lend(stream.subarray(at), () => void read.push(...drained(reader)));
    });
    expect(Buffer.concat(read.map(encodeBox)).equals(stream)).toBe(true);
    // The test copies each byte once, as the system does for a socket. The reader copies the first few boxes.
    expect(copied).toBeLessThan(stream.length + 5 * length);
  });

  test("a value in offered space retains at most 16 times its size", () => {
    const mixed = concat([
      ...thirds.slice(0, 6).map(encodeBox),
      ...[4096, 10_000, 16_000, 17_000].map((count) => encodeBox(new Box({ v: new Uint8Array(count) }))),
      ...thirds.slice(0, 6).map(encodeBox),
    ]);
    const reader = new BoxReader();
    const lend = lending(reader, true);
    const values: Uint8Array[] = [];
    for (let at = 0; at < mixed.length; ) {
      at += lend(mixed.subarray(at), () => {
        for (const box of drained(reader)) values.push(box.get("v") ?? new Uint8Array(0));
      });
    }
    expect(values).toHaveLength(16);
    for (const value of values) expect(value.buffer.byteLength).toBeLessThanOrEqual(16 * value.length);
    expect(values.some((value) => value.buffer.byteLength > 3 * value.length)).toBe(true);
  });
});

describe("a partial box", () => {
  const SIZE = 10_000;
  /** Space for the end of a box after its largest value. */
  const TAIL = 64;

  test.each([
    ["fills it", SIZE, true],
    ["needs one byte more", SIZE + 1, false],
    ["needs half of it", SIZE / 2, true],
    ["needs one byte less than half of it", SIZE / 2 - 1, false],
  ])(
    "a partial box stays in an owned chunk only if it fits and is large: a box that %s",
    (_, needed, keeps) => {
      const chunk = new Uint8Array(SIZE);
      const partial = new PartialBox(chunk, 200, 300, needed - 100 - TAIL, true, 0);
      expect(partial.bytes === chunk).toBe(keeps);
      expect(new PartialBox(chunk, 200, 300, needed - 100 - TAIL, false, 0).bytes).not.toBe(chunk);
    },
  );

  test("a partial box moves to a larger buffer only if it is over the end of its own", () => {
    const partial = new PartialBox(new Uint8Array(100), 0, 100, 50, false, 0);
    const { bytes } = partial;
    expect(bytes).toHaveLength(100 + 50 + TAIL);
    partial.append(new Uint8Array(50 + TAIL), new Frame());
    expect(partial.bytes).toBe(bytes);
    partial.append(new Uint8Array(1), new Frame());
    expect(partial.bytes).not.toBe(bytes);
  });

  test("a partial box offers its free space from 16 KiB on", () => {
    const room = (free: number) =>
      new PartialBox(new Uint8Array(5000), 0, 5000, free - TAIL, false, 0).room();
    expect(room(16_384)).toHaveLength(16_384);
    expect(room(16_383)).toBeUndefined();
  });

  test("a partial box has space for the boxes of the next read only if it is large, and up to 132 KiB", () => {
    const space = (needed: number) =>
      new PartialBox(new Uint8Array(5000), 0, 5000, needed - 5000 - TAIL, false, 200_000).bytes.length;
    expect(space(16_383)).toBe(16_383);
    expect(space(16_384)).toBe(8 * 16_384 + 256);
  });
});

describe("a box that arrives byte by byte", () => {
  test("each byte of a box that arrives byte by byte is copied a limited number of times", () => {
    const wire = encodeBox(new Box({ a: new Uint8Array(65535), b: new Uint8Array(65535) }));
    const copied = countingCopies(() => {
      const reader = new BoxReader();
      for (const byte of wire) {
        reader.push(Uint8Array.of(byte));
        reader.nextFrame();
      }
      expect(reader.offset).toBe(wire.length);
    });
    expect(copied).toBeGreaterThanOrEqual(wire.length);
    // Each byte once into the buffer, and again each time the buffer doubles: 1 + 1/2 + 1/4 ...
    expect(copied).toBeLessThan(4 * wire.length);
  });

  test("each byte of a box in many queued chunks is copied a limited number of times", () => {
    const wire = encodeBox(new Box({ a: new Uint8Array(65535) }));
    const copied = countingCopies(() => {
      const reader = new BoxReader();
      for (const byte of wire) reader.push(Uint8Array.of(byte));
      expect(reader.nextFrame()?.count).toBe(1);
    });
    expect(copied).toBeLessThan(4 * wire.length);
  });
});

/** Returns how many bytes `TypedArray.prototype.set` copies during `run`. */
function countingCopies(run: () => void): number {
  const prototype = Object.getPrototypeOf(Uint8Array.prototype);
  const set = prototype.set;
  let count = 0;
  prototype.set = function (this: Uint8Array, source: ArrayLike<number>, offset?: number): void {
    count += source.length;
    set.call(this, source, offset);
  };
  try {
    run();
  } finally {
    prototype.set = set;
  }
  return count;
}
