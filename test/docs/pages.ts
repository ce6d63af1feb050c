/** The code of the documentation, as modules that can be run: one for each page. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const root = new URL("../../", import.meta.url).pathname;

export interface Page {
  readonly name: string;
  /** All its blocks of code in one module, imports and all. Empty where nothing is to be run. */
  readonly code: string;
  /** What its comments say will be printed, in order. */
  readonly promised: readonly string[];
}

/**
 * Every page of docs/. (The README's code is tested as a newcomer meets it: test/package.) A block that is marked
 * `no-run` is a fragment, to be read only.
 */
export function pages(): Page[] {
  const folder = join(root, "docs");
  const files = readdirSync(folder).filter((file) => file.endsWith(".md"));
  return files.map((file) => page(file, readFileSync(join(folder, file), "utf8")));
}

function page(file: string, text: string): Page {
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ""]) => code);
  const code = blocks.join("\n");
  const promised = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, output = ""]) => output);
  return { name: basename(file, ".md"), code, promised };
}
