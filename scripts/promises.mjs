/** Reads SECURITY.md: each table row that names tests is a promise, which is kept if these tests passed. */
import { readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { root } from "./run.mjs";

/**
 * Returns each promise with the result of its tests.
 *
 * @param results `testResults` of vitest's JSON report
 * @returns {{ promise: string, result: "kept" | "broken" | "not run" }[]}
 */
export function promises(results) {
  const files = new Map(
    results.map(({ name, assertionResults }) => [
      relative(root, name).replaceAll("\\", "/"),
      assertionResults,
    ]),
  );
  return readFileSync(join(root, "SECURITY.md"), "utf8")
    .split("\n")
    .filter((line) => /^\|.*`test\//.test(line))
    .map((line) => {
      const [promise, ...cells] = line.replace(/^\| | \|$/g, "").split(" | ");
      const tests = cells
        .at(-1)
        .split("<br>")
        .map((named) => statusOf(named, files));
      return { promise: [promise, ...cells.slice(0, -1)].join(": "), result: together(tests) };
    });
}

/**
 * Returns the result of one reference, `file`: name. The name is the name of a test or its beginning, and `%s` matches any
 * text. The name of the file itself means all tests in it.
 */
function statusOf(named, files) {
  const [, file, name] = /^`([^`]+)`: (.+)$/.exec(named) ?? [];
  if (file === undefined) return "not run";
  const literal = name.split(/%[a-z]/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(literal.join(".*"));
  const all = name === basename(file, ".test.ts");
  // The tests of a contract are reported under the files that call it.
  const tests = files.get(file) ?? (file.startsWith("test/contracts/") ? [...files.values()].flat() : []);
  const found = tests.filter(({ fullName }) => all || pattern.test(fullName));
  if (found.some(({ status }) => status === "failed")) return "broken";
  return found.length > 0 && found.every(({ status }) => status === "passed") ? "kept" : "not run";
}

function together(results) {
  return ["broken", "not run"].find((result) => results.includes(result)) ?? "kept";
}
