/** Writes a translation to standard output or into a file. */
import { writeFile } from "node:fs/promises";
import type { Terminal } from "../print/terminal.ts";
import { writeFailure } from "../write-failure.ts";
import type { ModuleDescription } from "./description.ts";

export const outputOption = {
  output: { type: "string", short: "o", value: "FILE", help: "write to FILE (default: standard output)" },
} as const;

/** Writes the text. With `--json`, writes the description to standard output instead. @throws Failure if the file cannot be written */
export async function writeOutput(
  description: ModuleDescription,
  text: () => string,
  file: string | undefined,
  terminal: Terminal,
): Promise<undefined> {
  if (file === undefined) {
    terminal.printResult(description, () => text().trimEnd());
    return;
  }
  try {
    await writeFile(file, text());
  } catch (cause) {
    throw writeFailure(file, cause);
  }
  const { length } = description.commands;
  terminal.note(`${file}: ${length} ${length === 1 ? "command" : "commands"}`);
}
