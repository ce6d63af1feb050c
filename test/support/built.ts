/**
 * The build, for tests that run what is published. `npm test` has made it before; a test that is run alone makes it
 * when a source is newer. One at a time: a program that starts during a build could find half a file.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmdirSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const lock = join(root, "node_modules", ".cache", "ampwire-build");

/** @returns the command, as a path */
export async function builtCommand(): Promise<string> {
  mkdirSync(join(lock, ".."), { recursive: true });
  while (!(await isFresh())) {
    if (!takeLock()) {
      await delay(100);
      continue;
    }
    try {
      if (await isFresh()) continue; // somebody else has just made it
      execFileSync(process.execPath, ["scripts/build.mjs"], {
        cwd: root,
        stdio: ["ignore", "inherit", "inherit"],
      });
    } finally {
      rmdirSync(lock);
    }
  }
  return join(root, "dist", "cli", "main.js");
}

/** Every source has its file in dist, and it is newer. */
async function isFresh(): Promise<boolean> {
  const sources = await readdir(join(root, "src"), { recursive: true });
  return sources
    .filter((name) => name.endsWith(".ts"))
    .every((name) => written(join("dist", name.replace(/\.ts$/, ".js"))) >= written(join("src", name)));
}

/** When, in milliseconds; 0 for a file that is not there. */
function written(path: string): number {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function takeLock(): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    // One that is left over from a process that was killed.
    const found = statSync(lock, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > 120_000) rmdirSync(lock);
    return false;
  }
}
