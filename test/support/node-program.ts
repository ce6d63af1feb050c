/** Programs of `test/support/programs/` as files that every Node runs, made of the sources as they are. */
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { onTestFinished } from "vitest";
import { unixPlace } from "./unix-place.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The path of the program, until the test is over. */
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
