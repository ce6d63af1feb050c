/**
 * Installs the package into an empty folder, and prints the number of bytes, packages and install scripts. Exits 1 if a
 * limit is exceeded, or if there is an install script. It needs no network if the cache of npm has the dependencies.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "./pack.mjs";
import { npmOutput } from "./run.mjs";

/** Limits a little above the present figures, because indirect dependencies may grow without a change here. */
const LIMITS = { ownBytes: 1_850_000, allBytes: 5_575_000, direct: 4, packages: 26 };

/** Scripts that npm runs during an installation. npm treats `binding.gyp` as an install script. */
const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall"];

const folder = mkdtempSync(join(tmpdir(), "ampwire-footprint-"));
try {
  const tarball = pack(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  npmOutput(
    [
      "install",
      "--prefer-offline",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
      tarball.path,
    ],
    { cwd: folder },
  );
  const installed = packagesIn(join(folder, "node_modules"));
  const own = installed.find(({ name }) => name === tarball.name);
  const { dependencies = {}, optionalDependencies = {} } = own.manifest;
  const allBytes = installed.reduce((sum, { bytes }) => sum + bytes, 0);
  const direct = Object.keys({ ...dependencies, ...optionalDependencies });
  report(`bytes of ${own.name}`, own.bytes, LIMITS.ownBytes);
  report(`bytes of ${own.name} with its dependencies`, allBytes, LIMITS.allBytes);
  report("direct dependencies, optional ones included", direct.length, LIMITS.direct);
  report("dependencies in all", installed.length - 1, LIMITS.packages);
  const withScripts = installed.filter(({ scripts }) => scripts.length > 0);
  for (const { name, scripts } of withScripts)
    fail(`${name} runs scripts at installation: ${scripts.join(", ")}`);
  if (process.argv.includes("--detail")) {
    for (const { name, bytes } of installed.sort((a, b) => b.bytes - a.bytes))
      console.log(String(bytes).padStart(9), name);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function report(what, found, limit) {
  console.log(`${what}: ${found} (limit ${limit})`);
  if (found > limit) fail(`${what}: ${found} exceeds the limit of ${limit}`);
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}

/** Returns every package in a node_modules folder and in nested ones. */
function packagesIn(nodeModules) {
  if (!existsSync(nodeModules)) return [];
  const names = readdirSync(nodeModules).filter((name) => !name.startsWith("."));
  const folders = names.flatMap((name) =>
    name.startsWith("@") ? readdirSync(join(nodeModules, name)).map((inner) => join(name, inner)) : [name],
  );
  return folders.flatMap((name) => {
    const path = join(nodeModules, name);
    const manifest = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
    const scripts = INSTALL_SCRIPTS.filter((script) => manifest.scripts?.[script] !== undefined);
    if (existsSync(join(path, "binding.gyp"))) scripts.push("node-gyp");
    return [
      { name: manifest.name, manifest, scripts, bytes: bytesIn(path) },
      ...packagesIn(join(path, "node_modules")),
    ];
  });
}

/** Returns the bytes of the files in a folder, without nested packages. */
function bytesIn(path) {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.name !== "node_modules")
    .map((entry) => join(path, entry.name))
    .map((child) => (statSync(child).isDirectory() ? bytesIn(child) : statSync(child).size))
    .reduce((sum, bytes) => sum + bytes, 0);
}
