/** Finds or makes the build of ampwire with which this one is compared. */
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { npm, output, root, run } from "../../scripts/run.mjs";

/**
 * Returns the URL of a build. If `given` is not a folder with a build, it is a commit, which is checked out into a
 * temporary worktree and built there. The worktree is removed when this process exits.
 *
 * @throws Error if `given` is neither, or if a step fails
 */
export function otherBuild(given) {
  if (existsSync(join(resolve(given), "index.js"))) return pathToFileURL(`${resolve(given)}/`);
  const commit = commitOf(given);
  const folder = mkdtempSync(join(tmpdir(), "ampwire-bench-"));
  process.on("exit", () => removeWorktree(folder));
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
  console.log(`building ${commit.slice(0, 10)} in ${folder}`);
  output("git", ["worktree", "add", "--detach", "--force", folder, commit]);
  installDependencies(folder);
  const status = run(process.execPath, [join(folder, "scripts", "build.mjs")], { cwd: folder });
  if (status !== 0) throw new Error(`the build of ${given} failed with code ${status}`);
  return pathToFileURL(`${join(folder, "dist")}/`);
}

function commitOf(given) {
  try {
    return output("git", ["rev-parse", "--verify", "--quiet", `${given}^{commit}`]).trim();
  } catch {
    throw new Error(`--against: ${given} is neither a folder with index.js nor a commit of this repository`);
  }
}

/** Uses the packages of this checkout if the commit has the same package-lock.json, and installs its own otherwise. */
function installDependencies(folder) {
  const [here, there] = [root, folder].map((path) => readFileSync(join(path, "package-lock.json"), "utf8"));
  if (here === there) {
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir");
    return;
  }
  const status = npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder });
  if (status !== 0) throw new Error(`npm ci in ${folder} failed with code ${status}`);
}

function removeWorktree(folder) {
  // First the link: `git worktree remove` must not follow it.
  rmSync(join(folder, "node_modules"), { recursive: true, force: true });
  run("git", ["worktree", "remove", "--force", folder], { stdio: "ignore" });
  rmSync(folder, { recursive: true, force: true });
  run("git", ["worktree", "prune"], { stdio: "ignore" });
}
