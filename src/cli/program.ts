/** Runs the subcommand that the command line names, and converts what it throws to an exit code. */
import { parseArgs } from "node:util";
import { version } from "./about.ts";
import { toCliError, UsageError } from "./cli-error.ts";
import { programHelp, subcommandHelp } from "./help.ts";
import { Terminal } from "./print/terminal.ts";
import { commonOptions, type Subcommand, type Values } from "./subcommand.ts";
import { subcommands } from "./subcommands.ts";

interface Parsed {
  readonly values: Values;
  readonly positionals: readonly string[];
}

/** @returns the exit code: 0 for success, 1 for a failure, 2 for an invalid command line */
export async function runProgram(args: readonly string[]): Promise<number> {
  const [first] = args;
  const terminal = new Terminal(args.includes("--json"));
  if (first === undefined || isHelp(first) || first === "help") {
    return help(args.slice(1), terminal, first === undefined ? 2 : 0);
  }
  if (isHelp(args[1]) && familyOf(first).length > 0) return help([first], terminal, 0);
  if (first === "--version") {
    terminal.print(version());
    return 0;
  }
  try {
    const { subcommand, rest } = find(args);
    return await runSubcommand(subcommand, rest, terminal);
  } catch (error) {
    const cliError = toCliError(error);
    terminal.printError(cliError);
    return cliError.exitCode;
  }
}

async function runSubcommand(
  subcommand: Subcommand,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { values, positionals } = parsed(subcommand, args);
  if (values.help === true) {
    terminal.print(subcommandHelp(subcommand, terminal.style));
    return 0;
  }
  const [least, most] = subcommand.operands;
  if (positionals.length < least)
    throw new UsageError(`${subcommand.name}: an operand is missing`, usageOf(subcommand));
  if (positionals.length > most) {
    throw new UsageError(
      `${subcommand.name}: unexpected operand ${JSON.stringify(positionals[most])}`,
      usageOf(subcommand),
    );
  }
  return (await subcommand.run({ values, positionals, terminal })) ?? 0;
}

function parsed(subcommand: Subcommand, args: readonly string[]): Parsed {
  try {
    const options = { ...subcommand.options, ...commonOptions };
    // The declared type allows lists that mix strings and booleans. No option here has both.
    return parseArgs({ args: [...args], options, allowPositionals: true }) as unknown as Parsed;
  } catch (error) {
    // The first sentence of Node's message names the option. The second explains how to escape a dash.
    const message = error instanceof Error ? (error.message.split(". ")[0] ?? "") : String(error);
    throw new UsageError(`${subcommand.name}: ${message}`, `ampwire ${subcommand.name} --help`);
  }
}

/** Finds a subcommand by its name, which has one word or two (`certificate show`). */
function find(args: readonly string[]): { subcommand: Subcommand; rest: readonly string[] } {
  for (const length of [2, 1]) {
    const name = args.slice(0, length).join(" ");
    const subcommand = subcommands.find((candidate) => candidate.name === name);
    if (subcommand !== undefined) return { subcommand, rest: args.slice(length) };
  }
  const [first = ""] = args;
  const family = familyOf(first).map(({ name }) => name);
  if (family.length > 0) throw new UsageError(`${first} needs a second word`, `use ${family.join(", ")}`);
  throw new UsageError(
    `unknown subcommand ${JSON.stringify(first)}`,
    `use ${subcommands.map(({ name }) => name).join(", ")}`,
  );
}

/** Returns the subcommands of two words that begin with this one. */
function familyOf(first: string): readonly Subcommand[] {
  return subcommands.filter(({ name }) => name.startsWith(`${first} `));
}

function isHelp(arg: string | undefined): boolean {
  return arg === "--help" || arg === "-h";
}

function help(args: readonly string[], terminal: Terminal, exitCode: number): number {
  const name = args.join(" ");
  const subcommand = subcommands.find((one) => one.name === name);
  const family = familyOf(name);
  const list = family.length > 0 ? family : subcommands;
  terminal.print(
    subcommand === undefined ? programHelp(list, terminal.style) : subcommandHelp(subcommand, terminal.style),
  );
  return exitCode;
}

function usageOf(subcommand: Subcommand): string {
  return `usage: ${subcommand.usage}`;
}
