/** `ampwire certificate show`: what a PEM is. Never prints a key. */
import { safeText } from "../../core/errors/safe-text.ts";
import type { Style } from "../print/style.ts";
import { table } from "../print/table.ts";
import { subcommand } from "../subcommand.ts";
import { type Described, describePEM } from "./describe.ts";
import { readPEM } from "./files.ts";

export const show = subcommand({
  name: "certificate show",
  summary: "show what is in a PEM file",
  usage: "ampwire certificate show FILE ...",
  operands: [1, Number.POSITIVE_INFINITY],
  options: {},
  examples: [["ampwire certificate show server.pem", "whose is it, for which hosts, until when?"]],
  async run({ positionals, terminal }) {
    for (const file of positionals) {
      const found = describePEM(readPEM(file), file);
      if (terminal.json) for (const one of found) terminal.sayJSON({ file, ...one });
      else terminal.say(found.map((one) => text(file, one, terminal.paint)).join("\n"));
    }
    return 0;
  },
});

function text(file: string, one: Described, paint: Style): string {
  const { kind, ...rest } = one;
  const what = one.kind === "certificate" && one.authority ? "certificate of an authority" : kind;
  const rows = Object.entries(rest)
    .filter(
      ([name, value]) =>
        value !== undefined && value !== false && name !== "authority" && String(value) !== "",
    )
    .map(([name, value]) => [
      `  ${words(name)}`,
      safeText(Array.isArray(value) ? value.join(", ") : String(value)),
    ]);
  return `${paint.bold(`${file}: ${what}`)}\n${table(rows)}`;
}

/** `validFrom` to `valid from`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
