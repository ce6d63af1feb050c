/**
 * `npm test`: everything a change must pass, as named steps that stop at the first failure. Arguments go to
 * vitest (`npm test -- test/core`). When tests have run, the last line is their count.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { npm, run } from "./run.mjs";
import { ensureDependencies, ensureTwisted } from "./setup.mjs";

ensureDependencies();
const twisted = ensureTwisted() ? "1" : "0";

const scratch = mkdtempSync(join(tmpdir(), "ampwire-test-"));
const report = join(scratch, "vitest.json");

const steps = [
  ["build", script("build")],
  ["types", script("check:types")],
  ["core purity", script("check:core")],
  ["lint", script("check:lint")],
  ["tests", vitest],
  ["package", script("check:package")],
];

const outcomes = [];
let failed = false;
for (const [name, step] of steps) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const code = step();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  failed = code !== 0;
  outcomes.push(`${failed ? "failed" : "passed"}  ${name} (${seconds} s)`);
  console.log(outcomes.at(-1));
  if (failed) break;
}

const skipped = steps.slice(outcomes.length).map(([name]) => `not run ${name}`);
console.log(`\n== summary\n${[...outcomes, ...skipped].join("\n")}`);
const counts = countTests();
if (counts !== undefined) console.log(`\n${counts}`);
rmSync(scratch, { recursive: true });
process.exit(failed ? 1 : 0);

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

/** `N passed, N failed, N skipped`, or undefined when vitest did not run to its end. */
function countTests() {
  let result;
  try {
    result = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return undefined;
  }
  // A file that cannot be loaded has no tests to count, and is not to look like a success.
  const unloaded = result.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  const notRun = result.numPendingTests + result.numTodoTests;
  return `${result.numPassedTests} passed, ${result.numFailedTests + unloaded.length} failed, ${notRun} skipped`;
}
