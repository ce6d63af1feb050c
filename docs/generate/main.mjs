/**
 * Writes the pages that are generated from the code to `docs/generated/`: the API of each entry point, the table of
 * options, the error codes and the help of the command line. Needs an earlier build.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../.vitepress/repository.mjs";
import { writeAPI } from "./api.mjs";
import { commandLineHelp } from "./command-line.mjs";
import { allErrors } from "./errors.mjs";
import { allOptions } from "./options.mjs";

const folder = join(root, "docs/generated");
mkdirSync(folder, { recursive: true });

const options = allOptions();
write("options.md", optionsPage(), "aside: false\npageClass: wide\n");
write("error-codes.md", errorsPage(), "pageClass: messages\n");
write("command-line.md", commandLinePage());
await writeAPI(join(folder, "api"));

/**
 * @param {string} file
 * @param {string} text
 * @param {string} [settings] lines of frontmatter
 */
function write(file, text, settings = "") {
  // No page of the repository exists to edit or to date.
  const common = "editLink: false\nlastUpdated: false\noutline: [2, 2]\n";
  writeFileSync(join(folder, file), `---\n${common}${settings}---\n\n${text}`);
}

function optionsPage() {
  const rows = options.map(({ name, id, place, type, initial, meaning }) => [
    `<a id="${id}" href="#${id}"><code>${name}</code></a><br>${code(type)}`,
    place,
    initial,
    escaped(meaning),
  ]);
  return `# Options, limits and defaults

After reading this page you know every option, the function or option that accepts it, and its default. The table is generated
from the types of the code. Times are in milliseconds, sizes in bytes. An option with an unknown name is refused.

<OptionsFilter />

${table(["option and type", "of", "default", "meaning"], rows)}
Functions with the same name in \`ampwire/node\` and \`ampwire/websocket\` share a row if they share the option. The
[API pages](api/ampwire/node.md) have the options of each function.
`;
}

function errorsPage() {
  const ids = new Map(options.map(({ name, id }) => [name, id]).reverse());
  const entries = allErrors(new Set(ids.keys())).map((entry) => {
    const { code, fault, classes, entryPoint, thrown, fix, messages, options: related } = entry;
    const links = related.map((name) => `[\`${name}\`](options.md#${ids.get(name)})`).join(", ");
    const lines = [
      `## \`${code}\` {#${code}}`,
      `${classes.map((name) => `\`${name}\``).join(", ")} of \`${entryPoint}\`, fault \`${fault}\`.`,
      `- **When it is thrown:** ${thrown}.`,
      `- **What to do:** ${fix}.`,
      ...(links === "" ? [] : [`- **Related options:** ${links}`]),
    ];
    const texts = messages.length === 0 ? [] : ["Messages:", `\`\`\`\n${messages.join("\n")}\n\`\`\``];
    return [lines[0], lines[1], lines.slice(2).join("\n"), ...texts].join("\n\n");
  });
  return `# Error codes

After reading this page you can find an error of ampwire by its \`code\` or its message, and fix it. Every error has a \`code\`,
which never changes, and a \`fault\`. In the messages, \`…\` is a value. [Troubleshooting](../troubleshooting.md) has the codes in
tables, and problems with a Twisted peer.

${entries.join("\n\n")}
`;
}

function commandLinePage() {
  const parts = commandLineHelp().map(({ name, help }) => {
    const title = name === "" ? "ampwire" : `ampwire ${name}`;
    return `## ${title}\n\n\`\`\`\n${help}\n\`\`\``;
  });
  return `# Options of the command line

After reading this page you know every subcommand and option of the command \`ampwire\`. The texts are those that \`--help\`
prints. [Command line](../cli.md) explains addresses, values and TLS.

${parts.join("\n\n")}
`;
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}

/** @param {string} text */
function code(text) {
  return `<small><code>${text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</code></small>`;
}

/** @param {string} text a docstring, whose angle brackets are not HTML */
function escaped(text) {
  return text.replace(/(`[^`]*`)|</g, (_, code) => code ?? "&lt;");
}
