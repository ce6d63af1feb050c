import { expect, test } from "vitest";
import { client } from "../../../src/core/calls/client.ts";
import { parseBoxes } from "../../../src/core/wire/reader.ts";
import {
  ampList,
  bigBytes,
  command,
  InvalidSignature,
  implement,
  integer,
  listOf,
  optional,
  propertiesArgument,
  unicode,
} from "../../../src/index.ts";
import { connectedPair } from "../../../src/testing/connected-pair.ts";
import { readFields, writeFields } from "../arguments/fields.ts";

interface Size {
  width: number;
  height?: number;
}
const digits = integer();

/** The width under NAME, and the height under NAME.height. */
const size = propertiesArgument<Size>(["width", "height"], {
  toBox({ width, height }, name, box) {
    box.set(name, digits.encode(width));
    if (height !== undefined) box.set(`${name}.height`, digits.encode(height));
  },
  fromBox(name, box) {
    const [width, height] = [box.get(name), box.get(`${name}.height`)];
    return width && { width: digits.decode(width), ...(height && { height: digits.decode(height) }) };
  },
});
const fields = { size, id: integer(), data: optional(bigBytes()) };

test("an argument fills several properties, next to those of other arguments", () => {
  const values = { id: 1, width: 2, height: 3, data: new Uint8Array(70_000) };
  const wire = writeFields(fields, values);
  expect([...(parseBoxes(wire)[0]?.keys() ?? [])]).toEqual(["data", "data.2", "id", "size", "size.height"]);
  expect(readFields(fields, wire)).toEqual(values);
  expect(readFields(fields, writeFields(fields, { width: 2, id: 1 }))).toEqual({ id: 1, width: 2 });
});

test("properties that are getters of a class are read", () => {
  class Square {
    readonly id = 1;
    get width() {
      return 5;
    }
    get height() {
      return this.width;
    }
  }
  expect(readFields(fields, writeFields(fields, new Square() as never))).toEqual({
    id: 1,
    width: 5,
    height: 5,
  });
});

test("a value of one box is not part of the next one", () => {
  const set = command("Draw", { arguments: fields });
  expect(set.makeArguments({ id: 1, width: 2, height: 3 }).has("size.height")).toBe(true);
  expect(set.makeArguments({ id: 1, width: 2 }).has("size.height")).toBe(false);
});

test("the property of the argument's own name is not declared, and missing keys are an error", () => {
  expect(() => writeFields(fields, { id: 1, width: 1, size: 3 })).toThrow('"size" is not declared');
  expect(() => writeFields(fields, { id: 1 })).toThrow(/argument of Test: "size": /);
  expect(() => readFields(fields, writeFields({ id: integer() }, { id: 1 }))).toThrow('"size" is missing');
});

test("a call and an answer have the properties of such an argument, and rows too", async () => {
  const Scale = command("Scale", {
    arguments: { size, by: integer() },
    response: { size, rows: ampList({ size }) },
  });
  const locator = implement(
    { Scale },
    {
      Scale: ({ width, height = 1, by }) => ({
        width: width * by,
        height: height * by,
        rows: [{ width }, { width, height }],
      }),
    },
  );
  const [caller] = connectedPair({}, { locator });
  expect(await client(caller, { Scale }).Scale({ width: 2, height: 3, by: 10 })).toEqual({
    width: 20,
    height: 30,
    rows: [{ width: 2 }, { width: 2, height: 3 }],
  });
  await caller.close();
});

test("optional() makes one property of such an argument, and a list rejects it", () => {
  const box = { size: optional(size) };
  expect(readFields(box, writeFields(box, { size: { width: 1 } }))).toEqual({ size: { width: 1 } });
  expect(readFields(box, writeFields({ id: integer() }, { id: 1 }))).toEqual({});
  expect(() => listOf(size).encode([{ width: 1 }])).toThrow(/cannot be an element of a list/);
});

test("two arguments cannot fill the same property, and a property cannot be one that every object has", () => {
  expect(() => command("Bad", { arguments: { size, other: size } })).toThrow(InvalidSignature);
  expect(() => command("Bad", { arguments: { size, width: unicode() } })).toThrow(
    'argument of Bad: two fields fill the property "width"',
  );
  const codec = { toBox: () => {}, fromBox: () => undefined };
  for (const name of ["toString", "__proto__"])
    expect(() => propertiesArgument<Record<string, string>>([name], codec)).toThrow(InvalidSignature);
});

test("a command may have several arguments that fill properties", () => {
  const of = (property: string) =>
    propertiesArgument<Record<string, string>>([property], {
      toBox: (values, name, box) => void box.set(name, values[property] ?? ""),
      fromBox: (name, box) => ({ [property]: box.text(name) ?? "", other: "not declared" }),
    });
  const two = { first: of("x"), second: of("y") };
  expect(readFields(two, writeFields(two, { x: "1", y: "2" }))).toEqual({ x: "1", y: "2" });
});

test("a property without a value is absent for the codec and in the values", () => {
  const given: unknown[] = [];
  const seldom = propertiesArgument<Size>(["width", "height"], {
    toBox: (values, name, box) => {
      given.push(values);
      box.set(name, "");
    },
    // A codec in JavaScript may return it.
    fromBox: () => ({ width: 1, height: undefined }) as unknown as Size,
  });
  const wire = writeFields({ seldom }, { width: 1, height: undefined });
  expect(Object.keys(given[0] as object)).toEqual(["width"]);
  expect(Object.keys(readFields({ seldom }, wire))).toEqual(["width"]);
});

test.each(["width", { 0: "width" }, undefined])(
  "propertiesArgument() rejects %j instead of names",
  (names) => {
    const codec = { toBox() {}, fromBox: () => undefined };
    expect(() => propertiesArgument<Size>(names as unknown as ["width"], codec)).toThrow(
      /^propertiesArgument must be an array of names, not /,
    );
  },
);

test.each([5, null, undefined, ["width"]])("propertiesArgument() rejects %j as a name", (name) => {
  // Programs in JavaScript may pass anything.
  expect(() => propertiesArgument<Size>([name as unknown as "width"], size)).toThrow(
    /^propertiesArgument: each name must be a string, not /,
  );
});

test("propertiesArgument() keeps its names when the program changes the array", () => {
  const names: (keyof Size)[] = ["width"];
  const argument = propertiesArgument<Size>(names, size);
  names[0] = "height";
  expect(argument.properties).toEqual(["width"]);
});

test("propertiesArgument() rejects a codec without toBox and fromBox", () => {
  // Programs in JavaScript may pass anything.
  for (const codec of [{}, { toBox() {} }, undefined] as unknown[])
    expect(() => propertiesArgument<Size>(["width"], codec as typeof size)).toThrow(
      /^propertiesArgument: the codec must be an object with toBox and fromBox, not /,
    );
});

test("client() rejects a caller without callRemote", () => {
  const contract = { Show: command("Show") };
  for (const caller of [undefined, {}] as unknown[])
    expect(() => client(caller as ReturnType<typeof connectedPair>[0], contract)).toThrow(
      /^client: the caller must be a connection, not /,
    );
});
