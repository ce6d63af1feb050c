/** The help of the command `ampwire` and of each subcommand, as the program prints it. */
import { programHelp, subcommandHelp } from "../../dist/cli/help.js";
import { styleFor } from "../../dist/cli/print/style.js";
import { subcommands } from "../../dist/cli/subcommands.js";

/** @returns {{ name: string, help: string }[]} the first entry is the command itself, with an empty name */
export function commandLineHelp() {
  const style = styleFor({ isTTY: false });
  return [
    { name: "", help: programHelp(subcommands, style) },
    ...subcommands.map((subcommand) => ({ name: subcommand.name, help: subcommandHelp(subcommand, style) })),
  ];
}
