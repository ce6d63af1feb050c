/** Texts of `--help`. */
import { version } from "./about.ts";
import type { Style } from "./print/style.ts";
import { table } from "./print/table.ts";
import { commonOptions, type Option, type Subcommand } from "./subcommand.ts";

export function programHelp(subcommands: readonly Subcommand[], style: Style): string {
  const list = table(subcommands.map(({ name, summary }) => [`  ${name}`, summary]));
  return `${style.bold(`ampwire ${version()}`)}: command-line tool for AMP, the Asynchronous Messaging Protocol

${style.bold("usage:")} ampwire SUBCOMMAND ... [--json] [--help]

${list}

Addresses are tcp://HOST:PORT, unix:PATH, and tls://HOST:PORT for TLS from the first byte.
Exit codes: 0 success, 1 failure, 2 invalid command line. ${style.bold("ampwire SUBCOMMAND --help")} shows examples.`;
}

export function subcommandHelp(subcommand: Subcommand, style: Style): string {
  const options = Object.entries<Option>({ ...subcommand.options, ...commonOptions });
  const examples = subcommand.examples.map(([command, purpose]) => `  # ${purpose}\n  ${command}`);
  return [
    `${subcommand.summary}\n`,
    `${style.bold("usage:")} ${subcommand.usage}`,
    ...(subcommand.about === undefined ? [] : [`\n${subcommand.about}`]),
    `\n${style.bold("options:")}`,
    table(options.map(([name, option]) => [`  ${optionText(name, option)}`, option.help])),
    `\n${style.bold("examples:")}`,
    examples.join("\n"),
  ].join("\n");
}

function optionText(name: string, { short, value = "VALUE", type }: Option): string {
  const text = type === "boolean" ? `--${name}` : `--${name} ${value}`;
  return short === undefined ? text : `-${short}, ${text}`;
}
