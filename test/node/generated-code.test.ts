/** Generated code for frequent boxes. `test/fuzz/generated.mjs` compares it with the loops. */
import { execFileSync } from "node:child_process";
import {
  ampList,
  boolean,
  bytes,
  command,
  float,
  integer,
  listOf,
  local,
  nullable,
  optional,
  unicode,
} from "ampwire";
import { connect, listen } from "ampwire/node";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { BoxTemplate } from "../../src/core/schema/box-template.ts";
import type { Values } from "../../src/core/schema/field.ts";
import { FieldSet } from "../../src/core/schema/field-set.ts";
import { ByteWriter } from "../../src/core/wire/byte-writer.ts";
import { expectedBoxOf } from "../../src/core/wire/prediction.ts";
import { BoxReader } from "../../src/core/wire/reader.ts";
import { CodeGenerator, NodeFastPaths } from "../../src/node/fast-paths.ts";
import { generateReader } from "../../src/node/generated-code/reader.ts";
import { generateWriter } from "../../src/node/generated-code/writer.ts";
import { nodeProgram } from "../support/node-program.ts";
import { rejection } from "../support/settled.ts";

type Fields = ConstructorParameters<typeof FieldSet>[0];

function templateOf(fields: Fields, exact = true): BoxTemplate {
  return new BoxTemplate(new FieldSet(fields, "argument of Test", exact), [{ key: "_ask" }]);
}

/** Returns the texts that are compiled while `run` runs. */
function compiledBy(run: () => void): string[] {
  const texts: string[] = [];
  const construct = (target: typeof Function, given: string[]) => {
    texts.push(given.at(-1) ?? "");
    return Reflect.construct(target, given);
  };
  vi.stubGlobal("Function", new Proxy(Function, { construct }));
  try {
    run();
  } finally {
    vi.unstubAllGlobals();
  }
  return texts;
}

/** Writes a box in both ways. */
function written(fields: Fields, values: unknown, exact = true): { loops: Buffer; code: Buffer | false } {
  const template = templateOf(fields, exact);
  const [loops, code] = [new ByteWriter(), new ByteWriter()];
  template.write(loops, 0x1f, values as Values);
  const isWritten = generateWriter(template)(code, 0x1f, values as object);
  return { loops: Buffer.from(loops.copy()), code: isWritten && Buffer.from(code.copy()) };
}

