/**
 * `npm run check:prose`: checks comments, docstrings, messages, test titles and pages against the rules in
 * prose/rules.mjs. Prints each broken rule as `file:line  rule: text` and exits 1 if there is one. Warnings are
 * counted; `--all` lists them. Paths limit the check to these files and folders.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { extractProse } from "./prose/extract.mjs";
import { rules, warnings } from "./prose/rules.mjs";
import { output, root } from "./run.mjs";

const all = process.argv.includes("--all");
const paths = process.argv.slice(2).filter((argument) => argument !== "--all");

const files = output("git", ["ls-files", "-z", "--", ...paths])
  .split("\0")
  .filter((file) => /\.(md|ts|mts|js|mjs|py|lua)$/.test(file));
const lines = files.flatMap((file) =>
  extractProse(file, readFileSync(join(root, file), "utf8")).map((line) => ({ file, ...line })),
);

const broken = matches(rules);
const warned = matches(warnings);
for (const line of all ? [...broken, ...warned] : broken) {
  console.log(`${line.file}:${line.number}  ${line.rule}: ${line.text}`);
}
console.log(
  `${lines.length} lines of prose in ${files.length} files: ${broken.length} break a rule, ${warned.length} warnings`,
);
// Not `process.exit`, which would discard what is not yet written to a pipe.
process.exitCode = broken.length === 0 ? 0 : 1;

/**
 * @param {readonly import("./prose/rules.mjs").Rule[]} list
 * @returns every line that matches a rule, once for each rule
 */
function matches(list) {
  return list.flatMap(({ name, pattern, kind }) =>
    lines
      .filter((line) => (kind === undefined || line.kind === kind) && pattern.test(line.text))
      .map((line) => ({ ...line, rule: name })),
  );
}
