/** From the words on the command line to a verb, and from what a verb throws to an exit code. */
import { parseArgs } from "node:util";
import { version } from "./about.ts";
import { toCliError, UsageError } from "./cli-error.ts";
import { programHelp, verbHelp } from "./help.ts";
import { Terminal } from "./print/terminal.ts";
import { commonOptions, type Subcommand, type Values } from "./subcommand.ts";
import { subcommands } from "./subcommands.ts";

interface Parsed {
  readonly values: Values;
  readonly positionals: readonly string[];
}

/** @returns the exit code: 0, 1 for a failure, 2 for misuse */
export async function runProgram(words: readonly string[]): Promise<number> {
  const [first] = words;
  const terminal = new Terminal(words.includes("--json"));
  if (first === undefined || isHelp(first) || first === "help") {
    return help(words.slice(1), terminal, first === undefined ? 2 : 0);
  }
  if (isHelp(words[1]) && familyOf(first).length > 0) return help([first], terminal, 0);
  if (first === "--version") {
    terminal.say(version());
    return 0;
  }
  try {
    const { verb, rest } = find(words);
    return await runVerb(verb, rest, terminal);
  } catch (error) {
    const complaint = toCliError(error);
    terminal.complain(complaint);
    return complaint.exitCode;
  }
}

async function runVerb(verb: Subcommand, words: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parsed(verb, words);
  if (values.help === true) {
    terminal.say(verbHelp(verb, terminal.paint));
    return 0;
  }
  const [least, most] = verb.operands;
  if (positionals.length < least) throw new UsageError(`${verb.name}: something is missing`, usageOf(verb));
  if (positionals.length > most) {
    throw new UsageError(`${verb.name}: what is ${JSON.stringify(positionals[most])} for?`, usageOf(verb));
  }
  return (await verb.run({ values, positionals, terminal })) ?? 0;
}

function parsed(verb: Subcommand, words: readonly string[]): Parsed {
  try {
    const options = { ...verb.options, ...commonOptions };
    // Its type allows lists that mix strings and booleans; no option is both.
    return parseArgs({ args: [...words], options, allowPositionals: true }) as unknown as Parsed;
  } catch (error) {
    // Node's message says which option; its second sentence explains how to escape a dash.
    const message = error instanceof Error ? (error.message.split(". ")[0] ?? "") : String(error);
    throw new UsageError(`${verb.name}: ${message}`, `ampwire ${verb.name} --help`);
  }
}

/** A verb is one word, or two: `certificate show`. */
function find(words: readonly string[]): { verb: Subcommand; rest: readonly string[] } {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(" ");
    const verb = subcommands.find((candidate) => candidate.name === name);
    if (verb !== undefined) return { verb, rest: words.slice(length) };
  }
  const [first = ""] = words;
  const family = familyOf(first).map(({ name }) => name);
  if (family.length > 0) throw new UsageError(`${first}: which one?`, family.join(", "));
  throw new UsageError(
    `there is no verb ${JSON.stringify(first)}`,
    subcommands.map(({ name }) => name).join(", "),
  );
}

/** The verbs of two words that begin with this one. */
function familyOf(first: string): readonly Subcommand[] {
  return subcommands.filter(({ name }) => name.startsWith(`${first} `));
}

function isHelp(word: string | undefined): boolean {
  return word === "--help" || word === "-h";
}

function help(words: readonly string[], terminal: Terminal, exitCode: number): number {
  const name = words.join(" ");
  const verb = subcommands.find((one) => one.name === name);
  const family = familyOf(name);
  const list = family.length > 0 ? family : subcommands;
  terminal.say(verb === undefined ? programHelp(list, terminal.paint) : verbHelp(verb, terminal.paint));
  return exitCode;
}

function usageOf(verb: Subcommand): string {
  return `usage: ${verb.usage}`;
}
