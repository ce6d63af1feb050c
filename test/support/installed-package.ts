/** The package as users get it: packed, and installed into an empty folder. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtCommand } from "./built.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface InstalledPackage {
  /** A project of ES modules, with ampwire and Node's types in its node_modules. */
  readonly folder: string;
  /** Names of the files in the tarball. */
  readonly packed: readonly string[];
  /** Removes the folder. */
  remove(): void;
}

export async function installedPackage(): Promise<InstalledPackage> {
  await builtCommand();
  const folder = mkdtempSync(join(tmpdir(), "ampwire-installed-"));
  const [tarball] = JSON.parse(npm(["pack", "--json", "--pack-destination", folder], root));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  npm(["install", "--no-audit", "--no-fund", "--prefer-offline", `./${tarball.filename}`], folder);
  for (const name of ["@types/node", "undici-types"]) {
    cpSync(join(root, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
  }
  return {
    folder,
    packed: tarball.files.map(({ path }: { path: string }) => path),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function npm(args: readonly string[], cwd: string): string {
  return execFileSync("npm", [...args, "--loglevel=error"], {
    cwd,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
}
