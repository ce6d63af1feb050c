/**
 * The published types, as every version of TypeScript that is promised reads them: programs that use every door
 * compile, declarations of ours and of the dependencies checked too, and what is wrong does not.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type InstalledPackage, installedPackage } from "../support/installed-package.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Which version, and as what it is installed here. */
const COMPILERS = [
  ["5.9", "typescript-5.9"],
  ["6.0", "typescript"],
  ["7.0", "typescript-7"],
] as const;

const node = { types: ["node"], files: ["program.ts", "refused.ts"] };
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
    // Without the directives, which would silence the compiler.
    writeFileSync(inFolder(name), text.replaceAll("@ts-expect-error", "wrong:"));
  }
}, 120_000);

afterAll(() => installed.remove());

describe.each(COMPILERS)("TypeScript %s", (version, compiler) => {
  const tsc = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, "node_modules", compiler, "bin", "tsc"), ...args], {
      cwd: installed.folder, // places are told from here
      encoding: "utf8",
    });

  test("is the compiler that runs", () => {
    expect(tsc("--version").stdout).toMatch(`Version ${version}.`);
  });

  test.each(PROJECTS)(
    "takes what is right and refuses what is wrong: $name",
    ({ name, files, ...options }) => {
      const project = inFolder(`tsconfig.${version}.${name}.json`);
      const compilerOptions = {
        ...options,
        target: "ES2022",
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
      };
      writeFileSync(project, JSON.stringify({ compilerOptions, files }));
      // What an error says goes on in lines that are indented.
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

/** The lines after the directives, counted from 1. */
function wrongLines(): number[] {
  const lines = readFileSync(inFolder("refused.ts"), "utf8").split("\n");
  return lines.flatMap((line, index) => (line.trim().startsWith("// wrong:") ? [index + 2] : []));
}
