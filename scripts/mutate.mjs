/**
 * `npm run mutate`: changes the sources in many small ways, and lists the changes that no test notices. It tries a sample of
 * the files; `npm run mutate -- src/core/connection` tries a folder, and a path of a file only that file.
 * `--tests=test/core/connection` runs the tests of a folder only, which is faster. Other arguments that begin with `--` go to
 * StrykerJS.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./run.mjs";
import { ensureDependencies } from "./setup.mjs";

/** Parts of the sources whose tests share one process. The tests of the others start programs. */
const FOLDERS = ["src/core", "src/node/tls", "src/node/reconnecting", "src/websocket"];
/** Number of files in a sample. Each takes about a minute. */
const SAMPLE = 4;

ensureDependencies();
const args = process.argv.slice(2);
const TESTS = "--tests=";
const folder = args.find((arg) => arg.startsWith(TESTS))?.slice(TESTS.length);
const paths = args.filter((arg) => !arg.startsWith("--"));
const files = paths.length > 0 ? paths.flatMap(filesIn) : sample(FOLDERS.flatMap(filesIn));
if (files.length === 0) {
  console.error(`no source files in ${paths.join(", ")}`);
  process.exit(1);
}
console.log(`mutating ${files.join(", ")}`);
const stryker = join("node_modules", "@stryker-mutator", "core", "bin", "stryker.js");
const options = [
  "--mutate",
  files.join(","),
  ...args.filter((arg) => arg.startsWith("--") && !arg.startsWith(TESTS)),
];
process.exit(
  run(process.execPath, [stryker, "run", "stryker.config.mjs", ...options], {
    env: { ...process.env, AMPWIRE_MUTATE_TESTS: folder ?? [...new Set(files.flatMap(testsOf))].join(",") },
  }),
);

/** Returns the TypeScript files of a folder, or a file itself. */
function filesIn(path) {
  if (statSync(join(root, path)).isFile()) return [path];
  return readdirSync(join(root, path), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${path}/${name.replaceAll("\\", "/")}`);
}

/** Returns some of the files, others in each run. */
function sample(all) {
  return Array.from({ length: SAMPLE }, () => all.splice(Math.floor(Math.random() * all.length), 1)).flat();
}

/** Returns the folders of tests for a file: those of its part of the sources. */
function testsOf(file) {
  const [, part] = file.split("/");
  if (part === "core") return ["test/core", "test/testing"];
  return part === "websocket" ? ["test/websocket"] : ["test/node"];
}
