/**
 * Runs the command inside the test process, which saves the start of a process for each of many cases. program.test.ts
 * checks that a process prints the same and exits with the returned code.
 */
import { vi } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import type { Outcome, RunOptions } from "./run-command.ts";

/**
 * Captures everything written to standard output and standard error, and changes the folder and the environment of the test
 * process meanwhile. So calls must not overlap.
 */
export async function runHere(
  typed: string | readonly string[],
  { cwd, env = {} }: Omit<RunOptions, "input"> = {},
): Promise<Outcome> {
  const folder = process.cwd();
  const [out, err] = [process.stdout, process.stderr].map((stream) => {
    const written: string[] = [];
    const spy = vi.spyOn(stream, "write").mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    return { written, spy };
  });
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  if (cwd !== undefined) process.chdir(cwd);
  try {
    const code = await runProgram(typeof typed === "string" ? typed.split(" ") : typed);
    return { code, out: out?.written.join("") ?? "", err: err?.written.join("") ?? "" };
  } finally {
    process.chdir(folder);
    vi.unstubAllEnvs();
    out?.spy.mockRestore();
    err?.spy.mockRestore();
  }
}
