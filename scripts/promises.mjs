/** What the tests say of the promises of SECURITY.md: each row names the tests that hold it. */
import { readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { root } from "./run.mjs";

/**
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
 * Of what a row names, `file`: name. The name is a test's, or its beginning, in which `%s` stands for anything; or the
 * file's own name, for all of its tests.
 */
function statusOf(named, files) {
  const [, file, name] = /^`([^`]+)`: (.+)$/.exec(named) ?? [];
  if (file === undefined) return "not run";
  const literal = name.split(/%[a-z]/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(literal.join(".*"));
  const all = name === basename(file, ".test.ts");
  const found = (files.get(file) ?? []).filter(({ fullName }) => all || pattern.test(fullName));
  if (found.some(({ status }) => status === "failed")) return "broken";
  return found.length > 0 && found.every(({ status }) => status === "passed") ? "kept" : "not run";
}

function together(results) {
  return ["broken", "not run"].find((result) => results.includes(result)) ?? "kept";
}
