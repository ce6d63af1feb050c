/** Asks the system's Python what commands a module has. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { Failure, UsageError } from "../cli-error.ts";
import type { ModuleDescription } from "../translate/description.ts";
import { PYTHON_PROGRAM } from "./python-program.ts";

/** Debian's own, which has Debian's Twisted: whichever `python3` comes first in PATH need not have one. */
const SYSTEM_PYTHON = "/usr/bin/python3";

const hints: Readonly<Record<string, string>> = {
  twisted: "Debian has it as python3-twisted; AMPWIRE_PYTHON names another Python",
  import: "a Python module's name, or the path of a .py file",
};

type Answer = ModuleDescription | { readonly failure: string; readonly message: string };

/** @throws Misuse when there is no such file, Failure when Python or Twisted is not there, or the module does not load */
export async function readPython(module: string): Promise<ModuleDescription> {
  if (module.endsWith(".py") && !existsSync(module))
    throw new UsageError(`there is no file ${module}`, hints.import);
  const answer = JSON.parse(await runPython(module)) as Answer; // our own program has written it
  if ("failure" in answer) throw new Failure(`${module}: ${answer.message}`, hints[answer.failure]);
  if (answer.commands.length > 0) return answer;
  throw new Failure(`${module} has no commands`, "class Sum(amp.Command): ...");
}

function runPython(module: string): Promise<string> {
  const python = process.env.AMPWIRE_PYTHON || SYSTEM_PYTHON;
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 256 * 1024 * 1024 };
    const child = execFile(python, ["-c", PYTHON_PROGRAM, module], options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const missing = "code" in error && error.code === "ENOENT";
      const lines = stderr.trim().split("\n");
      const reason = missing ? "there is no such program" : (lines.at(-1) ?? error.message);
      reject(new Failure(`${python}: ${reason}`, "AMPWIRE_PYTHON names another Python", { cause: error }));
    });
    child.stdin?.end();
  });
}
