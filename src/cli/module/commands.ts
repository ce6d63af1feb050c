/** The commands that a module exports: `--schema`. */
import { Command, CommandResponder } from "../../index.ts";
import { Failure, UsageError } from "../cli-error.ts";
import { loadModule, type ModuleExports } from "./load.ts";

export interface NamedCommand {
  /** What the module calls it. */
  readonly exportName: string;
  readonly command: Command;
}

/** @throws Misuse, Failure when the module does not load or exports no command */
export async function loadCommands(file: string): Promise<NamedCommand[]> {
  const found = commandsOf(await loadModule(file));
  if (found.length > 0) return found;
  throw new Failure(`${file} exports no commands`, "export const Sum = command(...)");
}

export function commandsOf(exports: ModuleExports): NamedCommand[] {
  const found: NamedCommand[] = [];
  for (const [exportName, value] of Object.entries(exports)) {
    const command = value instanceof CommandResponder ? value.command : value;
    // A module may export a command, and its responder too.
    if (command instanceof Command && !found.some((one) => one.command === command)) {
      found.push({ exportName, command });
    }
  }
  return found;
}

/**
 * By its name on the wire, or else by its name in the module.
 * @throws Misuse
 */
export function findCommand(commands: readonly NamedCommand[], name: string): Command {
  const found =
    commands.find(({ command }) => command.name === name) ??
    commands.find(({ exportName }) => exportName === name);
  if (found !== undefined) return found.command;
  const names = commands.map(({ command }) => command.name).join(", ");
  throw new UsageError(`the schema has no command ${JSON.stringify(name)}`, `it has ${names}`);
}
