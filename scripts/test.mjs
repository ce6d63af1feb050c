/**
 * `npm test`: runs all checks as named steps, and stops at the first failure. Passes arguments to vitest (for example,
 * `npm test -- test/core`). If tests were run, the last lines are the failures, for a reader who has only the end of the
 * output, and the count.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promises } from "./promises.mjs";
import { npm, root, run } from "./run.mjs";
import {
  ensureChromium,
  ensureDependencies,
  ensureEpoptes,
  ensureHAProxy,
  ensureNatsServer,
  ensureTshark,
  ensureTwisted,
  ensureTwistedExamples,
} from "./setup.mjs";

ensureDependencies();
ensureDependencies("docs"); // before the tests, so that npm does not slow them down
const twisted = ensureTwisted() ? "1" : "0";
ensureTwistedExamples();
ensureEpoptes();
ensureTshark();
ensureNatsServer();
ensureHAProxy();
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

/** @type {Map<string, boolean>} result of each step that was run, by its name */
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
  const checked = promises(results.testResults);
  // A run of some files does not test every promise.
  if (process.argv.length === 2) {
    console.log("\n== promises of SECURITY.md");
    for (const { promise, result } of checked) console.log(`${result.padEnd(7)}  ${promise}`);
  }
  for (const failure of failures(results)) console.log(`\nfailed   ${failure}`);
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

/** Returns the report of vitest, or undefined if vitest did not finish. */
function readReport() {
  try {
    return JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return undefined;
  }
}

/** Returns the file, the name and the beginning of the message of each failure. */
function failures(result) {
  return result.testResults.flatMap(({ name, message, status, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter(({ status }) => status === "failed");
    const tests = failed.map(
      (test) => `${file}: ${test.fullName}\n${start(test.failureMessages.join("\n"))}`,
    );
    return isUnloaded({ status, assertionResults }) ? [`${file}\n${start(message)}`] : tests;
  });
}

/** Returns the first lines of a text. */
function start(text) {
  return text.split("\n").slice(0, 15).join("\n");
}

/** True for a file that failed without a failed test: it could not be loaded, or a hook failed. */
function isUnloaded({ status, assertionResults }) {
  return status === "failed" && !assertionResults.some((test) => test.status === "failed");
}

/** Returns `N passed, N failed, N skipped`. */
function countTests(result) {
  // Only the exit code of vitest reports an error between two tests.
  const failed = result.numFailedTests + result.testResults.filter(isUnloaded).length;
  const failures = Math.max(failed, passed.get("tests") ? 0 : 1);
  const notRun = result.numPendingTests + result.numTodoTests;
  return `${result.numPassedTests} passed, ${failures} failed, ${notRun} skipped`;
}
