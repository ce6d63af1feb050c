/** Writes what was measured into `docs/performance.md`: only between its markers; the words are written by hand. */
import { readFileSync, writeFileSync } from "node:fs";

const page = new URL("../../docs/performance.md", import.meta.url);

/**
 * @param parts by the name of a marker pair, `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`, what goes between
 * @throws Error when the page lacks one
 */
export function writePage(parts) {
  let text = readFileSync(page, "utf8");
  for (const [name, part] of Object.entries(parts)) {
    const [open, close] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
    const from = text.indexOf(open);
    const to = text.indexOf(close);
    if (from < 0 || to < from) throw new Error(`docs/performance.md has no place for ${name}`);
    text = `${text.slice(0, from + open.length)}\n\n${part}\n\n${text.slice(to)}`;
  }
  writeFileSync(page, text);
}
