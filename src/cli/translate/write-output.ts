/** Where a translation goes: to standard output, or into a file. */
import { writeFile } from "node:fs/promises";
import { messageOf } from "../../core/errors/to-error.ts";
import { Failure } from "../cli-error.ts";
import type { Terminal } from "../print/terminal.ts";
import type { ModuleDescription } from "./description.ts";

export const outputOption = {
  output: { type: "string", short: "o", value: "FILE", help: "write it there, not to standard output" },
} as const;

/** With `--json` what goes to standard output is the description itself. @throws Failure */
export async function deliver(
  description: ModuleDescription,
  text: () => string,
  file: string | undefined,
  terminal: Terminal,
): Promise<undefined> {
  if (file === undefined) {
    terminal.result(description, () => text().trimEnd());
    return;
  }
  try {
    await writeFile(file, text());
  } catch (cause) {
    throw new Failure(`${file} cannot be written: ${messageOf(cause)}`, undefined, { cause });
  }
  const { length } = description.commands;
  terminal.note(`${file}: ${length} ${length === 1 ? "command" : "commands"}`);
}
