/** `ampwire import` and `ampwire export` convert commands between Python and TypeScript. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Argument,
  Box,
  bytes,
  Command,
  command,
  encodeBox,
  integer,
  listOf,
  locator,
  optional,
  parseBoxes,
  plainBox,
  quitBox,
} from "ampwire";
import { afterAll, describe, expect, it } from "vitest";
import { describeExports } from "../../src/cli/export/export.ts";
import { writePython } from "../../src/cli/export/write-python.ts";
import { readPython } from "../../src/cli/import/read-python.ts";
import { type TypeScriptOptions, writeTypeScript } from "../../src/cli/import/write-typescript.ts";
import type { ModuleDescription } from "../../src/cli/translate/description.ts";
import * as ours from "../support/commands.ts";
import { ourClient, ourServer } from "../support/loopback.ts";
import { describeWithTwisted, python } from "../support/twisted.ts";

const PYTHON = "test/interop/twisted/commands.py";
const OURS = "test/support/commands.ts";
const OWN_CODECS = "test/cli/python/own_codecs.py";

/** A folder in the repository, where the compiler resolves the name of the package. */
const place = mkdtempSync("test/cli/translated-");
afterAll(() => rmSync(place, { recursive: true }));

let files = 0;

/** Writes a new file. Neither language loads the same module twice. */
function written(text: string, ending: "ts" | "py"): string {
  const file = join(place, `module_${++files}.${ending}`);
  writeFileSync(file, text);
  return file;
}

type Exports = Readonly<Record<string, unknown>>;

const load = (file: string): Promise<Exports> => import(join(process.cwd(), file));

async function imported(file: string, options?: TypeScriptOptions): Promise<string> {
  return writeTypeScript(await readPython(file), options);
}

async function exported(file: string): Promise<string> {
  return writePython(await describeExports(await load(file), file));
}

/** Imports Python source as TypeScript. */
const translated = async (source: string) => imported(written(source, "py"));

const HEAD = "from twisted.protocols import amp\n\n";

