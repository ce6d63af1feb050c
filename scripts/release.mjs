/**
 * `npm run release`: builds and packs the package, publishes the tarball and tags the commit; only once every check has
 * passed. `-- --dry-run` stops before that, and says what would be done. `-- --provenance` has npm attest where the package
 * was made, which it can in a CI service alone. Exits 1 when a check fails.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "./pack.mjs";
import { foreignProblems, missingProblems } from "./release/contents.mjs";
import { commitOf, head, short, tagProblems, treeProblems } from "./release/repository.mjs";
import { changelogProblems, versionProblems } from "./release/version.mjs";
import { npm, root, run } from "./run.mjs";
import { ensureDependencies } from "./setup.mjs";

// npm keeps the option for itself where the dashes before it were forgotten.
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
  ["CHANGELOG.md tells of it", changelogProblems(readFileSync(join(root, "CHANGELOG.md"), "utf8"), version)],
  ["its tag is free, or here", tagProblems(tag)],
  ["everything is committed", treeProblems()],
  ["the tarball is made", packing],
  ["it holds what it must", tarball === undefined ? [] : missingProblems(files, manifest)],
  ["it holds nothing else", foreignProblems(files)],
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
  console.log("\nnothing is published: see what failed");
  process.exit(1);
}

// What comes before a version is not what `npm install` should give to whoever asks for none.
const publish = ["publish", tarball.path, "--tag", version.includes("-") ? "next" : "latest"];
publish.push(`--provenance=${provenance}`);
const tagging = ["tag", "--annotate", tag, "--message", `${manifest.name} ${version}`];
const tagged = commitOf(tag) !== undefined;
console.log(`\n${dryRun ? "would run" : "running"}, on ${short(head())}:`);
console.log(`  npm ${publish.join(" ").replace(folder, ".")}`);
if (!tagged) console.log(`  git tag --annotate ${tag}`);
if (dryRun) process.exit(0);

// In this order, so that a tag always means a version that npm has.
if (npm(publish) !== 0 || (!tagged && run("git", tagging) !== 0)) process.exit(1);
console.log(`\npublished. The tag goes out with: git push origin ${tag}`);

/** npm refuses by itself to pack what it could not publish. */
function packed() {
  try {
    return { tarball: pack(folder), problems: [] };
  } catch (error) {
    return { tarball: undefined, problems: [error.message] };
  }
}
