import { Box, bigBytes, command, encodeBox, integer, unicode } from "ampwire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BoxTemplate } from "../../../src/core/schema/box-template.ts";
import { FieldSet } from "../../../src/core/schema/field-set.ts";
import type { BoxLimits } from "../../../src/core/wire/box-limits.ts";
import { ExpectedBox } from "../../../src/core/wire/expected-box.ts";
import type { Frame } from "../../../src/core/wire/frame.ts";
import { frameOfBytes } from "../../../src/core/wire/frame-of.ts";
import { prediction } from "../../../src/core/wire/prediction.ts";
import { BoxReader } from "../../../src/core/wire/reader.ts";

/** Returns the expected box with these keys; a value that is given never changes. */
function expectedBox(keys: Readonly<Record<string, string | undefined>>): ExpectedBox {
  const expectedKeys = Object.entries(keys).map(([name, value]) => ({
    name,
    header: Buffer.from([0, name.length, ...Buffer.from(name)]),
    value: value === undefined ? undefined : Buffer.from(value),
  }));
  return new ExpectedBox(expectedKeys, { fields: [], names: [], exact: true, failure: () => new Error() });
}

/** Returns what a frame holds. */
function contents(frame: Frame) {
  const { cursor, count, ask, answer, command: name, error, ascending, offsets } = frame;
  return { cursor, count, ask, answer, name, error, ascending, offsets: offsets.slice(0, count * 3) };
}

/** Returns a reader that expects such boxes. */
function expecting(box: ExpectedBox, limits?: Partial<BoxLimits>): BoxReader {
  const reader = new BoxReader(limits);
  reader.frame.fastPaths = prediction;
  reader.frame.expected = box;
  return reader;
}

/** Returns the result of reading the bytes: the frame, the number of buffered bytes, or the error. */
function outcome(reader: BoxReader, bytes: Uint8Array, size: number) {
  try {
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.slice(at, at + size));
    const frame = reader.nextFrame();
    return frame === undefined ? reader.buffered : { ...contents(frame), cursor: undefined };
  } catch (error) {
    return String(error).replaceAll(/at byte \d+/g, "at a byte");
  }
}

const names = ["A", "_answer", "_ask", "_command", "_error", "a", "ab", "abcdefghij", "b"];
const entries = fc.subarray(names).chain((chosen) =>
  fc
    .array(fc.constantFrom("", "1", "Sum", "twelve bytes"), {
      minLength: chosen.length,
      maxLength: chosen.length,
    })
    .map((values) => chosen.map((name, index): [string, string] => [name, values[index] ?? ""])),
);

describe("an expected box", () => {
  const known = expectedBox({ _ask: undefined, _command: "Sum", a: undefined });

  test("a box that matches is recognised", () => {
    const reader = expecting(known);
    const bytes = encodeBox(new Box({ _ask: "1f", _command: "Sum", a: "13" }));
    reader.push(bytes);
    const frame = reader.nextFrame() as Frame;
    expect(frame.matched).toBe(known);
    expect(known.commandName).toBe("Sum");
    expect(contents(frame)).toEqual(contents(frameOfBytes(bytes)));
    expect(frame.toBox()).toEqual(new Box({ _ask: "1f", _command: "Sum", a: "13" }));
  });

  test.each<Record<string, string>>([
    { _ask: "1", _command: "Sun", a: "13" },
    { _ask: "1", _command: "Su", a: "13" },
    { _ask: "1", _command: "Sums", a: "13" },
    { _ask: "1", _command: "Sum" },
    { _ask: "1", _command: "Sum", b: "13" },
    { _ask: "1", _command: "Sum", a: "13", b: "81" },
    { A: "1", _ask: "1", _command: "Sum", a: "13" },
    { _command: "Sum", a: "13" },
  ])("the box %o does not match", (fields) => {
    const reader = expecting(known);
    const bytes = encodeBox(new Box(fields));
    reader.push(bytes);
    const frame = reader.nextFrame() as Frame;
    expect(frame.matched).toBeUndefined();
    expect(contents(frame)).toEqual(contents(frameOfBytes(bytes)));
  });

  test("a box over a limit is rejected at the same byte with a prediction and without", () => {
    const bytes = encodeBox(new Box({ _ask: "1", _command: "Sum", a: "x".repeat(6) }));
    for (let maxBoxBytes = 1; maxBoxBytes <= bytes.length; maxBoxBytes++) {
      for (let count = 1; count <= bytes.length; count++) {
        const received = bytes.slice(0, count);
        const predicted = outcome(expecting(known, { maxBoxBytes }), received, count);
        expect(predicted).toEqual(outcome(new BoxReader({ maxBoxBytes }), received, count));
      }
    }
  });

  test("a box is expected again after one that does not match", () => {
    const reader = expecting(known);
    const same = encodeBox(new Box({ _ask: "1", _command: "Sum", a: "1" }));
    const other = encodeBox(new Box({ _answer: "1" }));
    for (const bytes of [same, other, same]) reader.push(bytes);
    expect([1, 2, 3].map(() => reader.nextFrame()?.matched)).toEqual([known, undefined, known]);
  });
});