describe("generated code", () => {
  test("generated code contains names of fields only as escaped literals", () => {
    const names = [
      '"];throw 1;//',
      "`$\u007bthrow1}`",
      "\u2028throw\u2029",
      "\\",
      "\n*/throw 1;/*",
      "'throw'",
      "</script>",
    ];
    const template = templateOf(Object.fromEntries(names.map((name) => [name, integer()])));
    const texts = compiledBy(() => {
      generateWriter(template);
      generateReader(expectedBoxOf(template) ?? expect.fail());
    });
    expect(texts).toHaveLength(2);
    for (const text of texts) {
      const literals = text.match(/"(?:[^"\\\n\u2028\u2029]|\\.)*"/g)?.map((one) => JSON.parse(one)) ?? [];
      expect(new Set(literals)).toEqual(
        new Set(["use strict", ...(text.includes("write(out") ? ["object"] : []), ...names]),
      );
      const rest = text.replaceAll(/"(?:[^"\\\n]|\\.)*"/g, "");
      expect(
        rest
          .replaceAll("catch (error) { out.truncate(start); throw failure(field, error); }", "")
          .replaceAll("throw failure(field, error)", ""),
      ).not.toMatch(/throw|\u2028|\u2029/);
    }
  });

  test.each(["__proto__"])(
    "a field cannot have the name %s, with which an object literal sets the prototype",
    (name) => {
      expect(() => templateOf(Object.fromEntries([[name, integer()]]))).toThrow(/cannot name a field/);
    },
  );

  test("generated code writes the bytes of the loops", () => {
    const fields = {
      id: integer(),
      name: unicode(),
      weight: float(),
      on: boolean(),
      raw: bytes(),
      more: optional(integer()),
    };
    const values = { id: 4711, name: "日本", weight: -19.75, on: true, raw: new Uint8Array(40_000) };
    for (const each of [
      values,
      { ...values, more: 2 ** 40 },
      { ...values, name: "x".repeat(500), weight: 1e300 },
    ]) {
      const { loops, code } = written(fields, each);
      expect(code).toEqual(loops);
    }
  });

  test("generated code leaves values with a missing, undeclared or local name to the loops", () => {
    const write = generateWriter(templateOf({ a: integer(), b: optional(integer()), here: local<number>() }));
    const out = new ByteWriter();
    const getter = Object.defineProperty({ b: 1, other: 1 }, "a", { value: 1, enumerable: false });
    for (const values of [
      {},
      { b: 1 },
      { a: undefined },
      { a: 1, c: 1 },
      { a: 1, here: 5 },
      getter,
      [],
      () => 1,
    ])
      expect(write(out, 1, values)).toBe(false);
    expect(write(out, 1, JSON.parse("null"))).toBe(false);
    expect(write(out, 1, { a: 1, b: undefined })).toBe(true);
    expect(out.length).toBeGreaterThan(0);
  });

  test("generated code ignores undeclared names of a response", () => {
    const { loops, code } = written({ a: integer() }, { extra: 5, a: 1 }, false);
    expect(code).toEqual(loops);
  });

  test("generated code appends nothing if a value cannot be encoded, and names the field", () => {
    const write = generateWriter(templateOf({ a: integer(), list: listOf(integer()), z: unicode() }));
    const out = new ByteWriter();
    out.byte(0x2a);
    for (const [values, message] of [
      [{ a: 1.5, list: [], z: "" }, 'argument of Test: "a": an integer is needed, not 1.5'],
      [{ a: 1, list: [1, "x"], z: "" }, 'argument of Test: "list": element 1: an integer is needed, not "x"'],
      [{ a: 1, list: [], z: "x".repeat(65_536) }, 'argument of Test: "z": the value is 65536 bytes long'],
    ] as const) {
      expect(() => write(out, 1, values)).toThrow(message);
      expect(Buffer.from(out.copy())).toEqual(Buffer.from([0x2a]));
    }
  });

  test("code is generated after the given number of boxes, up to the given number of pieces", () => {
    const paths = new NodeFastPaths(new CodeGenerator(3, 2));
    const out = new ByteWriter();
    out.fastPaths = paths;
    const templates = [
      templateOf({ a: integer() }),
      templateOf({ a: integer() }),
      templateOf({ a: integer() }),
    ];
    const counts = templates.map((template) => {
      for (let count = 0; count < 3; count++) {
        expect(template.fastWrite).toBeUndefined();
        template.write(out, 1, { a: count });
      }
      return template.fastWrite !== undefined;
    });
    expect(counts).toEqual([true, true, false]);
  });

  test.each<[string, Fields]>([
    ["several keys", { a: nullable(integer()) }],
    ["a name that objects inherit", { toString: integer() }],
    [
      "over 64 fields",
      Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`f${index}`, integer()])),
    ],
  ])("is not generated for %s", (_, fields) => {
    const out = new ByteWriter();
    out.fastPaths = new NodeFastPaths(new CodeGenerator(1));
    const template = templateOf(fields);
    const values = Object.fromEntries(Object.keys(fields).map((name) => [name, 1]));
    for (let count = 0; count < 3; count++) template.write(out, 1, values);
    expect(template.fastWrite).toBeUndefined();
  });

  test("rows that were written by other programs are read with the loops", () => {
    const Rows = command("Rows", { arguments: { rows: ampList({ a: integer(), b: optional(unicode()) }) } });
    const reader = new BoxReader();
    reader.frame.fastPaths = new NodeFastPaths(new CodeGenerator(1));
    const out = new ByteWriter();
    for (let count = 0; count < 5; count++)
      Rows.writeAsk(out, 1, { rows: [{ a: 1 }, { a: 2, b: "x" }] }, undefined);
    // Another order of keys, an unknown key and a key that occurs twice.
    const ask = "\0\x04_ask\0\x011\0\x08_command\0\x04Rows\0\x04rows";
    const row = "\0\x01b\0\x01y\0\x01a\0\x013\0\x01z\0\0\0\x01a\0\x014\0\0";
    const wire = Buffer.from(`${ask}\0${String.fromCharCode(row.length)}${row}\0\0`, "latin1");
    reader.push(Buffer.concat([out.copy(), wire, out.copy()]));
    const read: unknown[] = [];
    for (let frame = reader.nextFrame(); frame !== undefined; frame = reader.nextFrame())
      read.push(Rows.readArguments(frame, undefined));
    const usual = { rows: [{ a: 1 }, { a: 2, b: "x" }] };
    expect(read).toEqual([...Array(5).fill(usual), { rows: [{ a: 4, b: "y" }] }, ...Array(5).fill(usual)]);
  });
});