describeWithTwisted("import", () => {
  it("import writes every class of the interoperability peers as an equal command", async () => {
    const made = await load(written(await imported(PYTHON, { bigint: true }), "ts"));
    const commands = Object.values(made).filter((value) => value instanceof Command);
    expect(commands).toHaveLength(40);
    const likes = Object.values(ours).filter((value) => value instanceof Command);
    for (const mine of commands) {
      const like = likes.find(({ name }) => name === mine.name) as Command | undefined;
      expect(like, mine.name).toBeDefined();
      expect(wireShape(mine), mine.name).toEqual(wireShape(like as Command));
    }
  });

  it("import writes code that compiles and that a formatter does not change", async () => {
    const files: string[] = [];
    for (const source of [PYTHON, OWN_CODECS]) files.push(written(await imported(source), "ts"));
    // One run for both files: the compiler needs most of its time for the types of the package.
    const tsc = ["node_modules/typescript/bin/tsc", "-p", projectOf(files)];
    expect(execFileSync(process.execPath, tsc, { encoding: "utf8" })).toBe("");
    for (const file of files) {
      const input = readFileSync(file, "utf8");
      const style = ["--indent-style=space", "--line-width=80", "--stdin-file-path=commands.ts"];
      const biome = ["node_modules/@biomejs/biome/bin/biome", "check", "--write", ...style];
      expect(spawnSync(process.execPath, biome, { encoding: "utf8", input }).stdout).toBe(input);
    }
  }, 60_000);

  it("import gives the same TypeScript after an export to Python", async () => {
    const first = await imported(PYTHON);
    const back = await exported(written(first, "ts"));
    const second = await imported(written(back, "py"));
    expect(second).toBe(first);
    expect(await exported(written(second, "ts"))).toBe(back);
  });

  it("import writes commands that work with a peer", async () => {
    const made = await load(written(await imported(PYTHON), "ts"));
    const { Divide, ZeroDivisionError } = made as Pick<typeof ours, "Divide" | "ZeroDivisionError">;
    const server = await ourServer({ locator: locator(divide()) });
    const client = await ourClient(server.port);
    const call = client.callRemote(Divide, { numerator: 1 as never, denominator: 0 as never });
    await expect(call).rejects.toBeInstanceOf(ZeroDivisionError);
  });

  it("import keeps extensions, and writes a class that drops arguments without its base", async () => {
    const text = await translated(`${HEAD}
class Base(amp.Command):
    arguments = [(b"a", amp.Integer())]
    errors = {KeyError: b"KEY"}
class More(Base):
    arguments = Base.arguments + [(b"b", amp.Integer())]
    requiresAnswer = False
class Same(More):
    pass
class Less(Base):
    arguments = [(b"c", amp.Integer())]
`);
    expect(text).toContain(
      'export const More = Base.extend("More", {\n  arguments: {\n    b: integer(),\n  },\n',
    );
    expect(text).toContain('export const Same = More.extend("Same");');
    const { Same, Less } = (await load(written(text, "ts"))) as Record<string, Command>;
    expect(shape(Same as Command)).toMatchObject({ arguments: { a: {}, b: {} }, requiresAnswer: false });
    expect(Object.keys((Less as Command).arguments)).toEqual(["c"]);
    expect(Object.keys((Less as Command).errors)).toEqual(["KEY"]);
  });

  it("import names custom classes, and writes a subclass without conversions as its base", async () => {
    const text = await translated(`${HEAD}
class Money(amp.Argument):
    pass
class Name(amp.Unicode):
    pass
class Odd(amp.Unicode):
    def fromString(self, inString):
        return None
class A(amp.Command):
    arguments = [(b"m", Money(optional=True)), (b"n", Name()), (b"o", amp.ListOf(Odd()))]
`);
    const module = `module_${files}`;
    expect(text).toContain(`m: optional(bytes()), // bytes of the Python class ${module}.Money\n`);
    expect(text).toContain("n: unicode(),\n");
    expect(text).toContain(`o: listOf(bytes()), // bytes of the Python class ${module}.Odd\n`);
  });

  it("import writes classes that split or compress values in a known way as such", async () => {
    const text = await imported(OWN_CODECS);
    expect(text).toContain('    packed: bigUnicode({ compression: zlib({ of: "pieces" }) }),\n');
    expect(text).toContain('    big: optional(bigBytes({ layout: "numbered-from-0" })),\n');
    const rows = (indent: string) =>
      `ampList({\n${indent}  id: integer(),\n${indent}  name: optional(unicode()),\n${indent}})`;
    expect(text).toContain(`    rows: compressed(\n      ${rows("      ")},\n    ),\n`);
    expect(text).toContain(
      `big_rows: optional(\n      big(\n        ${rows("        ")},\n        { compression: zlib() },\n      ),\n    ),\n`,
    );
  });

  it("import writes a class with keys of its own as a codec that throws, and says how to replace it", async () => {
    const text = await imported(OWN_CODECS);
    const remark = "// write a codec: the Python class own_codecs.Odd uses keys of its own";
    expect(text).toContain(`    odd: missingCodec("own_codecs.Odd"), ${remark}\n`);
    expect(text).toContain("    json: bytes(), // bytes of the Python class own_codecs.Json\n");
    expect(text).toContain(
      "}), // rows of the Python class own_codecs.OddRows, which has conversions of its own\n",
    );
    expect(text).toMatch(
      /^\/\/ The marked codecs .*\n(?:\/\/.*\n)*\/\/ {3}export const Put = imported\.Put\.extend\("Put", \{\n/,
    );
    const { Put } = (await load(written(text, "ts"))) as { Put: Command };
    const values = { packed: "", rows: [], json: new Uint8Array(0), odd: 1, odd_rows: [] };
    expect(() => Put.makeArguments(values)).toThrow("own_codecs.Odd has no codec in TypeScript yet");
    const replaced = Put.extend("Put", { arguments: { odd: integer() } });
    expect(replaced.name).toBe("Put");
    expect(replaced.makeArguments({ ...values, odd: 1 }).text("odd")).toBe("1");
  });

  it("import writes no instructions if every codec is known", async () => {
    const text = await imported(PYTHON);
    expect(text).toMatch(/^import \{/);
    expect(text).not.toContain("missingCodec");
  });

  it("import writes codecs that Python classes with conversions of their own understand", async () => {
    const { Put } = (await load(written(await imported(OWN_CODECS), "ts"))) as { Put: Command };
    const values = {
      packed: "é€".repeat(50_000),
      rows: [{ id: 1, name: "a" }],
      json: Buffer.from("[1]"),
      big: Uint8Array.from({ length: 70_000 }, (_, index) => index),
      big_rows: Array.from({ length: 9_000 }, (_, id) => ({ id: (id * 7919) % 9001, name: String(id ** 3) })),
      odd_rows: [{ id: 2 }],
    };
    const usable = Put.extend("Put", { arguments: { odd: optional(integer()) } });
    const script = `
import sys
sys.path.insert(0, "test/cli/python")
from twisted.protocols import amp
from own_codecs import Put
[box] = amp.parseString(sys.stdin.buffer.read())
found = Put.parseArguments(box, None)
print(found["rows"], found["json"], len(found["packed"]), len(found["big"]), len(found["big_rows"]), found["odd_rows"])
again = Put.makeArguments(dict(found, odd=None, odd_rows=[]), None)
del again[b"odd_len"]
print(again.serialize().hex())
`;
    const out = execFileSync(python, ["-c", script], {
      encoding: "utf8",
      input: encodeBox(usable.makeArguments(values)),
      maxBuffer: 1e9,
    });
    const [summary = "", hex = ""] = out.split("\n");
    expect(summary).toBe("[{'id': 1, 'name': 'a'}] [1] 100000 70000 9000 {2: {'id': 2, 'name': None}}");
    const [back = new Box()] = parseBoxes(Buffer.from(hex, "hex"), { maxBoxBytes: 1e9 });
    const { json, ...others } = usable.parseArguments(back);
    expect(Buffer.from(json as Uint8Array).toString()).toBe("[1]");
    const { json: _, ...sent } = values;
    expect(others).toEqual({ ...sent, odd_rows: [] });
  });

  it("import keeps the names of error classes, and QuitBox", async () => {
    const text = await imported(OWN_CODECS);
    const { Quota, Narrow } = (await load(written(text, "ts"))) as Record<string, typeof Error>;
    expect([String(new (Quota as typeof Error)("full")), String(new (Narrow as typeof Error)("x"))]).toEqual([
      "Quota: full",
      "Narrow: x",
    ]);
    expect(text).toContain("export class Narrow extends Quota {");
    expect(text).toContain('export const Quit = command("Quit", {\n  responseType: quitBox,\n});');
    expect(await exported(written(text, "ts"))).toContain(
      "class Quit(amp.Command):\n    responseType = amp.QuitBox",
    );
  });

  it("import imports several modules and packages, and writes what they share once", async () => {
    const folder = join(place, "shop");
    mkdirSync(join(folder, "tests"), { recursive: true });
    const sources = {
      "__init__.py": "",
      "base.py": `${HEAD}class Empty(Exception):\n    pass\nclass Base(amp.Command):\n    errors = {Empty: b"EMPTY"}\n`,
      "cart.py": "from .base import Base\nclass Add(Base):\n    pass\n",
      "broken.py": "import no_such_dependency\n",
      "tests/__init__.py": "raise SystemExit(3)\n",
    };
    for (const [name, text] of Object.entries(sources)) writeFileSync(join(folder, name), text);
    const other = written(`${HEAD}class Add(amp.Command):\n    commandName = b"Other"\n`, "py");
    const description = await readPython(folder, other);
    expect(writeTypeScript(description).match(/^export .*/gm)).toEqual([
      "export class Empty extends Error {",
      'export const Base = command("Base", {',
      'export const Add = Base.extend("Add");',
      'export const Add_ = command("Other");',
    ]);
    expect(description.skipped).toEqual([
      { module: "shop.broken", message: "ModuleNotFoundError: No module named 'no_such_dependency'" },
    ]);
  });

  it("import reads a file once if it is named twice, or if another file imports it", async () => {
    const folder = join(place, "twice");
    mkdirSync(folder);
    writeFileSync(
      join(folder, "first.py"),
      `${HEAD}from second import Second\nclass First(Second):\n    pass\n`,
    );
    writeFileSync(join(folder, "second.py"), `${HEAD}class Second(amp.Command):\n    pass\n`);
    const [first, second] = [join(folder, "first.py"), join(folder, "second.py")];
    const once = writeTypeScript(await readPython(first));
    expect(once).toContain('export const First = Second.extend("First");');
    expect(writeTypeScript(await readPython(first, second, join(folder, "..", "twice", "first.py")))).toBe(
      once,
    );
  });

  it("import names a missing dependency, and how to use the Python that has it", async () => {
    const file = written("import no_such_dependency.part\n", "py");
    await expect(readPython(PYTHON, file)).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(`^${file}: it needs the Python module no_such_dependency, which /\\S+ does not have$`),
      ),
      hint: expect.stringContaining("AMPWIRE_PYTHON=venv/bin/python"),
    });
  });

  it("import converts reserved names, and names with any bytes", async () => {
    const text = await translated(`${HEAD}
class Error(Exception):
    pass
class Map(amp.Command):
    commandName = b"a \\xff\\"b"
    arguments = [(b"in-put", amp.Integer()), (b"\\xfe", amp.Integer())]
    errors = {Error: b"an error", TypeError: b"TYPE"}
delete = type("delete", (amp.Command,), {})
integer = type("integer", (amp.Command,), {})
`);
    expect(text).toContain(
      'export class Error_ extends Error {\n  override readonly name: string = "Error";\n}',
    );
    expect(text).toContain('export const delete_ = command("delete");');
    expect(text).toContain('export const integer_ = command("integer");');
    expect(text).toContain("TYPE: TypeError,");
    const made = (await load(written(text, "ts"))) as { Map: Command };
    expect(made.Map.name).toBe('a \udcff"b');
    expect(Object.keys(made.Map.arguments)).toEqual(["in-put", "\udcfe"]);
    const back = await exported(written(text, "ts"));
    expect(back).toContain('commandName = b"a \\xff\\"b"');
    expect(await imported(written(back, "py"))).toContain('"in-put": integer(),\n    "\\udcfe": integer(),');
  });

  it("import keeps the names of imports and globals apart from those of commands", async () => {
    const text = await translated(`${HEAD}
class quitBox(amp.Command):
    responseType = amp.QuitBox
undefined = type("undefined", (amp.Command,), {})
Infinity = type("Infinity", (amp.Command,), {})
`);
    const made = (await load(written(text, "ts"))) as Record<string, Command>;
    expect(Object.keys(made).sort()).toEqual(["Infinity_", "quitBox_", "undefined_"]);
    expect(made.quitBox_).toMatchObject({ name: "quitBox", responseType: quitBox });
  });

  it("import does not drop an argument with the name __proto__: the module throws", async () => {
    const text = await translated(`${HEAD}
class A(amp.Command):
    arguments = [(b"__proto__", amp.Integer()), (b"constructor", amp.Integer())]
`);
    await expect(load(written(text, "ts"))).rejects.toThrow("__proto__ cannot name a field");
  });

  it.each([
    ["test/interop/twisted/missing.py", "cannot find test/interop/twisted/missing.py"],
    ["no_such_module", "no_such_module: ModuleNotFoundError: No module named 'no_such_module'"],
    ["json", "json has no commands"],
  ])("reports the error of %s", async (module, message) => {
    await expect(readPython(module)).rejects.toThrow(message);
  });

  it("import reads a file with the name of a standard Python module", async () => {
    const file = join(place, "json.py");
    writeFileSync(file, `${HEAD}class A(amp.Command):\n    pass\n`);
    expect(await imported(file)).toContain('export const A = command("A");');
  });

  it("import imports commands that are defined inside a class", async () => {
    const text = await translated(`from twisted.protocols import amp
class Admin:
    class Reset(amp.Command):
        commandName = b"admin.Reset"
        class Hard(amp.Command):
            pass
class Reset(amp.Command):
    pass
Alias = Admin
`);
    const names = [...text.matchAll(/export const (\w+) = command\("([^"]+)"/g)].map(([, ...found]) => found);
    expect(names).toEqual([
      ["Reset", "Reset"],
      ["Reset_", "admin.Reset"],
      ["Hard", "Hard"],
    ]);
  });

  it("import writes a field that would set the prototype as one that the library reports", async () => {
    const text = await translated(`from twisted.protocols import amp
class A(amp.Command):
    arguments = [(b"__proto__", amp.Integer())]
`);
    expect(text).toContain('    ["__proto__"]: integer(),\n');
    await expect(load(written(text, "ts"))).rejects.toThrow("__proto__ cannot name a field");
  });

  it("import names a class that a command uses in place of an argument", async () => {
    const text = await translated(`from twisted.protocols import amp
class A(amp.Command):
    arguments = [(b"a", amp.Integer)]
`);
    expect(text).toContain(
      "the Python class twisted.protocols.amp.Integer, which the command does not instantiate",
    );
  });

  it("import ignores the output of the module", async () => {
    const noisy = `${HEAD}print("{}")\nclass A(amp.Command):\n    pass\n`;
    expect(await translated(noisy)).toContain('export const A = command("A");');
  });
});

describeWithTwisted("export", () => {
  it("export gives the same Python after an import to TypeScript", async () => {
    const classes = await exported(OURS);
    const back = await imported(written(classes, "py"));
    expect(await exported(written(back, "ts"))).toBe(classes);
    const made = await load(written(back, "ts"));
    for (const [name, value] of Object.entries(ours)) {
      if (!(value instanceof Command)) continue;
      expect(wireShape(made[name] as Command), name).toEqual(wireShape(value));
    }
  });

  it("export writes QuitBox in both languages, and an extension that drops it", async () => {
    const source = `${HEAD}class Bye(amp.Command):
    responseType = amp.QuitBox
class Same(Bye):
    pass
class Stay(Bye):
    responseType = amp.AmpBox
`;
    const text = await translated(source);
    expect(text).toContain('export const Same = Bye.extend("Same");');
    expect(text).toContain('Bye.extend("Stay", {\n  responseType: plainBox,\n});');
    const made = (await load(written(text, "ts"))) as Record<string, Command>;
    const kinds = ["Bye", "Same", "Stay"].map((name) => made[name]?.responseType);
    expect(kinds).toEqual([quitBox, quitBox, plainBox]);
    const back = await exported(written(text, "ts"));
    expect(back.replaceAll("\n\n\n", "\n").replace("amp\n", "amp\n\n")).toBe(source);
  });

  it("export writes an infinite limit", async () => {
    const text = `import { bigBytes, command } from "ampwire";
      export const A = command("A", { arguments: { data: bigBytes({ maxBytes: Infinity }) } });`;
    const made = await exported(written(text, "ts"));
    expect(made).toContain('BigBytes(maxBytes=float("inf"))');
    expect(await translated(made)).toContain("data: bigBytes({ maxBytes: Infinity })");
  });

  it("export writes classes that Twisted loads, including values over many keys", async () => {
    const file = written(await exported(OURS), "py");
    const script = `
import sys, runpy
from twisted.protocols import amp
made = runpy.run_path(sys.argv[1])
box = made["EchoBig"].makeArguments({"text": "\\u00e9" * 40000, "data": b"x" * 70000}, None)
print(sorted((key.decode(), len(value)) for key, value in box.items()))
back = made["EchoBig"].parseArguments(box, None)
print(back["text"] == "\\u00e9" * 40000, back["data"] == b"x" * 70000)
print(made["Notify"].requiresAnswer, made["SecureStart"].responseType is amp._TLSBox, made["Divide"].errors)
`;
    expect(execFileSync(python, ["-c", script, file], { encoding: "utf8" }).split("\n")).toEqual([
      "[('data', 65535), ('data.2', 4465), ('text', 65535), ('text.2', 14465)]",
      "True True",
      "False True {<class 'ZeroDivisionError'>: b'ZERO_DIVISION'}",
      "",
    ]);
  });
});

describe("export", () => {
  const describeThese = (exports: Exports): Promise<ModuleDescription> => describeExports(exports, OURS);

  it("export writes a custom codec as bytes", async () => {
    const own: Argument<string> = { encode: () => new Uint8Array(0), decode: () => "" };
    const A = command("A", { arguments: { one: own, many: optional(listOf(own)) } });
    const text = writePython(await describeThese({ A }));
    expect(text).toContain('(b"one", amp.String()),  # bytes of a custom codec in TypeScript');
    expect(text).toContain('(b"many", amp.ListOf(amp.String(), optional=True)),  # bytes of a custom codec');
  });

  it("export writes built-in errors, and errors that extend others", async () => {
    class Above extends Error {}
    class Below extends Above {}
    const errors = { BELOW: Below, ABOVE: Above, TYPE: TypeError, RANGE: RangeError, ANY: Error };
    const text = writePython(await describeThese({ A: command("A", { errors }), Below, Above }));
    expect(text).toContain("class Below(Above):\n    pass");
    expect(text).toContain("class RangeError(Exception):\n    pass");
    expect(text).not.toContain("class TypeError");
    expect(text).toContain('        Exception: b"ANY",');
    expect(text.indexOf("class Above")).toBeLessThan(text.indexOf("class Below"));
  });

  it("export writes reserved names of Python with an underscore", async () => {
    const A = command("class", { requireTLS: true, idempotent: true });
    const text = writePython(
      await describeThese({ None: A, default: command("B", { arguments: { b: bytes() } }) }),
    );
    expect(text).toContain('class None_(amp.Command):\n    commandName = b"class"\n');
    expect(text).toContain("    requireTLS = True\n    idempotent = True");
    expect(text).toContain("class B(amp.Command):\n");
  });

  it("export rejects a module without commands", async () => {
    await expect(describeThese({ integer: integer() })).rejects.toThrow("exports no commands");
  });
});

function divide() {
  return ours.Divide.responder(() => {
    throw new ours.ZeroDivisionError("division by zero");
  });
}

/** Returns the properties of a command without its classes. */
function shape({ name, arguments: args, response, errors, fatalErrors, ...rest }: Command) {
  return {
    name,
    arguments: types(args),
    response: types(response),
    errors: Object.keys(errors),
    fatalErrors: Object.keys(fatalErrors),
    requiresAnswer: rest.requiresAnswer,
    responseType: rest.responseType,
  };
}

/** Returns the shape with the one integer type of Python. */
function wireShape(command: Command) {
  return JSON.parse(JSON.stringify(shape(command)).replaceAll("BigInteger", "Integer"));
}

function types(fields: Readonly<Record<string, Argument<unknown>>>): object {
  // `bigBytes` and `bigUnicode` are custom classes in Twisted.
  return Object.fromEntries(Object.entries(fields).map(([name, codec]) => [name, type(codec)]));
}

function type(codec: Argument<unknown>): object {
  const { description } = codec;
  const { element, fields } = description ?? {};
  return {
    type: description?.type.replace("BigBytes", "String").replace("BigUnicode", "String"),
    optional: "optional" in codec,
    ...(element && { element: type(element) }),
    ...(fields && { fields: types(fields) }),
  };
}

/** Writes a TypeScript project that contains one file. */
function projectOf(paths: readonly string[]): string {
  const project = join(place, "tsconfig.json");
  const options = {
    noEmit: true,
    types: ["node"],
    paths: { ampwire: ["../../../src/index.ts"], "ampwire/*": ["../../../src/*/index.ts"] },
  };
  const config = {
    extends: "../../../tsconfig.base.json",
    compilerOptions: options,
    files: paths.map((path) => path.slice(place.length + 1)),
  };
  writeFileSync(project, JSON.stringify(config));
  return project;
}
