/**
 * Runs the command inside the test process, which saves the start of a process for each of many cases. program.test.ts
 * checks that a process prints the same and exits with the returned code.
 */
import { vi } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import type { Outcome } from "./run-command.ts";

/** Captures everything written to standard output and standard error, so calls must not overlap. */
export async function runHere(typed: string): Promise<Outcome> {
  const [out, err] = [process.stdout, process.stderr].map((stream) => {
    const written: string[] = [];
    const spy = vi.spyOn(stream, "write").mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    return { written, spy };
  });
  try {
    const code = await runProgram(typed.split(" "));
    return { code, out: out?.written.join("") ?? "", err: err?.written.join("") ?? "" };
  } finally {
    out?.spy.mockRestore();
    err?.spy.mockRestore();
  }
}
