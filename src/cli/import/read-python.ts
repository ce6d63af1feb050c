/** Reads the commands of Python modules with the Python of the system. */
import { execFile } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { Failure, UsageError } from "../cli-error.ts";
import type { ModuleDescription } from "../translate/description.ts";
import { PYTHON_PROGRAM } from "./python-program.ts";

/** Debian's Python, which has Debian's Twisted. The first `python3` in PATH may lack Twisted. */
const SYSTEM_PYTHON = "/usr/bin/python3";

const hints: Readonly<Record<string, string>> = {
  twisted: "install python3-twisted (Debian), or set AMPWIRE_PYTHON to a Python that has it",
  import: "use the name of a Python module or package, or the path of a .py file",
  dependency:
    "AMPWIRE_PYTHON names the Python that has it, for example AMPWIRE_PYTHON=venv/bin/python ampwire import ...",
};

/** A module of a package that did not load. */
interface Skipped {
  readonly module: string;
  readonly message: string;
}

export type PythonDescription = ModuleDescription & { readonly skipped: readonly Skipped[] };

type Answer =
  | PythonDescription
  | { readonly failure: string; readonly message: string; readonly module: string };

/** Returns true for the path of a folder that is not a package. A name without a separator is that of a module. */
function isOtherFolder(module: string): boolean {
  const isFolder = /[\\/]/.test(module) && statSync(module, { throwIfNoEntry: false })?.isDirectory();
  return isFolder === true && !existsSync(join(module, "__init__.py"));
}

/**
 * @param modules names of modules and packages, and paths. What they share is described once
 * @throws UsageError if a file does not exist, Failure if Python or Twisted is missing or a module does not load
 */
export async function readPython(...modules: readonly string[]): Promise<PythonDescription> {
  for (const module of modules) {
    if (module.endsWith(".py") && !existsSync(module))
      throw new UsageError(`cannot find ${module}`, hints.import);
    if (isOtherFolder(module))
      throw new UsageError(`cannot import ${module}: the folder has no __init__.py`, hints.import);
  }
  const answer = JSON.parse(await runPython(modules)) as Answer; // PYTHON_PROGRAM wrote it
  if ("failure" in answer) {
    const where = answer.module || modules.join(", ");
    throw new Failure(`${where}: ${answer.message}`, hints[answer.failure]);
  }
  if (answer.commands.length > 0) return answer;
  const [first] = answer.skipped;
  if (first !== undefined) throw new Failure(`${first.module}: ${first.message}`, hints.dependency);
  throw new Failure(
    `${modules.join(", ")} has no commands`,
    "define one, for example: class Sum(amp.Command): ...",
  );
}

function runPython(modules: readonly string[]): Promise<string> {
  const python = process.env.AMPWIRE_PYTHON || SYSTEM_PYTHON;
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 256 * 1024 * 1024 };
    const child = execFile(python, ["-c", PYTHON_PROGRAM, ...modules], options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const missing = "code" in error && error.code === "ENOENT";
      const lines = stderr.trim().split("\n");
      const reason = missing ? "program not found" : (lines.at(-1) ?? error.message);
      reject(new Failure(`${python}: ${reason}`, "set AMPWIRE_PYTHON to another Python", { cause: error }));
    });
    child.stdin?.end();
  });
}
