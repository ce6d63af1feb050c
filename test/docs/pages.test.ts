/** Compiles every snippet of the documentation under `strict`, runs it, and compares its output with its comments. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { builtCommand } from "../support/built.ts";
import { modules } from "./pages.ts";

const root = new URL("../../", import.meta.url).pathname;
const folder = join(root, "test/docs/generated");
const all = modules();

/** A page may start a child process, which imports the built package. */
beforeAll(builtCommand, 120_000);

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  for (const { name, code } of all) writeFileSync(join(folder, `${name}.ts`), `${code}\nexport {};\n`);
  const config = {
    extends: "../../../tsconfig.json",
    compilerOptions: { noUnusedLocals: false },
    include: ["*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
});

/** Programs of the pages read and write files in the current folder. */
const here = process.cwd();
const scratch = join(folder, "scratch");
beforeAll(() => {
  mkdirSync(scratch);
  process.chdir(scratch);
});

afterAll(() => {
  process.chdir(here);
  rmSync(folder, { recursive: true, force: true });
});

describe("documentation", () => {
  test("the code of the pages compiles under strict, also the excerpts", () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    expect(stdout).toBe("");
  }, 60_000);

  test.each(all.filter(({ isRun }) => isRun))(
    "the code of a page runs and prints what its comments state: $name",
    async ({ name, expectedOutput }) => {
      const printed: string[] = [];
      const log = vi.spyOn(console, "log").mockImplementation((...args: unknown[]) => {
        printed.push(format(...args));
      });
      try {
        await import(/* @vite-ignore */ join(folder, `${name}.ts`));
      } finally {
        log.mockRestore();
      }
      expect(printed.filter((line) => expectedOutput.includes(line))).toEqual(expectedOutput);
    },
  );
});
