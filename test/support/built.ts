/**
 * The build, for tests that run the published files. `npm test` builds before it starts; a test that runs alone builds if a
 * source is newer. Builds do not overlap, because a program that starts during a build might find a partial file.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const lock = join(root, "node_modules", ".cache", "ampwire-build.lock");

/** @returns the path of the command */
export async function builtCommand(): Promise<string> {
  mkdirSync(join(lock, ".."), { recursive: true });
  // During a build each source may have a newer file, of which one is not complete.
  while (isLocked() || !(await isFresh())) {
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
      rmSync(lock, { force: true });
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

/** The lock is a file with the id of the process that builds. */
function takeLock(): boolean {
  if (isLocked()) return false;
  rmSync(lock, { force: true }); // its process was killed
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    return false; // another process was faster
  }
}

/** True while the process that has the lock runs. */
function isLocked(): boolean {
  try {
    const owner = Number(readFileSync(lock, "utf8"));
    if (owner === 0) return true; // its process writes it at this moment
    process.kill(owner, 0); // sends no signal
    return true;
  } catch {
    return false; // there is no lock, or no such process
  }
}
