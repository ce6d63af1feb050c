/** `ampwire certificate show`: describes the content of PEM files. It never prints a private key. */
import { safeText } from "../../core/errors/safe-text.ts";
import type { Style } from "../print/style.ts";
import { table } from "../print/table.ts";
import { subcommand } from "../subcommand.ts";
import { type Described, describePEM } from "./describe.ts";
import { readFile } from "./files.ts";

export const show = subcommand({
  name: "certificate show",
  summary: "describe the certificates, keys and revocation lists in PEM files",
  usage: "ampwire certificate show FILE ...",
  operands: [1, Number.POSITIVE_INFINITY],
  options: {},
  examples: [["ampwire certificate show server.pem", "show the subject, host names and validity"]],
  async run({ positionals, terminal }) {
    for (const file of positionals) {
      const found = await describePEM(readFile(file), file);
      if (terminal.json) for (const one of found) terminal.printJSON({ file, ...one });
      else terminal.print(found.map((one) => text(file, one, terminal.style)).join("\n"));
    }
    return 0;
  },
});

function text(file: string, one: Described, style: Style): string {
  const { kind, ...rest } = one;
  const what = one.kind === "certificate" && one.authority ? "CA certificate" : kind;
  const rows = Object.entries(rest)
    .filter(
      ([name, value]) =>
        value !== undefined && value !== false && name !== "authority" && String(value) !== "",
    )
    .map(([name, value]) => [
      `  ${spaced(name)}`,
      safeText(Array.isArray(value) ? value.join(", ") : String(value)),
    ]);
  return `${style.bold(`${safeText(file)}: ${what}`)}\n${table(rows)}`;
}

/** Converts `validFrom` to `valid from`. */
function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
