/** Compiles every snippet of the documentation under `strict`, runs it, and compares its output with its comments. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { builtCommand } from "../support/built.ts";
import { pages } from "./pages.ts";

const root = new URL("../../", import.meta.url).pathname;
const folder = join(root, "test/docs/generated");
const runnable = pages().filter(({ code }) => code !== "");

/** A page may start a child process, which imports the built package. */
beforeAll(builtCommand, 120_000);

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  for (const { name, code } of runnable) writeFileSync(join(folder, `${name}.ts`), `${code}\nexport {};\n`);
  const config = {
    extends: "../../../tsconfig.json",
    compilerOptions: { noUnusedLocals: false },
    include: ["*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("documentation", () => {
  test("the code in docs/ compiles under strict", () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    expect(stdout).toBe("");
  }, 60_000);

  test.each(runnable)(
    "the code of a page in docs/ runs and prints what its comments state: $name",
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
