/** Reads the commands of a Python module with the Python of the system. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { Failure, UsageError } from "../cli-error.ts";
import type { ModuleDescription } from "../translate/description.ts";
import { PYTHON_PROGRAM } from "./python-program.ts";

/** Debian's Python, which has Debian's Twisted. The first `python3` in PATH may lack Twisted. */
const SYSTEM_PYTHON = "/usr/bin/python3";

const hints: Readonly<Record<string, string>> = {
  twisted: "install python3-twisted (Debian), or set AMPWIRE_PYTHON to a Python that has it",
  import: "use the name of a Python module, or the path of a .py file",
};

type Answer = ModuleDescription | { readonly failure: string; readonly message: string };

/** @throws UsageError if the file does not exist, Failure if Python or Twisted is missing or the module does not load */
export async function readPython(module: string): Promise<ModuleDescription> {
  if (module.endsWith(".py") && !existsSync(module))
    throw new UsageError(`cannot find ${module}`, hints.import);
  const answer = JSON.parse(await runPython(module)) as Answer; // PYTHON_PROGRAM wrote it
  if ("failure" in answer) throw new Failure(`${module}: ${answer.message}`, hints[answer.failure]);
  if (answer.commands.length > 0) return answer;
  throw new Failure(`${module} has no commands`, "define one, for example: class Sum(amp.Command): ...");
}

function runPython(module: string): Promise<string> {
  const python = process.env.AMPWIRE_PYTHON || SYSTEM_PYTHON;
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 256 * 1024 * 1024 };
    const child = execFile(python, ["-c", PYTHON_PROGRAM, module], options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const missing = "code" in error && error.code === "ENOENT";
      const lines = stderr.trim().split("\n");
      const reason = missing ? "program not found" : (lines.at(-1) ?? error.message);
      reject(new Failure(`${python}: ${reason}`, "set AMPWIRE_PYTHON to another Python", { cause: error }));
    });
    child.stdin?.end();
  });
}
