/**
 * `npm run build`: compiles src into dist, then removes files without a source from dist, because all of dist is
 * published. They are removed last, so that dist stays complete for programs that use it meanwhile.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "./run.mjs";

const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const { status, stdout } = spawnSync(
  process.execPath,
  [tsc, "-p", "tsconfig.build.json", "--listEmittedFiles"],
  { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
);

const emitted = new Set();
for (const line of stdout.split(/\r?\n/)) {
  const file = /^TSFILE: (.+)$/.exec(line)?.[1];
  if (file !== undefined) emitted.add(relative(root, file));
  else if (line !== "") console.log(line);
}
if (status !== 0) process.exit(status ?? 1);

for (const entry of readdirSync(join(root, "dist"), { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name);
  if (entry.isFile() && !emitted.has(relative(root, file))) rmSync(file);
}