test("an expected box never changes what is read, in any chunks", () => {
  const size = fc.integer({ min: 1, max: 60 });
  const limits = fc.record({
    maxBoxBytes: fc.integer({ min: 2, max: 90 }),
    maxBoxKeys: fc.integer({ min: 1, max: 9 }),
  });
  const changed = fc.option(fc.record({ at: fc.nat(90), byte: fc.integer({ min: 0, max: 255 }) }));
  let known = 0;
  fc.assert(
    fc.property(
      entries,
      fc.array(fc.boolean()),
      entries,
      fc.boolean(),
      changed,
      size,
      limits,
      (has, fixed, others, same, change, cut, bounds) => {
        const expected = expectedBox(
          Object.fromEntries(has.map(([name, value], index) => [name, fixed[index] ? value : undefined])),
        );
        const box = same ? has : others;
        const bytes = Uint8Array.from([
          ...box.flatMap(([name, value]) => [
            0,
            name.length,
            ...Buffer.from(name),
            0,
            value.length,
            ...Buffer.from(value),
          ]),
          0,
          0,
        ]);
        if (change !== null && change.at < bytes.length) bytes[change.at] = change.byte;
        for (const given of [{}, bounds]) {
          const reader = expecting(expected, given);
          expect(outcome(reader, bytes, cut)).toEqual(outcome(new BoxReader(given), bytes, cut));
        }
        if (same && change === null) known++;
      },
    ),
    { numRuns: 2000 },
  );
  expect(known).toBeGreaterThan(100);
});

test("a command sets the expected box of its asks and answers, and of no other command", () => {
  const Sum = command("Sum", { arguments: { b: integer(), a: unicode() }, response: { total: integer() } });
  const readAll = (boxes: readonly Box[], read: (frame: Frame) => unknown) => {
    const reader = new BoxReader();
    reader.frame.fastPaths = prediction;
    for (const box of boxes) reader.push(encodeBox(box));
    return boxes.map(() => {
      const frame = reader.nextFrame() as Frame;
      return [frame.matched !== undefined, read(frame)];
    });
  };
  const ask = (a: string, b: string) => new Box({ _ask: "1", _command: "Sum", a, b });
  expect(readAll([ask("x", "1"), ask("", "22")], (frame) => Sum.readArguments(frame, undefined))).toEqual([
    [false, { a: "x", b: 1 }],
    [true, { a: "", b: 22 }],
  ]);
  const Other = command("Sum", { arguments: { b: unicode() } });
  const both = [ask("x", "1"), ask("y", "2")];
  const reads = [Sum, Other];
  expect(readAll(both, (frame) => reads.shift()?.readArguments(frame, undefined))).toEqual([
    [false, { a: "x", b: 1 }],
    [true, { b: "2" }],
  ]);
  const loud = (a: string, b: string) => new Box({ _command: "Sum", a, b });
  expect(readAll([loud("x", "1"), loud("y", "2")], (frame) => Sum.readArguments(frame, undefined))).toEqual([
    [false, { a: "x", b: 1 }],
    [true, { a: "y", b: 2 }],
  ]);
  const answer = (total: string) => new Box({ _answer: "1", total });
  expect(readAll([answer("3"), answer("24")], (frame) => Sum.readResponse(frame, undefined))).toEqual([
    [false, { total: 3 }],
    [true, { total: 24 }],
  ]);
});

test("boxes whose codecs decide themselves which keys they use are not expected", () => {
  const templateOf = (fields: ConstructorParameters<typeof FieldSet>[0]) =>
    new BoxTemplate(new FieldSet(fields, "argument of Test"), [{ key: "_ask" }]);
  expect(prediction.expect(templateOf({ a: integer(), b: bigBytes() }))).toBeUndefined();
  const plain = templateOf({ a: integer() });
  expect(prediction.expect(plain)?.entries).toHaveLength(2);
  expect(prediction.expect(plain)).toBe(prediction.expect(plain));
});
