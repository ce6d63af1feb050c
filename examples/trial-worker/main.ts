/** Runs Python tests in a worker of Twisted's trial, and prints their results. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Result, TrialWorker } from "./worker.ts";

const python = process.env.AMPWIRE_PYTHON || "/usr/bin/python3";
const names = process.argv.length > 2 ? process.argv.slice(2) : ["sample_tests"];
const directory = mkdtempSync(join(tmpdir(), "trial-worker-"));
const results: Result[] = [];

const worker = await TrialWorker.start({
  python,
  path: import.meta.dirname,
  directory,
  onResult: (result) => {
    results.push(result);
    console.log(`${result.outcome.padEnd(19)}  ${result.test}`);
    if (result.reason !== undefined) console.log(`${" ".repeat(21)}${result.reason.replaceAll("\n", " ")}`);
  },
});
for (const name of names) await worker.run(name);
await worker.close();
rmSync(directory, { recursive: true });

const unexpected = results.filter(({ outcome }) =>
  ["failed", "error", "passed unexpectedly"].includes(outcome),
);
console.log(`\n${results.length} tests, ${unexpected.length} unexpected results`);
