/**
 * The published types under every supported version of TypeScript: the programs of the README and programs that use every
 * entry point compile, with the declarations of the package and of its dependencies checked. Invalid programs do not.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type InstalledPackage, installedPackage } from "../support/installed-package.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Versions of TypeScript, and the names under which they are installed. */
const COMPILERS = [
  ["5.5", "typescript-5.5"],
  ["5.9", "typescript-5.9"],
  ["6.0", "typescript"],
  ["7.0", "typescript-7"],
] as const;

/** The programs of the README, in TypeScript. */
const README = ["server", "client"];

const node = { types: ["node"], files: ["program.ts", "refused.ts", ...README.map((name) => `${name}.ts`)] };
const PROJECTS = [
  { name: "node", ...node, module: "NodeNext", moduleResolution: "NodeNext" },
  { name: "bundled", ...node, module: "ESNext", moduleResolution: "Bundler" },
  {
    name: "page",
    types: [],
    lib: ["ES2022", "DOM"],
    files: ["page.ts"],
    module: "ESNext",
    moduleResolution: "Bundler",
  },
];

let installed: InstalledPackage;
const inFolder = (name: string): string => join(installed.folder, name);

beforeAll(async () => {
  installed = await installedPackage();
  for (const name of ["program.ts", "page.ts", "refused.ts"]) {
    const text = readFileSync(join(root, "test/package/consumer", name), "utf8");
    // The directives are removed, because they would suppress the errors.
    writeFileSync(inFolder(name), text.replaceAll("@ts-expect-error", "wrong:"));
  }
  const readme = readFileSync(join(root, "README.md"), "utf8");
  for (const name of README) {
    const [, code] = new RegExp(`^\`\`\`js ${name}\\.mjs\\n(.*?)^\`\`\``, "ms").exec(readme) ?? [];
    if (code === undefined) throw new Error(`README.md has no program ${name}.mjs`);
    writeFileSync(inFolder(`${name}.ts`), code);
  }
}, 120_000);

afterAll(() => installed.remove());

describe.each(COMPILERS)("TypeScript %s", (version, compiler) => {
  const tsc = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, "node_modules", compiler, "bin", "tsc"), ...args], {
      cwd: installed.folder, // error positions are relative to this folder
      encoding: "utf8",
    });

  test(`TypeScript ${version} is the compiler that runs`, () => {
    expect(tsc("--version").stdout).toMatch(`Version ${version}.`);
  });

  test.each(PROJECTS)(
    `TypeScript ${version} accepts valid programs and rejects invalid ones: $name`,
    ({ name, files, ...options }) => {
      const project = inFolder(`tsconfig.${version}.${name}.json`);
      const compilerOptions = {
        ...options,
        target: "ES2022",
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        skipDefaultLibCheck: true, // the libraries of TypeScript itself do not change with the package
        noEmit: true,
      };
      writeFileSync(project, JSON.stringify({ compilerOptions, files }));
      // The text of an error continues in indented lines.
      const { status, stdout } = tsc("-p", project, "--pretty", "false");
      const errors = stdout.split("\n").filter((line) => /^\S/.test(line));
      const places = errors.map((error) => /^refused\.ts\((\d+),.*error TS/.exec(error)?.[1]);
      expect(errors.filter((_, index) => places[index] === undefined)).toEqual([]);
      const wrong = files.includes("refused.ts") ? wrongLines() : [];
      expect([...new Set(places.map(Number))].sort((a, b) => a - b)).toEqual(wrong);
      expect(status === 0).toBe(wrong.length === 0);
    },
    120_000,
  );
});

/** Returns the numbers of the lines after the directives, from 1. */
function wrongLines(): number[] {
  const lines = readFileSync(inFolder("refused.ts"), "utf8").split("\n");
  return lines.flatMap((line, index) => (line.trim().startsWith("// wrong:") ? [index + 2] : []));
}
