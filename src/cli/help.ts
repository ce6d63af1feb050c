/** What `--help` says. */
import { version } from "./about.ts";
import type { Style } from "./print/style.ts";
import { table } from "./print/table.ts";
import { commonOptions, type Option, type Subcommand } from "./subcommand.ts";

export function programHelp(verbs: readonly Subcommand[], paint: Style): string {
  const list = table(verbs.map(({ name, summary }) => [`  ${name}`, summary]));
  return `${paint.bold(`ampwire ${version()}`)}: AMP, the Asynchronous Messaging Protocol, on the terminal

${paint.bold("usage:")} ampwire VERB ... [--json] [--help]

${list}

Addresses are tcp://HOST:PORT, unix:PATH, and tls://HOST:PORT for TLS from the first byte.
Exit codes: 0 done, 1 failed, 2 misused. ${paint.bold("ampwire VERB --help")} has examples.`;
}

export function verbHelp(verb: Subcommand, paint: Style): string {
  const options = Object.entries<Option>({ ...verb.options, ...commonOptions });
  const examples = verb.examples.map(([command, purpose]) => `  # ${purpose}\n  ${command}`);
  return [
    `${verb.summary}\n`,
    `${paint.bold("usage:")} ${verb.usage}`,
    ...(verb.about === undefined ? [] : [`\n${verb.about}`]),
    `\n${paint.bold("options:")}`,
    table(options.map(([name, option]) => [`  ${optionWords(name, option)}`, option.help])),
    `\n${paint.bold("examples:")}`,
    examples.join("\n"),
  ].join("\n");
}

function optionWords(name: string, { short, value = "VALUE", type }: Option): string {
  const word = type === "boolean" ? `--${name}` : `--${name} ${value}`;
  return short === undefined ? word : `-${short}, ${word}`;
}
