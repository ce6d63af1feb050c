/** Modules are loaded without a build step, on any Node. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { builtCommand } from "../support/built.ts";
import { scratchPath } from "../support/tls-side.ts";
import { ampwire, type Outcome } from "./run-command.ts";

let count = 0;

/** Writes a module into a folder without packages, and decodes an ask by its commands. */
async function schema(
  text: string,
  ending = "ts",
  flags = "",
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const file = scratchPath(`schema${++count}.${ending}`);
  writeFileSync(file, text);
  const input = Buffer.from(
    "00045f61736b00013100085f636f6d6d616e64000353756d00016100023133000162000238310000",
    "hex",
  );
  return ampwire(`decode --schema ${file}${flags}`, { input, env });
}

const SUM = `import { command, integer } from "ampwire";
export const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });\n`;
const values = ({ out }: Outcome) => JSON.parse(out).values;

/** Environment of a process that finds no package jiti. */
function withoutJiti(): Record<string, string> {
  const resolve = `export function resolve(name, about, next) {
    if (name !== "jiti") return next(name, about);
    throw Object.assign(new Error("Cannot find package 'jiti'"), { code: "ERR_MODULE_NOT_FOUND" });
  }`;
  const hooks = `data:text/javascript,${encodeURIComponent(resolve)}`;
  const program = `import { register } from "node:module"; register(${JSON.stringify(hooks)});`;
  return {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}`,
    NODE_NO_WARNINGS: "1",
  };
}

describe.concurrent("a schema module", () => {
  test.each<[string, string, string?]>([
    ["in JavaScript is loaded", SUM, "mjs"],
    [
      "with types is loaded",
      `${SUM}export const about = (name: string): string => name;\nexport type Nothing = never;`,
    ],
    ["with an enum, which Node does not strip, is loaded", `${SUM}export enum Kind { A, B }`],
    ["with a top-level await is loaded", `${SUM}export const later: number = await Promise.resolve(1);`],
    [
      "that exports a responder is loaded",
      `${SUM.replace("export const Sum", "const Sum")}export const sum = Sum.responder(({ a, b }) => ({ total: a + b }));`,
    ],
  ])("a schema module %s", async (_, text, ending) => {
    const outcome = await schema(text, ending, " --json");
    expect(outcome).toMatchObject({ code: 0, err: "" });
    expect(values(outcome)).toEqual({ a: 13, b: 81 });
  });

  test("a schema module may import a TypeScript file by its compiled name", async () => {
    writeFileSync(scratchPath("neighbour.ts"), SUM);
    expect(values(await schema(`export * from "./neighbour.js";`, "ts", " --json"))).toEqual({
      a: 13,
      b: 81,
    });
  });

  test.each([
    ["throws an error", "throw new Error('not today');", /^ampwire: cannot load \S+: Error: not today\n$/],
    ["has a syntax error", "const = 1;", /^ampwire: cannot load \S+: /],
    ["imports a missing module", `import "nowhere";`, /^ampwire: cannot load \S+: .*nowhere/],
    [
      "exports no commands",
      "export const a: number = 1;",
      /exports no commands \(export one, for example: export const Sum = command/,
    ],
  ])("a schema module that %s is reported in one line", async (_, text, message) => {
    const { code, out, err } = await schema(text);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(message);
    expect(err.trimEnd()).not.toContain("\n");
  });

  test("a schema module that needs the package jiti is reported with the command that installs it", async () => {
    const text = `${SUM}export enum Kind { A, B }`;
    const { code, out, err } = await schema(text, "ts", "", withoutJiti());
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(
      /^ampwire: Node \S+ cannot load \S+ without the package jiti 2, which is not installed \(run npm install --save-dev jiti in its project\)\n$/,
    );
  });

  test("a schema module with decorators, which neither Node nor jiti supports, is reported with a hint", async () => {
    const { code, err } = await schema(
      `${SUM}export class A { @Sum.responder sum() { return { total: 1 }; } }`,
    );
    expect(code).toBe(1);
    expect(err).toMatch(/\(decorators need tsx: /);
  });

  test("a schema module that does not exist is a usage error", async () => {
    const { code, err } = await ampwire("decode --schema nowhere.ts");
    expect({ code, err }).toEqual({
      code: 2,
      err: "ampwire: cannot find nowhere.ts (name a TypeScript or JavaScript module)\n",
    });
  });
});

test("a module is loaded if the path of the package contains characters that URLs escape", async () => {
  const dist = dirname(dirname(await builtCommand()));
  const root = dirname(dist);
  const copy = scratchPath("C# 50%25 off?");
  mkdirSync(copy);
  cpSync(dist, join(copy, "dist"), { recursive: true });
  for (const name of ["package.json", "node_modules"]) symlinkSync(join(root, name), join(copy, name));
  const file = scratchPath("beside.ts");
  writeFileSync(file, `${SUM}export enum Kind { A }`); // with an enum, so that jiti loads it
  const main = join(copy, "dist", "cli", "main.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "export", file], {
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("class Sum(amp.Command):");
});

test("a module with two responders for one command is named", async () => {
  const file = scratchPath("twice.mjs");
  writeFileSync(
    file,
    `import { command } from "ampwire";
const Go = command("Go");
export const one = Go.responder(() => {});
export const two = Go.responder(() => {});`,
  );
  expect(await ampwire(`serve ${file} --listen tcp://127.0.0.1:0`)).toEqual({
    code: 1,
    out: "",
    err: `ampwire: ${file}: two responders are given for Go (correct the exports of the module)\n`,
  });
});

test("a module that throws a value without a text is named", async () => {
  const file = scratchPath("null-prototype.mjs");
  writeFileSync(file, "throw Object.create(null);");
  const { code, err } = await ampwire(`serve ${file}`);
  expect(code).toBe(1);
  expect(err).toContain(`ampwire: cannot load ${file}: a value that cannot be converted to text was thrown`);
});
