/** Finds the commands that a module exports, for `--schema`. */
import { Command, CommandResponder } from "../../index.ts";
import { Failure, UsageError } from "../cli-error.ts";
import { loadModule, type ModuleExports } from "./load.ts";

export interface NamedCommand {
  /** Name of the export. */
  readonly exportName: string;
  readonly command: Command;
}

/** @throws UsageError if the file does not exist, Failure if it does not load or exports no command */
export async function loadCommands(file: string): Promise<NamedCommand[]> {
  const found = commandsOf(await loadModule(file));
  if (found.length > 0) return found;
  throw new Failure(
    `${file} exports no commands`,
    "export one, for example: export const Sum = command(...)",
  );
}

export function commandsOf(exports: ModuleExports): NamedCommand[] {
  const found: NamedCommand[] = [];
  for (const [exportName, value] of Object.entries(exports)) {
    const command = value instanceof CommandResponder ? value.command : value;
    // A module may export both a command and its responder.
    if (command instanceof Command && !found.some((one) => one.command === command)) {
      found.push({ exportName, command });
    }
  }
  return found;
}

/**
 * Finds a command by its name on the wire, or else by its export name.
 * @throws UsageError if there is no such command
 */
export function findCommand(commands: readonly NamedCommand[], name: string): Command {
  const found =
    commands.find(({ command }) => command.name === name) ??
    commands.find(({ exportName }) => exportName === name);
  if (found !== undefined) return found.command;
  const names = commands.map(({ command }) => command.name).join(", ");
  throw new UsageError(`the schema has no command ${JSON.stringify(name)}`, `it has ${names}`);
}
