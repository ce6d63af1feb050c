/** Reads the commands of Python modules with the Python of the system. */
import { execFile } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { Failure, UsageError } from "../cli-error.ts";
import type { ModuleDescription } from "../translate/description.ts";
import { PYTHON_PROGRAM } from "./python-program.ts";

/** Debian's Python, which has Debian's Twisted. The first `python3` in PATH may lack Twisted. */
const SYSTEM_PYTHON = "/usr/bin/python3";

const OTHER_PYTHON = "set AMPWIRE_PYTHON to another Python";

const hints: Readonly<Record<string, string>> = {
  twisted: "install python3-twisted (Debian), or set AMPWIRE_PYTHON to a Python that has it",
  import: "use the name of a Python module or package, or the path of a .py file",
  module: "importing the module fails in Python: correct the module",
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

/**
 * Checks a path. A name without a separator is that of a module.
 * @throws UsageError for a path that Python could not import
 */
function checkPath(module: string): void {
  if (module === "") throw new UsageError("the name of the module is empty", hints.import);
  const isPath = /[\\/]|^\.\.?$/.test(module);
  if (!isPath && !module.endsWith(".py")) return;
  const found = statSync(module, { throwIfNoEntry: false });
  if (found === undefined) throw new UsageError(`cannot find ${module}`, hints.import);
  if (found.isDirectory() ? !existsSync(join(module, "__init__.py")) : !module.endsWith(".py")) {
    const why = found.isDirectory() ? "the folder has no __init__.py" : "it is not a .py file";
    throw new UsageError(`cannot import ${module}: ${why}`, hints.import);
  }
}

/**
 * @param modules names of modules and packages, and paths. What they share is described once
 * @throws UsageError if a file does not exist, Failure if Python or Twisted is missing or a module does not load
 */
export async function readPython(...modules: readonly string[]): Promise<PythonDescription> {
  for (const module of modules) checkPath(module);
  const answer = answerOf(await runPython(modules));
  if ("failure" in answer) {
    const where = answer.module || modules.join(", ");
    throw new Failure(`${where}: ${answer.message}`, hints[answer.failure]);
  }
  if (answer.commands.length > 0) return answer;
  const [first] = answer.skipped;
  if (first !== undefined) throw new Failure(`${first.module}: ${first.message}`, hints.dependency);
  throw new Failure(
    `${modules.join(", ")} has no commands`,
    "define one at the top level, for example: class Sum(amp.Command): ...",
  );
}

/** @throws Failure if a module ended Python before the program printed the commands */
function answerOf(output: string): Answer {
  try {
    return JSON.parse(output) as Answer; // PYTHON_PROGRAM wrote it
  } catch (cause) {
    throw new Failure(
      "Python ended before it printed the commands",
      "a module must not end the process; AMPWIRE_PYTHON must name a Python",
      { cause },
    );
  }
}

function runPython(modules: readonly string[]): Promise<string> {
  const python = process.env.AMPWIRE_PYTHON || SYSTEM_PYTHON;
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 256 * 1024 * 1024 };
    const child = execFile(python, ["-c", PYTHON_PROGRAM, ...modules], options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const { code } = error;
      const last = stderr.trim().split("\n").at(-1);
      // A number is the exit code. A text is the reason why Python did not start.
      const ended = `it ended with exit code ${code} before it printed the commands`;
      const unstarted = code === "ENOENT" ? "program not found" : error.message;
      const reason = last || (typeof code === "number" ? ended : unstarted);
      const hint = !last && typeof code === "number" ? "the module must not end the process" : OTHER_PYTHON;
      reject(new Failure(`${python}: ${reason}`, hint, { cause: error }));
    });
    child.stdin?.end();
  });
}
