/** `ampwire import`: writes the commands of a Python module as a TypeScript module. */

import { subcommand } from "../subcommand.ts";
import { outputOption, writeOutput } from "../translate/write-output.ts";
import { readPython } from "./read-python.ts";
import { writeTypeScript } from "./write-typescript.ts";

export const importSubcommand = subcommand({
  name: "import",
  summary: "write the amp.Command classes of a Python module as a TypeScript module",
  usage: "ampwire import MODULE [--bigint] [--output FILE]",
  operands: [1, 1],
  about: `MODULE is the name of a Python module or the path of a .py file. Importing it runs its code, in /usr/bin/python3
or the Python that AMPWIRE_PYTHON names. That Python must have Twisted.
A custom argument class is written as bytes() with a comment that names it.`,
  options: {
    bigint: { type: "boolean", help: "write integers as bigint, of any size (default: number)" },
    ...outputOption,
  },
  examples: [
    ["ampwire import calculator.commands > commands.ts", "import the commands of an installed package"],
    ["ampwire import server/commands.py -o commands.ts", "import the commands of a file"],
  ],
  async run({ values, positionals: [module = ""], terminal }) {
    const description = await readPython(module);
    const text = () => writeTypeScript(description, { bigint: values.bigint });
    return writeOutput(description, text, values.output, terminal);
  },
});