describe("the expected box", () => {
  const One = command("One", { arguments: { a: integer() } });
  const Two = command("Two", { arguments: { b: integer() } });

  test.each([1, undefined])(
    "is found by the name of the command for asks in turn, with the tag %s",
    (tag) => {
      const reader = new BoxReader();
      reader.frame.fastPaths = new NodeFastPaths(undefined);
      const out = new ByteWriter();
      const matched: boolean[] = [];
      for (let count = 0; count < 8; count++) {
        out.truncate(0);
        if (count % 2 === 0) One.writeAsk(out, tag, { a: count }, undefined);
        else Two.writeAsk(out, tag, { b: count }, undefined);
        reader.push(out.copy());
        const frame = reader.nextFrame() ?? expect.fail();
        matched.push(frame.matched !== undefined);
        expect((count % 2 === 0 ? One : Two).readArguments(frame, undefined)).toEqual(
          count % 2 === 0 ? { a: count } : { b: count },
        );
      }
      expect(matched.slice(4)).toEqual([true, true, true, true]);
    },
  );

  test("the expected box is found by the tag for answers in turn", () => {
    const Get = command("Get", { response: { a: integer() } });
    const Find = command("Find", { response: { b: unicode() } });
    const reader = new BoxReader();
    reader.frame.fastPaths = new NodeFastPaths(undefined);
    reader.frame.calls = { get: (tag) => (tag === 99 ? undefined : { command: tag % 2 === 0 ? Get : Find }) };
    const out = new ByteWriter();
    const matched: boolean[] = [];
    for (const tag of [2, 3, 4, 5, 99, 6, 7]) {
      out.truncate(0);
      if (tag % 2 === 0) Get.writeAnswer(out, tag, { a: 1 }, undefined);
      else Find.writeAnswer(out, tag, { b: "x" }, undefined);
      reader.push(out.copy());
      const frame = reader.nextFrame() ?? expect.fail();
      matched.push(frame.matched !== undefined);
    }
    expect(matched).toEqual(
      [true, true, true, true, true, true, true].map((_, index) => index !== 4 || matched[4]),
    );
  });

  test("is noted as the next one only for boxes with generated code, so that few are kept alive", () => {
    const lastExpected = (generator?: CodeGenerator) => {
      const asked = [
        command("Odd", { arguments: { a: integer() } }),
        command("Even", { arguments: { a: integer() } }),
      ];
      const reader = new BoxReader();
      reader.frame.fastPaths = new NodeFastPaths(generator);
      for (let count = 1; count <= 12; count++) {
        const Asked = asked[count % 2] ?? expect.fail();
        const out = new ByteWriter();
        Asked.writeAsk(out, 1, { a: 1 }, undefined);
        reader.push(out.copy());
        Asked.readArguments(reader.nextFrame() ?? expect.fail(), undefined);
      }
      return reader.frame.expected;
    };
    expect(lastExpected()).toMatchObject({ commandName: "Odd", next: undefined });
    expect(lastExpected(new CodeGenerator(2))).toMatchObject({
      commandName: "Odd",
      next: { commandName: "Even" },
    });
  });

  test("never changes what is read, in any order of commands on several connections", () => {
    const commands = [
      One,
      Two,
      command("Three", { arguments: { a: integer() } }),
      command("Four", { arguments: { a: unicode(), b: optional(integer()) } }),
    ] as const;
    const values = [{ a: 1 }, { b: 2 }, { a: 3 }, { a: "4", b: 4 }] as const;
    const order = fc.array(fc.tuple(fc.nat(3), fc.nat(2), fc.boolean()), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(order, (steps) => {
        const paths = new NodeFastPaths(new CodeGenerator(2));
        const readers = [new BoxReader(), new BoxReader(), new BoxReader()] as const;
        for (const reader of readers) reader.frame.fastPaths = paths;
        for (const [which, on, wantsAnswer] of steps) {
          const asked = commands[which as 0]; // all four are commands; the type of one of them is enough
          const out = new ByteWriter();
          asked.writeAsk(out, wantsAnswer ? 0xabcde : undefined, values[which as 0], undefined);
          const reader = readers[on as 0];
          reader.push(out.copy());
          const frame = reader.nextFrame() ?? expect.fail();
          expect(frame.ask >= 0).toBe(wantsAnswer);
          expect(asked.readArguments(frame, undefined)).toEqual(values[which]);
        }
      }),
    );
  });

  test("the expected box of another definition of a command with the same name is not used for its values", () => {
    const paths = new NodeFastPaths(new CodeGenerator(2));
    const read = (Kind: typeof One, out: ByteWriter) => {
      const reader = new BoxReader();
      reader.frame.fastPaths = paths;
      reader.push(out.copy());
      const all: unknown[] = [];
      for (let frame = reader.nextFrame(); frame !== undefined; frame = reader.nextFrame())
        all.push(Kind.readArguments(frame, undefined));
      return all;
    };
    const out = new ByteWriter();
    for (let count = 0; count < 6; count++) One.writeAsk(out, count + 1, { a: count }, undefined);
    const Other = command("One", { arguments: { a: unicode() } });
    expect(read(One, out)).toEqual([0, 1, 2, 3, 4, 5].map((a) => ({ a })));
    // biome-ignore lint/suspicious/noExplicitAny: the types of the two definitions differ
    expect(read(Other as any, out)).toEqual([0, 1, 2, 3, 4, 5].map((a) => ({ a: `${a}` })));
  });
});

