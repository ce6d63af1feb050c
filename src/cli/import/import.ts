/** `ampwire import`: writes the commands of Python modules as a TypeScript module. */

import { subcommand } from "../subcommand.ts";
import { outputOption, writeOutput } from "../translate/write-output.ts";
import { readPython } from "./read-python.ts";
import { writeTypeScript } from "./write-typescript.ts";

export const importSubcommand = subcommand({
  name: "import",
  summary: "write the amp.Command classes of Python modules as a TypeScript module",
  usage: "ampwire import MODULE... [--bigint] [--output FILE]",
  operands: [1, Number.POSITIVE_INFINITY],
  about: `MODULE is the name of a Python module or package, or the path of a .py file or of a folder with __init__.py. In a
package every module is read, except tests. Importing runs code, in /usr/bin/python3 or the Python that AMPWIRE_PYTHON names.
That Python must have Twisted. What several modules share is written once.
A custom argument class that splits or compresses values in a known way is written as such. Another one that uses several keys
is written as a codec that throws, and one that converts a single value as bytes(), each with a comment.`,
  options: {
    bigint: { type: "boolean", help: "write integers as bigint, of any size (default: number)" },
    ...outputOption,
  },
  examples: [
    ["ampwire import calculator.commands > commands.ts", "import the commands of an installed package"],
    ["ampwire import server/commands.py -o commands.ts", "import the commands of a file"],
    ["ampwire import server.users server.files -o commands.ts", "import several modules into one file"],
  ],
  async run({ values, positionals: modules, terminal }) {
    const description = await readPython(...modules);
    for (const { module, message } of description.skipped) terminal.note(`${module} was skipped: ${message}`);
    const text = () => writeTypeScript(description, { bigint: values.bigint });
    return writeOutput(description, text, values.output, terminal);
  },
});
