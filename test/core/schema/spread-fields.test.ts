import { expect, test } from "vitest";
import { integer } from "../../../src/core/arguments/integer.ts";
import { optional } from "../../../src/core/arguments/optional.ts";
import { InvalidSignature } from "../../../src/core/errors/caller.ts";
import { BoxTemplate, NO_TAG } from "../../../src/core/schema/box-template.ts";
import type { BoxArgument } from "../../../src/core/schema/field.ts";
import { FieldSet } from "../../../src/core/schema/field-set.ts";
import { readFields } from "../../../src/core/schema/read-fields.ts";
import { boxArgument } from "../../../src/core/schema/spread-fields.ts";
import { Box } from "../../../src/core/wire/box.ts";
import { encodeBox } from "../../../src/core/wire/box-writer.ts";
import { ByteWriter } from "../../../src/core/wire/byte-writer.ts";
import { frameOfBytes } from "../../../src/core/wire/frame-of.ts";

/** A point in two keys, NAME.x and NAME.y. */
class Point {
  readonly #digits = integer();
  encode(): Uint8Array {
    throw new TypeError("not alone");
  }
  decode(): number[] {
    throw new TypeError("not alone");
  }
  toBox([x = 0, y = 0]: readonly number[], name: string, box: Box): void {
    box.set(`${name}.x`, this.#digits.encode(x)).set(`${name}.y`, this.#digits.encode(y));
  }
  fromBox(name: string, box: Box): number[] | undefined {
    const [x, y] = [box.get(`${name}.x`), box.get(`${name}.y`)];
    return x && y && [this.#digits.decode(x), this.#digits.decode(y)];
  }
}

test("boxArgument() makes a codec of several keys from an instance of a class", () => {
  const set = new FieldSet({ at: boxArgument(new Point()), id: integer() }, "argument of Test");
  const out = new ByteWriter();
  new BoxTemplate(set, [{ key: "_ask" }]).write(out, 31, { at: [1, 2], id: 3 });
  const frame = frameOfBytes(out.copy());
  expect([...frame.toBox().keys()]).toEqual(["_ask", "at.x", "at.y", "id"]);
  expect(readFields(set, frame)).toEqual({ at: [1, 2], id: 3 });
});

test("a box without the keys of a required codec is rejected, and the message names the argument", () => {
  const set = new FieldSet({ at: boxArgument(new Point()), id: integer() }, "argument of Test");
  const out = new ByteWriter();
  new BoxTemplate(new FieldSet({ id: integer() }, "argument of Test"), []).write(out, NO_TAG, { id: 3 });
  expect(() => readFields(set, frameOfBytes(out.copy()))).toThrow('argument of Test: "at" is missing');
});

test("a codec of several keys that was not created with boxArgument() is rejected when a command is defined", () => {
  // Programs in JavaScript have no compiler that requires the property.
  const at = new Point() as unknown as BoxArgument<number[]>;
  expect(() => new FieldSet({ at }, "argument of Test")).toThrow(InvalidSignature);
  expect(() => new FieldSet({ at }, "argument of Test")).toThrow(/at: use boxArgument\(\)/);
});

test.each(["encode", "decode", "toBox", "fromBox"])("boxArgument() refuses a codec without %s", (name) => {
  const point = new Point();
  Object.defineProperty(point, name, { value: undefined });
  expect(() => boxArgument(point)).toThrow(
    new InvalidSignature(
      "boxArgument: the codec must be an object with encode, decode, toBox and fromBox, not an object (Object)",
    ),
  );
});

test.each([undefined, null, 5, "text"])("boxArgument() refuses %j", (value) => {
  // A JavaScript program may pass any value.
  expect(() => boxArgument(value as unknown as BoxArgument<number>)).toThrow(InvalidSignature);
});

test("fields beside a codec of several keys are read as in other boxes", () => {
  const beside = { encode: () => new Uint8Array(1), decode: () => undefined };
  const fields = { at: boxArgument(new Point()), id: optional(integer()), none: beside };
  const set = new FieldSet(fields, "argument of Test");
  const box = new Box({ "at.x": "1", "at.y": "2", none: "" });
  const values = readFields(set, frameOfBytes(encodeBox(box)));
  expect(Object.entries(values)).toEqual([
    ["at", [1, 2]],
    ["none", undefined],
  ]);
  box.delete("none");
  expect(() => readFields(set, frameOfBytes(encodeBox(box)))).toThrow('argument of Test: "none" is missing');
});

test("a field whose name is that of a piece of a codec of several keys is rejected", () => {
  const at = boxArgument(new Point());
  expect(() => new FieldSet({ at, "at.2": integer() }, "argument of Test")).toThrow(
    'argument of Test: "at" may be spread over "at.2"',
  );
  for (const name of ["at.x2", "at.2x", "at.", "at2", "a.2"])
    expect(() => new FieldSet({ at, [name]: integer() }, "argument of Test")).not.toThrow();
  expect(() => new FieldSet({ at, "at.12": integer() }, "argument of Test")).toThrow(InvalidSignature);
  expect(() => new FieldSet({ at, id: integer(), "id.2": integer() }, "argument of Test")).not.toThrow();
});

test("an error undoes what codecs did on the side channel of the connection", () => {
  const log: string[] = [];
  const connection = {
    sideChannel: {
      checkpoint() {
        log.push("checkpoint");
        return () => void log.push("undone");
      },
    },
  };
  const set = new FieldSet({ at: boxArgument(new Point()), id: integer() }, "argument of Test");
  const template = new BoxTemplate(set, []);
  const out = new ByteWriter();
  template.write(out, NO_TAG, { at: [1, 2], id: 3 }, connection);
  expect(log).toEqual(["checkpoint"]);
  const before = out.length;
  expect(() => template.write(out, NO_TAG, { at: [1, 2], id: 0.5 }, connection)).toThrow(/"id"/);
  expect(log).toEqual(["checkpoint", "checkpoint", "undone"]);
  expect(out.length).toBe(before);
});
