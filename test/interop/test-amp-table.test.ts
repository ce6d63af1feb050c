/** test-amp.md names every test of Twisted's test_amp.py, and quotes tests that exist. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { describeWithTwisted, python } from "../support/twisted.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** Test of Twisted, and the cell about it: tests of ampwire, the reason why there is none, or both. */
const rows = [...read("test/interop/test-amp.md").matchAll(/^\| `(\w+\.\w+)` \| (.*) \|$/gm)].map(
  ([, theirs = "", cell = ""]): [string, string[]] => [theirs, cell.split("<br>")],
);

/** Python program that prints the class and the name of every test in the module. */
const NAMES = `
import unittest
from twisted.test import test_amp
for name, value in vars(test_amp).items():
    if isinstance(value, type) and issubclass(value, unittest.TestCase) and value.__module__ == test_amp.__name__:
        for test in unittest.TestLoader().getTestCaseNames(value):
            print(f"{name}.{test}")
`;

describe("the table of test_amp.py", () => {
  test.each(rows)("%s has a counterpart that exists, or a reason", (_, cell) => {
    for (const one of cell) {
      const [, file, title] = /^`(test\/[^`]+)`: (.+)$/.exec(one) ?? [];
      if (file === undefined || title === undefined) {
        expect(one).toMatch(/^(does not apply|differs on purpose): .{20}/);
        continue;
      }
      expect(existsSync(new URL(`../../${file}`, import.meta.url)), file).toBe(true);
      // The title must be the whole text between two quotes.
      const quoted = ['"', "`"].some((quote) => read(file).includes(quote + title + quote));
      expect(quoted, `${file} has no test ${JSON.stringify(title)}`).toBe(true);
    }
  });

  test("the table counts its rows", () => {
    const without = rows.filter(([, cell]) => cell.some((one) => one.startsWith("does not apply"))).length;
    expect(read("test/interop/test-amp.md")).toContain(
      `has ${rows.length} tests there; ${rows.length - without} apply to ampwire`,
    );
  });
});

describeWithTwisted("the installed test_amp.py", () => {
  test("the table has a row for every test of the installed test_amp.py", () => {
    const names = execFileSync(python, ["-B", "-c", NAMES], { encoding: "utf8" }).trim().split("\n");
    expect(names.length).toBeGreaterThanOrEqual(139);
    const listed = new Set(rows.map(([theirs]) => theirs));
    expect(listed.size).toBe(rows.length);
    expect(names.filter((name) => !listed.has(name))).toEqual([]);
  });
});
