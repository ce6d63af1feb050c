/**
 * The command without a process of its own, where dozens of cases would each wait for one to start. That a process says
 * the same, and ends with the code that comes back here, is in program.test.ts.
 */
import { vi } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import type { Outcome } from "./run-command.ts";

/** One at a time: it looks at all that is written to standard output and standard error meanwhile. */
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
