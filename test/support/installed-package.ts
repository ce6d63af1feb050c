/**
 * The package as users get it: packed, and installed into an empty folder. The first test file of a build packs and installs
 * it; the others copy its folder, which takes a tenth of the time.
 */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { builtCommand } from "./built.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cache = join(root, "node_modules", ".cache", "ampwire-installed");

export interface InstalledPackage {
  /** A project of ES modules, with ampwire and Node's types in its node_modules. */
  readonly folder: string;
  /** Names of the files in the tarball. */
  readonly packed: readonly string[];
  /** Removes the folder. */
  remove(): void;
}

export async function installedPackage(): Promise<InstalledPackage> {
  const original = await installed(buildTime(await builtCommand()));
  const folder = mkdtempSync(join(tmpdir(), "ampwire-installed-"));
  cpSync(original, folder, { recursive: true, verbatimSymlinks: true });
  return {
    folder,
    packed: JSON.parse(readFileSync(join(original, "packed.json"), "utf8")),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Time of the build and of the files that decide about its contents. */
function buildTime(command: string): number {
  const files = [
    command,
    ...["dist/index.js", "package.json", "package-lock.json"].map((file) => join(root, file)),
  ];
  return Math.max(...files.map((file) => statSync(file).mtimeMs));
}

/** Returns the folder in which this build is installed. One test file installs it, the others wait. */
async function installed(build: number): Promise<string> {
  const folder = join(cache, String(build));
  const unfinished = join(cache, "unfinished");
  mkdirSync(cache, { recursive: true });
  while (!existsSync(folder)) {
    if (!makeFolder(unfinished)) {
      await delay(100);
      continue;
    }
    try {
      if (existsSync(folder)) continue; // another process has installed it meanwhile
      install(unfinished);
      // Older builds are not needed any more.
      for (const name of readdirSync(cache)) {
        if (name !== "unfinished") rmSync(join(cache, name), { recursive: true, force: true });
      }
      renameSync(unfinished, folder);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  return folder;
}

/** Makes the folder, which is the lock too. Returns false if another process has it. */
function makeFolder(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    // Removes the folder that a killed process left.
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > 120_000)
      rmSync(folder, { recursive: true, force: true });
    return false;
  }
}

function install(folder: string): void {
  const [tarball] = JSON.parse(npm(["pack", "--json", "--pack-destination", folder], root));
  const packed = tarball.files.map(({ path }: { path: string }) => path);
  writeFileSync(join(folder, "packed.json"), JSON.stringify(packed));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  npm(["install", "--no-audit", "--no-fund", "--prefer-offline", `./${tarball.filename}`], folder);
  for (const name of ["@types/node", "undici-types"]) {
    cpSync(join(root, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
  }
}

function npm(args: readonly string[], cwd: string): string {
  return execFileSync("npm", [...args, "--loglevel=error"], {
    cwd,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
}
