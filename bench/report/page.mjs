/** Writes tables into `docs/performance.md`, between its markers. The text outside of them is written by hand. */
import { readFileSync, writeFileSync } from "node:fs";

const page = new URL("../../docs/performance.md", import.meta.url);

/**
 * @param parts texts by the NAME of their markers, `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`
 * @throws Error if the page lacks a marker
 */
export function writePage(parts) {
  let text = readFileSync(page, "utf8");
  for (const [name, part] of Object.entries(parts)) {
    const [open, close] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
    const from = text.indexOf(open);
    const to = text.indexOf(close);
    if (from < 0 || to < from)
      throw new Error(`docs/performance.md lacks the markers of bench:${name}; add them`);
    text = `${text.slice(0, from + open.length)}\n\n${part}\n\n${text.slice(to)}`;
  }
  writeFileSync(page, text);
}
