/** Properties of the reader: it reads the same boxes from any chunks, and every box it reads can be written. */
import { BoxReader, encodeBox, parseBoxes } from "ampwire";
import { byteByByte, randomChunking } from "ampwire/testing";
import * as fc from "fast-check";
import { stream } from "./boxes.mjs";
import { assert, hex } from "./promises.mjs";

const LIMITS = [undefined, { maxBoxBytes: 300, maxBoxKeys: 6 }, { maxBoxBytes: 20 }];

/** Returns all visible results of reading: the boxes, the error, and the offset at which the reader stopped. */
function reading(chunks, limits, ownership) {
  const reader = new BoxReader(limits);
  const boxes = [];
  let failure = "none";
  try {
    for (const chunk of chunks) {
      reader.push(chunk, ownership);
      for (let box = reader.next(); box !== undefined; box = reader.next()) boxes.push(box);
      reader.giveBack();
      if (ownership === "borrowed") chunk.fill(0xff);
    }
    reader.end();
  } catch (error) {
    assert(error instanceof Error, `the reader threw ${String(error)}`);
    failure = error.name;
  }
  return { boxes, failure, offset: reader.offset };
}

function shown({ boxes, failure, offset }) {
  const text = boxes.map((box) =>
    [...box].map(([key, value]) => `${JSON.stringify(key)}=${hex(value)}`).join(),
  );
  return `${text.join(" | ")} then ${failure} at ${offset}`;
}

function check(bytes) {
  for (const limits of LIMITS) {
    const whole = reading([bytes.slice()], limits);
    const cuts = [byteByByte(bytes), randomChunking(bytes.length, 7)(bytes), randomChunking(1, 90)(bytes)];
    for (const chunks of cuts) {
      const cut = shown(reading(chunks, limits));
      assert(cut === shown(whole), `cut: ${cut}\nwhole: ${shown(whole)}`);
      const lent = chunks.map((chunk) => chunk.slice());
      assert(
        cut === shown(reading(lent, limits, "borrowed")),
        `borrowed chunks are read differently from ${cut}`,
      );
    }
    for (const box of whole.boxes) {
      if (box.size === 0) continue; // an empty box can be received, as an error of the peer, but not sent
      const wire = encodeBox(box);
      const [again, ...more] = parseBoxes(wire);
      assert(
        more.length === 0 && hex(encodeBox(again)) === hex(wire),
        `the encoding differs after a round trip: ${hex(wire)}`,
      );
      assert(
        [...box].every(([key, value]) => hex(again.get(key)) === hex(value)),
        `the box differs after a round trip: ${hex(wire)}`,
      );
    }
  }
  leftovers(bytes);
}

/** Checks that the returned boxes and the rest are all the bytes, if reading stops after any box. */
function leftovers(bytes) {
  const reader = new BoxReader({ maxBoxBytes: Infinity, maxBoxKeys: Infinity });
  for (const chunk of randomChunking(2, 40)(bytes)) reader.push(chunk);
  const stop = bytes.length % 4;
  try {
    for (let count = 0; count < stop && reader.next() !== undefined; count++);
  } catch {
    return; // the stream cannot be read after a protocol error
  }
  const { offset } = reader;
  assert(hex(reader.takeRest()) === hex(bytes.subarray(offset)), `the rest differs after ${stop} boxes`);
  assert(reader.buffered === 0, "a reader has buffered bytes after takeRest()");
}

export const reader = [
  {
    name: "reader",
    promise: "the reader reads the same boxes from any chunks, and every box it reads can be written",
    arbitrary: fc.oneof(fc.uint8Array({ maxLength: 64 }), stream),
    check,
    bytes: true,
    share: 1,
  },
];
