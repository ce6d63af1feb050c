/** `ampwire export`: writes the commands of a module as classes for Twisted. */
import { readFile } from "node:fs/promises";
import { Failure } from "../cli-error.ts";
import { commandsOf } from "../module/commands.ts";
import { loadModule, type ModuleExports } from "../module/load.ts";
import { subcommand } from "../subcommand.ts";
import type { ModuleDescription } from "../translate/description.ts";
import { outputOption, writeOutput } from "../translate/write-output.ts";
import { describeModule } from "./describe.ts";
import { exportsOf } from "./source.ts";
import { writePython } from "./write-python.ts";

export const exportSubcommand = subcommand({
  name: "export",
  summary: "write the commands of a module as amp.Command classes for Twisted",
  usage: "ampwire export MODULE [--output FILE]",
  operands: [1, 1],
  about: `MODULE is a TypeScript or JavaScript file that exports commands. Loading it runs its code.
A custom codec is written as amp.String() with a comment.`,
  options: outputOption,
  examples: [["ampwire export commands.ts -o commands.py", "write the commands for a server in Python"]],
  async run({ values, positionals: [file = ""], terminal }) {
    const description = await readModule(file);
    return writeOutput(description, () => writePython(description), values.output, terminal);
  },
});

/** @throws UsageError if the file does not exist, Failure if it does not load or exports no command */
async function readModule(file: string): Promise<ModuleDescription> {
  return describeExports(await loadModule(file), file);
}

/** @param file path of the source, for comments and order */
export async function describeExports(exports: ModuleExports, file: string): Promise<ModuleDescription> {
  const source = exportsOf(await readFile(file, "utf8"));
  // The exports of a module are sorted by name, so the order comes from the source.
  const order = [...source.keys()];
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const commands = commandsOf(exports).sort((a, b) => place(a.exportName) - place(b.exportName));
  if (commands.length === 0)
    throw new Failure(
      `${file} exports no commands`,
      "export one, for example: export const Sum = command(...)",
    );
  const documentation = [...source].filter((entry): entry is [string, string] => entry[1] !== undefined);
  return describeModule(exports, commands, new Map(documentation));
}
