/**
 * The build, for tests that run the published files. `npm test` builds before it starts; a test that runs alone builds if a
 * source is newer. Builds do not overlap, because a program that starts during a build might find a partial file.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const lock = join(root, "node_modules", ".cache", "ampwire-build");

/** @returns the path of the command */
export async function builtCommand(): Promise<string> {
  mkdirSync(join(lock, ".."), { recursive: true });
  // During a build each source may have a newer file, of which one is not complete.
  while (existsSync(lock) || !(await isFresh())) {
    if (!takeLock()) {
      await delay(100);
      continue;
    }
    try {
      if (await isFresh()) continue; // another process has built it meanwhile
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

/** True if every source has a newer file in dist. */
async function isFresh(): Promise<boolean> {
  const sources = await readdir(join(root, "src"), { recursive: true });
  return sources
    .filter((name) => name.endsWith(".ts"))
    .every((name) => written(join("dist", name.replace(/\.ts$/, ".js"))) >= written(join("src", name)));
}

/** Time of the last change in milliseconds; 0 for a missing file. */
function written(path: string): number {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function takeLock(): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    // Removes a lock that a killed process left.
    const found = statSync(lock, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > 120_000) rmdirSync(lock);
    return false;
  }
}
