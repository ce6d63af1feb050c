/**
 * `npm run release`: builds and packs the package. If every check passes, publishes the tarball and tags the commit.
 * `-- --dry-run` prints these commands instead. `-- --provenance` makes npm attest the origin of the build, which works in
 * a CI service only. Exits 1 if a check fails.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "./pack.mjs";
import { foreignProblems, missingProblems } from "./release/contents.mjs";
import { commitOf, head, short, tagProblems, treeProblems } from "./release/repository.mjs";
import { addressProblems, changelogProblems, versionProblems } from "./release/version.mjs";
import { npm, root, run } from "./run.mjs";
import { ensureDependencies } from "./setup.mjs";

// Without `--` before it, npm takes the option and sets this variable.
const dryRun = process.argv.includes("--dry-run") || process.env.npm_config_dry_run === "true";
const provenance = process.argv.includes("--provenance");

ensureDependencies();
if (npm(["run", "--silent", "build"]) !== 0) process.exit(1);

const folder = mkdtempSync(join(tmpdir(), "ampwire-release-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const { version } = manifest;
const tag = `v${version}`;
const { tarball, problems: packing } = packed();
const files = tarball?.files.map(({ path }) => path) ?? [];

const checks = [
  ["the version is semantic", versionProblems(version)],
  ["CHANGELOG.md describes it", changelogProblems(readFileSync(join(root, "CHANGELOG.md"), "utf8"), version)],
  ["its tag is free, or at this commit", tagProblems(tag)],
  ["everything is committed", treeProblems()],
  ["the tarball is packed", packing],
  ["it contains every required file", tarball === undefined ? [] : missingProblems(files, manifest)],
  ["it contains no other file", foreignProblems(files)],
  ["package.json names the repository", dryRun ? [] : addressProblems(manifest)],
];
for (const [name, problems] of checks) {
  console.log(`${problems.length === 0 ? "ok     " : "failed "} ${name}`);
  for (const problem of problems) console.log(`        ${problem.replaceAll("\n", "\n          ")}`);
}

if (tarball !== undefined) {
  console.log(`\n${tarball.name} ${tarball.version}`);
  console.log(
    `${tarball.filename}: ${tarball.size} bytes, ${tarball.unpackedSize} unpacked, ${files.length} files`,
  );
  console.log(`shasum ${tarball.shasum}`);
}
if (checks.some(([, problems]) => problems.length > 0)) {
  console.log("\nnothing is published: fix the failed checks");
  process.exit(1);
}

// A plain `npm install` must not install a prerelease.
const publish = ["publish", tarball.path, "--tag", version.includes("-") ? "next" : "latest"];
publish.push(`--provenance=${provenance}`);
const tagging = ["tag", "--annotate", tag, "--message", `${manifest.name} ${version}`];
const tagged = commitOf(tag) !== undefined;
console.log(`\n${dryRun ? "would run" : "running"}, on ${short(head())}:`);
console.log(`  npm ${publish.join(" ").replace(folder, ".")}`);
if (!tagged) console.log(`  git tag --annotate ${tag}`);
if (dryRun) process.exit(0);

// Tag after publishing, so that every tag is a published version.
if (npm(publish) !== 0 || (!tagged && run("git", tagging) !== 0)) process.exit(1);
console.log(`\npublished. Push the tag: git push origin ${tag}`);

/** Packs the package. npm rejects a package that it could not publish. */
function packed() {
  try {
    return { tarball: pack(folder), problems: [] };
  } catch (error) {
    return { tarball: undefined, problems: [error.message] };
  }
}
