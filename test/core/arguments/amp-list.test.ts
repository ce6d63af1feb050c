import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ampList } from "../../../src/core/arguments/amp-list.ts";
import { bigUnicode } from "../../../src/core/arguments/big-unicode.ts";
import { integer } from "../../../src/core/arguments/integer.ts";
import { local } from "../../../src/core/arguments/local.ts";
import { optional } from "../../../src/core/arguments/optional.ts";
import { unicode } from "../../../src/core/arguments/unicode.ts";
import { TooLong } from "../../../src/core/errors/caller.ts";
import type { Argument } from "../../../src/core/schema/argument.ts";
import { BoxTemplate, NO_TAG } from "../../../src/core/schema/box-template.ts";
import { FieldSet } from "../../../src/core/schema/field-set.ts";
import { readFields } from "../../../src/core/schema/read-fields.ts";
import { boxArgument } from "../../../src/core/schema/spread-fields.ts";
import { Box } from "../../../src/core/wire/box.ts";
import { ByteWriter } from "../../../src/core/wire/byte-writer.ts";
import { BoxReader } from "../../../src/core/wire/reader.ts";
import {
  bringsBack,
  doesNotSend,
  reads,
  refuses,
  sends,
  survivesAnything,
  wireBytes,
} from "../../contracts/codec.ts";

const people = ampList({ name: unicode(), id: integer(), score: optional(integer()) });
const ONE = "\0\x02id\0\x011\0\x04name\0\x03one\0\0";
const TWO = "\0\x02id\0\x012\0\x04name\0\0\0\x05score\0\x017\0\0";
const one = { id: 1, name: "one" };
const two = { id: 2, name: "", score: 7 };
const row = ampList({ a: optional(integer()) });

describe("ampList", () => {
  for (const [wire, rows] of [
    ["", []],
    [ONE, [one]],
    [ONE + TWO, [one, two]],
  ] as const) {
    reads(people, wire, [...rows]);
    sends(people, [...rows], wire);
  }
  reads(people, "\0\x04name\0\x03one\0\x02id\0\x011\0\0", [one]);
  reads(people, "\0\x05extra\0\x01x\0\x02id\0\x011\0\x04name\0\x03one\0\0", [one]);
  reads(people, "\0\x02id\0\x019\0\x02id\0\x011\0\x04name\0\x03one\0\0", [one]);
  const unnamed = { ...one, other: "left out" };
  sends(people, [unnamed], ONE);
  sends(row, [{}, { a: 1 }, {}], "\0\0\0\x01a\0\x011\0\0\0\0");
  reads(row, "\0\0\0\x01a\0\x011\0\0\0\0", [{}, { a: 1 }, {}]);

  refuses(people, "\0\0", /element 0: field: "id" is missing/);
  refuses(people, `${ONE}\0\x02id\0\x011\0\0`, /element 1: field: "name" is missing/);
  refuses(people, ONE.replace("\x011", "\x01x"), /element 0: field: "id": not an integer: "x"/);
  refuses(people, `${ONE}\x01\0`, /element 1: not a box/);
  for (let cut = ONE.length + 1; cut < ONE.length + TWO.length; cut++) {
    refuses(people, (ONE + TWO).slice(0, cut), /element 1: cut off/);
  }

  doesNotSend(people, one, /an array is needed/);
  doesNotSend(people, [one, { id: 1 }], /element 1: field: "name" is missing/);
  doesNotSend(people, [{ ...one, id: "1" }], /element 0: field: "id": an integer is needed/);
  doesNotSend(people, [null], /element 0/);
  doesNotSend(people, [{ ...one, name: "x".repeat(65536) }], TooLong);

  const rows = fc.record(
    { id: fc.maxSafeInteger(), name: fc.string({ unit: "binary" }), score: fc.integer() },
    { requiredKeys: ["id", "name"] },
  );
  bringsBack(people, fc.array(rows.map((fields) => ({ ...fields }))));
  survivesAnything(row, "\0\x01\x02a1");

  describe("an ampList in another", () => {
    const groups = ampList({ label: unicode(), people });
    sends(groups, [{ label: "x", people: [one] }], `\0\x05label\0\x01x\0\x06people\0\x14${ONE}\0\0`);
    bringsBack(
      groups,
      fc.array(fc.record({ label: fc.string(), people: fc.array(fc.constantFrom(one, two)) })),
    );
  });

  test("a codec decodes a tree, whose rows contain lists of the same type", () => {
    type Tree = { name: string; children: Tree[] };
    const later: Argument<Tree[]> = {
      encode: (trees) => forest.encode(trees),
      decode: (bytes) => forest.decode(bytes),
    };
    const forest: Argument<Tree[]> = ampList({ name: unicode(), children: later });
    const leaf = (name: string): Tree => ({ name, children: [] });
    const trees = [{ name: "a", children: [leaf("b"), { name: "c", children: [leaf("d")] }] }, leaf("e")];
    expect(forest.decode(forest.encode(trees))).toEqual(trees);
  });

  test("a local field of a row is neither sent nor received", () => {
    const noted = ampList({ id: integer(), note: local<string>() });
    expect(noted.encode([{ id: 1, note: "secret" }])).toEqual(wireBytes("\0\x02id\0\x011\0\0"));
    expect(noted.decode(wireBytes("\0\x02id\0\x011\0\x04note\0\x01x\0\0"))).toEqual([{ id: 1 }]);
  });

  test("a long value is split over several keys of its row", () => {
    const texts = ampList({ text: optional(bigUnicode({ maxBytes: 100_000 })) });
    const rows = [{ text: "x".repeat(70_000) }, {}, { text: "" }];
    expect(texts.decode(texts.encode(rows))).toEqual(rows);
  });

  test("ampList passes the connection to fields that need it", () => {
    const seen: unknown[] = [];
    const connected = boxArgument<number>({
      ...integer(),
      toBox(value, name, box, connection) {
        seen.push(connection);
        box.set(name, String(value));
      },
      fromBox(name, box, connection) {
        seen.push(connection);
        return Number(box.text(name));
      },
    });
    const set = new FieldSet(
      { rows: optional(ampList({ id: connected })), other: integer() },
      "argument of Test",
    );
    const out = new ByteWriter();
    new BoxTemplate(set, []).write(out, NO_TAG, { rows: [{ id: 1 }, { id: 2 }], other: 3 }, "the connection");
    const reader = new BoxReader();
    reader.push(out.copy());
    const frame = reader.nextFrame();
    expect(frame?.toBox().get("rows")).toEqual(wireBytes("\0\x02id\0\x011\0\0\0\x02id\0\x012\0\0"));
    expect(frame && readFields(set, frame, "the connection")).toEqual({
      rows: [{ id: 1 }, { id: 2 }],
      other: 3,
    });
    expect(seen).toEqual(Array(4).fill("the connection"));
    expect(readFields(set, frameWithout())).toEqual({ other: 3 });
  });
});

function frameWithout() {
  const reader = new BoxReader();
  reader.push(wireBytes("\0\x05other\0\x013\0\0"));
  const frame = reader.nextFrame();
  if (frame === undefined) throw new Error(`no frame of ${new Box()}`);
  return frame;
}
