/** The code of the documentation, as modules that can be run: one for each page. */
import { readdirSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { basename, join } from "node:path";

const root = new URL("../../", import.meta.url).pathname;

export interface Page {
  readonly name: string;
  /** All its blocks of code in one module, imports and all. Empty where nothing is to be run. */
  readonly code: string;
  /** What its comments say will be printed, in order. */
  readonly promised: readonly string[];
}

/** Every page that users read. A block that is marked `no-run` is a fragment, to be read only. */
export async function pages(): Promise<Page[]> {
  const files = ["README.md", ...readdirSync(join(root, "docs")).map((file) => `docs/${file}`)];
  const port = await freePort();
  return files
    .filter((file) => file.endsWith(".md"))
    .map((file) => page(file, readFileSync(join(root, file), "utf8"), port));
}

function page(file: string, text: string, port: number): Page {
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ""]) => code);
  // The README names a port, as a reader expects; a test takes one that is free.
  const code = blocks.join("\n").replaceAll("1234", String(port));
  const promised = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, output = ""]) => output);
  return { name: basename(file, ".md"), code, promised };
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo; // listening on TCP, it has one
      server.close(() => resolve(port));
    });
  });
}
