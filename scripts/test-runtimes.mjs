/**
 * `npm run test:runtimes`: runs test/runtimes/suite.mjs on every supported runtime, and prints a table of the results.
 * npm installs the runtimes. `--write` writes the table into docs/runtimes.md. Exits 1 if a test fails that `knownGaps` does not
 * name.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npm, root } from "./run.mjs";
import { ensureDependencies, ensureTwisted } from "./setup.mjs";

const folder = join(root, "node_modules", ".cache", "runtimes");
const bin = (name) => join(folder, "node_modules", name);

const runtimes = [
  { name: "Node 20", package: "node20@npm:node@20", command: bin("node20/bin/node"), args: [] },
  { name: "Node 22", package: "node22@npm:node@22", command: bin("node22/bin/node"), args: [] },
  { name: "Node 24", package: "node24@npm:node@24", command: bin("node24/bin/node"), args: [] },
  { name: "Node 26", package: "node26@npm:node@26", command: bin("node26/bin/node"), args: [] },
  { name: "Bun", package: "bun@1", command: bin(".bin/bun"), args: [] },
  { name: "Deno", package: "deno@2", command: bin(".bin/deno"), args: ["run", "--allow-all", "--quiet"] },
];

/** Known failures: `"Runtime: test"` to the cause. */
const knownGaps = {};

ensureDependencies();
ensureTwisted();
if (npm(["run", "--silent", "build"]) !== 0) process.exit(1);
install();

const columns = [];
for (const runtime of runtimes) {
  const version = (await output(runtime.command, ["--version"])).match(/\d+\.\d+\.\d+/)?.[0] ?? "?";
  const lines = await output(runtime.command, [...runtime.args, "test/runtimes/suite.mjs"]);
  const results = lines.split("\n").filter((line) => line.startsWith("{"));
  columns.push({ runtime: runtime.name, version, results: results.map((line) => JSON.parse(line)) });
  console.log(
    `${runtime.name} (${version}): ${columns.at(-1).results.filter(({ ok }) => ok).length} of ${results.length} work`,
  );
}

const table = markdown();
console.log(`\n${table}`);
const failures = columns.flatMap(({ runtime, results }) =>
  results.filter(({ ok }) => !ok).map(({ name, error }) => ({ key: `${runtime}: ${name}`, error })),
);
for (const { key, error } of failures) console.log(`${key}\n  ${knownGaps[key] ?? error}`);
if (process.argv.includes("--write")) writeTable();
const complete = columns.every(
  ({ results }) => results.length === columns[0].results.length && results.length > 0,
);
if (!complete) console.log("a runtime did not finish the suite");
process.exit(complete && failures.every(({ key }) => key in knownGaps) ? 0 : 1);

function install() {
  if (runtimes.every(({ command }) => existsSync(command))) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  console.log("installing the runtimes from npm");
  const packages = runtimes.map((runtime) => runtime.package);
  // The install scripts of these packages place the binaries.
  const args = [
    "install",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--ignore-scripts=false",
    ...packages,
  ];
  if (npm(args, { cwd: folder, stdio: "inherit" }) !== 0) process.exit(1);
}

function output(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    child.on("error", reject);
    child.on("close", () => resolve(text));
  });
}

function markdown() {
  const head = ["", ...columns.map(({ runtime, version }) => `${runtime}<br>${version}`)];
  const rows = columns[0].results.map(({ name }) => [
    name,
    ...columns.map(({ results }) => (results.find((result) => result.name === name)?.ok ? "yes" : "**no**")),
  ]);
  return [head, head.map((_, column) => (column === 0 ? "---" : ":-:")), ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

/** Writes the table into docs/runtimes.md with blank lines around it: without them some renderers add it to the comment. */
function writeTable() {
  const path = join(root, "docs/runtimes.md");
  const text = readFileSync(path, "utf8");
  const place = /(?<=<!-- runtimes -->\n)[\s\S]*?(?=<!-- \/runtimes -->)/;
  if (!place.test(text))
    throw new Error("docs/runtimes.md lacks the comments <!-- runtimes --> and <!-- /runtimes -->");
  writeFileSync(
    path,
    text.replace(place, () => `\n${table}\n\n`),
  );
}
