/**
 * The manager of Twisted's `trial -j`, unmodified, with workers in Node. The example in examples/trial-worker is the other
 * role: a manager in Node with Twisted's worker.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { nodeProgram } from "../support/node-program.ts";
import { describeWithTwisted, python } from "../support/twisted.ts";

const sampleTests = fileURLToPath(new URL("../../examples/trial-worker", import.meta.url));

/** Runs trial, whose manager starts its workers with `sys.executable`. */
const TRIAL = "import sys; sys.executable = sys.argv.pop(1); from twisted.scripts.trial import run; run()";

const OUTCOMES = {
  fails: "[FAILURE]",
  failsAsExpected: "[TODO]",
  hasAnError: "[ERROR]",
  isSkipped: "[SKIPPED]",
  passes: "[OK]",
  // Trial 22.4 prints no summary after this outcome, not even with workers of its own.
  passesUnexpectedly: "[SUCCESS!?!]",
};

/** Runs trial with workers in Node, and returns its output and the logs of the workers. */
async function runTrial(workers: number, tests: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "ampwire-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const worker = join(folder, "worker");
  writeFileSync(worker, `#!/bin/sh\nexec '${process.execPath}' '${await nodeProgram("trial-worker")}'\n`);
  chmodSync(worker, 0o755);
  const names = tests.map((test) => `sample_tests.SampleTests.test_${test}`);
  const args = [`-j${workers}`, "--reporter=bwverbose", "--temp-directory=temp", ...names];
  const trial = spawn(python, ["-B", "-c", TRIAL, worker, ...args], {
    cwd: folder,
    env: { ...process.env, PYTHONPATH: sampleTests },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void trial.kill("SIGKILL"));
  const [output, [code]] = await Promise.all([text(trial.stdout), once(trial, "close")]);
  const logs = (name: string) =>
    Array.from({ length: workers }, (_, i) => readFileSync(join(folder, "temp", `${i}`, name), "utf8")).join(
      "",
    );
  return { code, output, log: logs("test.log"), complaints: logs("err.log") };
}

describeWithTwisted("the manager of trial", () => {
  it("trial -j1 prints the outcome that a worker in Node reports for each test", async () => {
    const { code, output } = await runTrial(1, Object.keys(OUTCOMES));
    expect(code).toBe(1);
    expect(output).toContain("Running 6 tests.");
    for (const [test, outcome] of Object.entries(OUTCOMES))
      expect(output).toContain(`sample_tests.SampleTests.test_${test} ... ${outcome}\n`);
    expect(output).toContain("twisted.trial.unittest.FailTest: not in Node");
    expect(output).toContain("builtins.RuntimeError: caf\u00e9");
  });

  it("trial -j2 divides its tests between two workers in Node, which exit at its end", async () => {
    const tests = Object.keys(OUTCOMES).filter((test) => test !== "passesUnexpectedly");
    const { output, log, complaints } = await runTrial(2, tests);
    expect(output).toMatch(/^FAILED \(skips=1, expectedFailures=1, failures=1, errors=1, successes=1\)$/m);
    expect(log.match(/running sample_tests\.SampleTests\.test_\w+/g)).toHaveLength(5);
    expect(complaints).toBe("");
  });
});
