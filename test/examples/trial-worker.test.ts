import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished, vi } from "vitest";
import { type Result, TrialWorker } from "../../examples/trial-worker/worker.ts";
import { rejection } from "../support/settled.ts";
import { describeWithTwisted, python } from "../support/twisted.ts";

/** Folder of the example. */
const path = fileURLToPath(new URL("../../examples/trial-worker", import.meta.url));

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), "ampwire-test-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

describeWithTwisted("the trial-worker example", () => {
  it("a worker of trial runs tests and reports the results", async () => {
    const results: Result[] = [];
    const logged: string[] = [];
    const worker = await TrialWorker.start({
      python,
      path,
      directory: directory(),
      onResult: (result) => results.push(result),
      onLog: (text) => logged.push(text),
    });
    await worker.run("sample_tests");
    expect(results.length).toBe(6);
    await worker.run("sample_tests.SampleTests.test_passes");
    await worker.close();
    expect(results.length).toBe(7);
    const outcomes = results.map(({ test, outcome, reason }) => [
      test.replace("sample_tests.SampleTests.test_", ""),
      outcome,
      ...(reason === undefined ? [] : [reason.split("\n")[0]]),
    ]);
    expect(outcomes).toEqual([
      ["fails", "failed", "twisted.trial.unittest.FailTest: 54 != 42"],
      ["failsAsExpected", "failed as expected", "not implemented yet"],
      ["hasAnError", "error", "builtins.RuntimeError: caf\u00e9"],
      ["isSkipped", "skipped", "not today"],
      ["passes", "passed"],
      ["passesUnexpectedly", "passed unexpectedly", "believed to fail"],
      ["passes", "passed"],
    ]);
    expect(logged.join("\n")).toContain("a line of the log");
  });

  it("the trial-worker program prints each result and a summary", async () => {
    const printed: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
    const argv = process.argv;
    process.argv = ["node", "main.ts", "sample_tests"];
    onTestFinished(() => {
      vi.restoreAllMocks();
      process.argv = argv;
    });
    await import("../../examples/trial-worker/main.ts");
    expect(printed[0]).toBe("failed               sample_tests.SampleTests.test_fails");
    expect(printed.at(-1)).toBe("\n6 tests, 3 unexpected results");
  });

  it("a worker whose Python does not exist rejects with ENOENT", async () => {
    const options = { python: "/no/python", path, directory: directory(), onResult: () => {} };
    expect((await rejection(TrialWorker.start(options))).message).toContain("ENOENT");
  });
});