describe("a process", () => {
  const total = (600 * 599) / 2 + 600;

  test.each([
    {
      what: "by default compiles each kind of box once at each end",
      flags: [],
      mode: "default",
      compiled: 8,
      failure: "",
    },
    {
      what: "generateCode false compiles nothing",
      flags: [],
      mode: "forbidden",
      compiled: 0,
      failure: "",
    },
    {
      what: "with --disallow-code-generation-from-strings uses the loops after one attempt",
      flags: ["--disallow-code-generation-from-strings"],
      mode: "default",
      compiled: 1,
      failure: "EvalError",
    },
    {
      what: "in which Function throws uses the loops after one attempt",
      flags: [],
      mode: "hardened",
      compiled: 1,
      failure: "TypeError",
    },
  ])("$what", async ({ flags, mode, compiled, failure }) => {
    const program = await nodeProgram("generated-code");
    const printed = execFileSync(process.execPath, [...flags, program, mode], { encoding: "utf8" });
    expect(JSON.parse(printed)).toEqual({ total, compiled, failure });
  });

  test("a value of generateCode that is neither true nor false is rejected", async () => {
    const wrong = { host: "127.0.0.1", port: 0, generateCode: "no" as unknown as boolean }; // a JavaScript program can pass it
    expect(await rejection(connect(wrong))).toBeInstanceOf(TypeError);
    expect(String(await rejection(listen(wrong)))).toMatch(/generateCode must be true or false, not "/);
  });
});
