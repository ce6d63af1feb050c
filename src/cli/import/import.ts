/** `ampwire import`: Python's classes of commands as a TypeScript module. */

import { subcommand } from "../subcommand.ts";
import { deliver, outputOption } from "../translate/write-output.ts";
import { readPython } from "./read-python.ts";
import { writeTypeScript } from "./write-typescript.ts";

export const importVerb = subcommand({
  name: "import",
  summary: "turn the amp.Command classes of a Python module into a TypeScript module",
  usage: "ampwire import MODULE [--bigint] [--output FILE]",
  operands: [1, 1],
  about: `MODULE is a Python module's name, or the path of a .py file. It is imported, so what stands in it runs: by
/usr/bin/python3, or the Python that AMPWIRE_PYTHON names, which must have Twisted.
An argument class of the module's own becomes bytes(), with a remark that names it.`,
  options: {
    bigint: { type: "boolean", help: "integers as bigint, of any size, as in Python; else as number" },
    ...outputOption,
  },
  examples: [
    ["ampwire import calculator.commands > commands.ts", "the commands of a package that Python can import"],
    ["ampwire import server/commands.py -o commands.ts", "those of a file"],
  ],
  async run({ values, positionals: [module = ""], terminal }) {
    const description = await readPython(module);
    const text = () => writeTypeScript(description, { bigint: values.bigint });
    return deliver(description, text, values.output, terminal);
  },
});
