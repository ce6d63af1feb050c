/** Golden boxes, read by ampwire's reader and written by ampwire's writer. */
import { type Box, BoxReader, encodeBox, KeyTooLong, MalformedAmpBox, parseBoxes } from "ampwire";
import { describe, expect, it } from "vitest";
import { type BoxesVector, boxOf, pairsOf, pairsOfVector, readVectors } from "../../support/vectors.ts";

const vectors = readVectors("boxes.json");

/** Boxes that Twisted writes and ampwire rejects on purpose, and the reasons. */
const UNWRITABLE: Readonly<Record<string, string>> = {
  "empty-box": "an empty box breaks the protocol: the receiver closes the connection, so ampwire sends none",
  "two-empty-boxes": "the same",
  "empty-box-between": "the same",
};

describe.each([
  ["whole", Number.POSITIVE_INFINITY],
  ["in pieces of 3 bytes", 3],
  ["byte by byte", 1],
])("golden boxes, read %s", (how, size) => {
  it.each(vectors)(`the golden boxes $name are read ${how}`, ({ hex, boxes, truncated, error }) => {
    const reader = new BoxReader();
    const read: Box[] = [];
    const readAll = () => {
      for (const chunk of chunks(Buffer.from(hex, "hex"), size)) {
        reader.push(chunk);
        for (let box = reader.next(); box !== undefined; box = reader.next()) read.push(box);
      }
    };
    // Twisted calls this error TooLong, which in ampwire is an error of the sender.
    if (error === "TooLong") expect(readAll).toThrow(KeyTooLong);
    else readAll();
    expect(read.map(pairsOf)).toEqual(boxes.map(pairsOfVector));
    if (error !== undefined) return;
    expect(reader.buffered).toBe(truncated ?? 0);
    const end = () => reader.end();
    // Twisted discards a truncated box silently.
    if (truncated !== undefined) expect(end).toThrow(MalformedAmpBox);
    else expect(end).not.toThrow();
  });
});

it.each(vectors.filter(({ truncated, error }) => truncated === undefined && error === undefined))(
  "parseBoxes() parses the golden boxes $name",
  ({ hex, boxes }) => {
    expect(parseBoxes(Buffer.from(hex, "hex")).map(pairsOf)).toEqual(boxes.map(pairsOfVector));
  },
);

describe("golden boxes, written", () => {
  const written = (vector: BoxesVector) =>
    Buffer.concat(vector.boxes.map((box) => encodeBox(boxOf(box)))).toString("hex");

  it.each(vectors.filter(({ direction }) => direction === "both"))(
    "the golden boxes $name are written as Twisted writes them",
    (vector) => {
      if (vector.name in UNWRITABLE) expect(() => written(vector)).toThrow("a box needs at least one key");
      else expect(written(vector)).toBe(vector.hex);
    },
  );

  it.each(vectors.filter(({ direction }) => direction === "decode"))(
    "the golden boxes $name are written in another form with the same content",
    (vector) => {
      const again = written(vector);
      expect(again).not.toBe(vector.hex);
      const boxes = parseBoxes(Buffer.from(again, "hex"));
      expect(boxes.map((box) => new Map(pairsOf(box)))).toEqual(
        vector.boxes.map((box) => new Map(pairsOfVector(box))),
      );
    },
  );
});

function chunks(bytes: Buffer, size: number): Buffer[] {
  const found: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += size) found.push(bytes.subarray(start, start + size));
  return found;
}
