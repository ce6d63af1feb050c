/** Programs of `test/support/programs/`, compiled to files that every version of Node runs. */
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { onTestFinished } from "vitest";
import { unixPlace } from "./unix-place.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Returns the path of the program, which exists until the end of the test. */
export async function nodeProgram(name: string): Promise<string> {
  const outfile = `${unixPlace()}.mjs`;
  onTestFinished(() => rmSync(outfile, { force: true }));
  await build({
    entryPoints: [`${root}test/support/programs/${name}.ts`],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    absWorkingDir: root,
    alias: { ampwire: `${root}src/index.ts`, "ampwire/node": `${root}src/node/index.ts` },
    external: ["koffi"],
    logLevel: "error",
  });
  return outfile;
}
