/** The code of the documentation, as one runnable module for each page. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const root = new URL("../../", import.meta.url).pathname;

export interface Page {
  readonly name: string;
  /** All code blocks of the page in one module, with their imports. Empty if the page has no runnable block. */
  readonly code: string;
  /** The output that comments after `console.log` state, in order. */
  readonly expectedOutput: readonly string[];
}

/**
 * Returns every page of docs/. A block marked `no-run` is a fragment that is not run. The code of README.md is tested in
 * test/package/newcomer.test.ts.
 */
export function pages(): Page[] {
  const folder = join(root, "docs");
  const files = readdirSync(folder).filter((file) => file.endsWith(".md"));
  return files.map((file) => page(file, readFileSync(join(folder, file), "utf8")));
}

function page(file: string, text: string): Page {
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ""]) => code);
  const code = blocks.join("\n");
  const expectedOutput = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(
    ([, output = ""]) => output,
  );
  return { name: basename(file, ".md"), code, expectedOutput };
}
