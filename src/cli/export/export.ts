/** `ampwire export`: a module's commands as Twisted's classes. */
import { readFile } from "node:fs/promises";
import { Failure } from "../cli-error.ts";
import { commandsOf } from "../module/commands.ts";
import { loadModule, type ModuleExports } from "../module/load.ts";
import { subcommand } from "../subcommand.ts";
import type { ModuleDescription } from "../translate/description.ts";
import { deliver, outputOption } from "../translate/write-output.ts";
import { describeModule } from "./describe.ts";
import { exportsOf } from "./source.ts";
import { writePython } from "./write-python.ts";

export const exportVerb = subcommand({
  name: "export",
  summary: "write a module's commands as amp.Command classes for Twisted",
  usage: "ampwire export MODULE [--output FILE]",
  operands: [1, 1],
  about: `MODULE is a TypeScript or JavaScript file that exports commands. It is loaded, so what stands in it runs.
A codec of the module's own becomes amp.String(), with a remark.`,
  options: outputOption,
  examples: [["ampwire export commands.ts -o commands.py", "the commands for a server in Python"]],
  async run({ values, positionals: [file = ""], terminal }) {
    const description = await readModule(file);
    return deliver(description, () => writePython(description), values.output, terminal);
  },
});

/** @throws Misuse, Failure when the module does not load or exports no command */
async function readModule(file: string): Promise<ModuleDescription> {
  return describeExports(await loadModule(file), file);
}

/** @param file where they stand */
export async function describeExports(exports: ModuleExports, file: string): Promise<ModuleDescription> {
  const source = exportsOf(await readFile(file, "utf8"));
  // A module's exports come sorted by name.
  const order = [...source.keys()];
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const commands = commandsOf(exports).sort((a, b) => place(a.exportName) - place(b.exportName));
  if (commands.length === 0)
    throw new Failure(`${file} exports no commands`, "export const Sum = command(...)");
  const documentation = [...source].filter((entry): entry is [string, string] => entry[1] !== undefined);
  return describeModule(exports, commands, new Map(documentation));
}
