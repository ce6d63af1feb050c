/** Runs the subcommand that the command line names, and converts what it throws to an exit code. */
import { parseArgs } from "node:util";
import { messageOf } from "../core/errors/to-error.ts";
import { similarName } from "../core/option-names.ts";
import { version } from "./about.ts";
import { toCliError, UsageError } from "./cli-error.ts";
import { programHelp, subcommandHelp } from "./help.ts";
import { Terminal } from "./print/terminal.ts";
import { commonOptions, type Options, type Subcommand, type Values } from "./subcommand.ts";
import { subcommands } from "./subcommands.ts";

interface Parsed {
  readonly values: Values;
  readonly positionals: readonly string[];
}

/** @returns the exit code: 0 for success, 1 for a failure, 2 for an invalid command line */
export async function runProgram(args: readonly string[]): Promise<number> {
  const [first] = args;
  const terminal = new Terminal(args.includes("--json"));
  if (first === undefined) return help([], terminal, 2);
  if (isHelp(args[1]) && familyOf(first).length > 0) return help([first], terminal, 0);
  if (first === "--version") {
    terminal.print(version());
    return 0;
  }
  try {
    if (isHelp(first) || first === "help") return help(args.slice(1), terminal, 0);
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
  const options: Options = { ...subcommand.options, ...commonOptions };
  try {
    const found = parseArgs({ args: [...args], options, allowPositionals: true, tokens: true });
    checkRepeated(subcommand, options, found.tokens);
    // The declared type allows lists that mix strings and booleans. No option here has both.
    return found as unknown as Parsed;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw invalidOption(subcommand, options, messageOf(error));
  }
}

/** Converts the message of `parseArgs` to an error with a hint. */
function invalidOption(subcommand: Subcommand, options: Options, text: string): UsageError {
  const { name } = subcommand;
  // The first sentence of Node's message names the option. The others explain how to escape a dash.
  const message = text.split(/\.\s/)[0] ?? "";
  const beginsWithDash = /^Option '([^' ]+)' argument is ambiguous/.exec(message)?.[1];
  if (beginsWithDash !== undefined) {
    const written = beginsWithDash.startsWith("--") ? `${beginsWithDash}=VALUE` : `${beginsWithDash}VALUE`;
    return new UsageError(
      `${name}: the option ${beginsWithDash} has no value`,
      `write ${written} if the value begins with a dash`,
    );
  }
  const unknown = /^Unknown option '--([^']+)'/.exec(message)?.[1];
  const suggestion = unknown === undefined ? "" : suggestionFor(unknown, Object.keys(options));
  return new UsageError(`${name}: ${message}`, `${suggestion}ampwire ${name} --help`);
}

/** Suggests a similar option, or else the subcommands that have the option. */
function suggestionFor(unknown: string, names: readonly string[]): string {
  const owners = subcommands.filter(({ options }) => Object.hasOwn(options, unknown));
  if (owners.length > 0)
    return `--${unknown} is an option of ${owners.map(({ name }) => name).join(", ")}; see `;
  const similar = similarName(unknown, names);
  return similar === undefined ? "" : `did you mean --${similar}? `;
}

/** Node would use the last value. A second --ca would then silently replace the first. */
function checkRepeated(
  subcommand: Subcommand,
  options: Options,
  tokens: readonly { readonly kind: string; readonly name?: string }[],
): void {
  const seen = new Set<string>();
  for (const { kind, name } of tokens) {
    const option = kind === "option" && name !== undefined ? options[name] : undefined;
    if (name === undefined || option?.type !== "string" || option.multiple) continue;
    if (seen.has(name)) {
      const hint = name === "ca" ? "write all CAs into one file" : "remove one of them";
      throw new UsageError(`${subcommand.name}: the option --${name} occurs twice`, hint);
    }
    seen.add(name);
  }
}

/** Subcommands and options by the words that a user may look for. */
const intended: Readonly<Record<string, string>> = {
  record: "ampwire proxy --record FILE records traffic",
  version: "use ampwire --version",
  "-V": "use ampwire --version",
  workers: "use ampwire serve MODULE --workers N",
};

/** True for a subcommand that serves, and so continues when no process reads its output any more. */
export function continuesWithoutReader(args: readonly string[]): boolean {
  return subcommands.find(({ name }) => name === args[0])?.continuesWithoutReader === true;
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
  const hasSecond = family.length > 0 && args[1] !== undefined && !args[1].startsWith("-");
  if (family.length > 0 && !hasSecond)
    throw new UsageError(`${first} needs a second word`, `use ${family.join(", ")}`);
  const given = hasSecond ? `${first} ${args[1]}` : first;
  const hint = hasSecond
    ? familyHint(first, args[1] ?? "", family)
    : hintFor(
        first,
        subcommands.map(({ name }) => name),
      );
  throw new UsageError(`unknown subcommand ${JSON.stringify(given)}`, hint);
}

/** Compares the second words only: with the first one, all names of a family would be similar. */
function familyHint(first: string, second: string, family: readonly string[]): string {
  const similar = similarName(
    second,
    family.map((name) => name.slice(first.length + 1)),
  );
  return similar === undefined ? `use ${family.join(", ")}` : `did you mean ${first} ${similar}?`;
}

function hintFor(given: string, names: readonly string[]): string {
  const known = Object.hasOwn(intended, given) ? intended[given] : undefined;
  if (known !== undefined) return known;
  if (given.startsWith("-")) return "write options after the subcommand";
  const whole = names.find((name) => name.endsWith(` ${given}`));
  const similar = whole ?? similarName(given, [...names, "certificate"]);
  return similar === undefined ? `use ${names.join(", ")}` : `did you mean ${similar}?`;
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
  const family = familyOf(name);
  const subcommand = family.length > 0 || args.length === 0 ? undefined : find(args).subcommand;
  const list = family.length > 0 ? family : subcommands;
  terminal.print(
    subcommand === undefined ? programHelp(list, terminal.style) : subcommandHelp(subcommand, terminal.style),
  );
  return exitCode;
}

function usageOf(subcommand: Subcommand): string {
  return `usage: ${subcommand.usage}`;
}
