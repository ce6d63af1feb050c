/**
 * `npm test`: everything a change must pass, as named steps that stop at the first failure. Arguments go to
 * vitest (`npm test -- test/core`). When tests have run, the last line is their count.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promises } from "./promises.mjs";
import { npm, run } from "./run.mjs";
import {
  ensureChromium,
  ensureDependencies,
  ensureTshark,
  ensureTwisted,
  ensureTwistedExamples,
} from "./setup.mjs";

ensureDependencies();
const twisted = ensureTwisted() ? "1" : "0";
ensureTwistedExamples();
ensureTshark();
ensureChromium();

const scratch = mkdtempSync(join(tmpdir(), "ampwire-test-"));
const report = join(scratch, "vitest.json");

const steps = [
  ["build", script("build")],
  ["types", script("check:types")],
  ["core purity", script("check:core")],
  ["lint", script("check:lint")],
  ["prose", script("check:prose")],
  ["tests", vitest],
  ["package", script("check:package")],
];

/** @type {Map<string, boolean>} name of each step that was run, and whether it passed */
const passed = new Map();
const summary = [];
for (const [name, step] of steps) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  passed.set(name, step() === 0);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  summary.push(`${passed.get(name) ? "passed" : "failed"}  ${name} (${seconds} s)`);
  console.log(summary.at(-1));
  if (!passed.get(name)) break;
}
for (const [name] of steps.slice(passed.size)) summary.push(`not run ${name}`);
console.log(`\n== summary\n${summary.join("\n")}`);

const results = readReport();
if (results !== undefined) {
  const held = promises(results.testResults);
  // A few files, run by name, say nothing of the rest.
  if (process.argv.length === 2) {
    console.log("\n== promises of SECURITY.md");
    for (const { promise, result } of held) console.log(`${result.padEnd(7)}  ${promise}`);
  }
  console.log(`\n${countTests(results)}`);
}
rmSync(scratch, { recursive: true });
process.exit([...passed.values()].every(Boolean) ? 0 : 1);

function script(name) {
  return () => npm(["run", "--silent", name]);
}

function vitest() {
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  return run(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...process.argv.slice(2)],
    { env: { ...process.env, AMPWIRE_TWISTED: twisted } },
  );
}

/** What vitest has written, or undefined when it did not run to its end. */
function readReport() {
  try {
    return JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return undefined;
  }
}

/** `N passed, N failed, N skipped`. */
function countTests(result) {
  // A file that cannot be loaded has no tests to count, and is not to look like a success.
  const unloaded = result.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  // Nor is an error between two tests, which only vitest's exit code tells.
  const failures = Math.max(result.numFailedTests + unloaded.length, passed.get("tests") ? 0 : 1);
  const notRun = result.numPendingTests + result.numTodoTests;
  return `${result.numPassedTests} passed, ${failures} failed, ${notRun} skipped`;
}
