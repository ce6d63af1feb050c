/**
 * `npm run mutate`: changes the sources in many small ways, and lists the changes that no test notices. It draws lines at random
 * from the folders of `PARTS`, and prints the seed that draws them again. `npm run mutate -- src/core/connection` takes a whole
 * folder, `src/core/calls/calls.ts` only that file, and `src/core/calls/calls.ts:10-20` only these lines.
 *
 * A mutant that behaves like the source cannot be noticed. `test/equivalent-mutants.json` lists those that a reader has found,
 * with the reason; they are not counted.
 *
 *   --sample=N   draws N lines (default 300)
 *   --seed=N     draws the lines of an earlier run
 *   --tests=DIR  runs the tests of one folder or file only, which is faster
 *
 * Other arguments that begin with `--` go to StrykerJS.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, run } from "./run.mjs";
import { ensureDependencies } from "./setup.mjs";

/**
 * The parts of the sources, each with the tests that concern it. A part has a run of StrykerJS of its own, because every run
 * executes all of its tests once. Tests that start programs are left out.
 */
const PARTS = [
  // Both transports run the contract of reconnecting clients.
  {
    sources: "src/core/reconnecting",
    tests: ["test/core/reconnecting", "test/node/reconnecting", "test/websocket/reconnecting.test.ts"],
  },
  { sources: "src/core", tests: ["test/core", "test/testing", "test/node/faults/unreported-errors.test.ts"] },
  {
    sources: "src/node/tls",
    tests: [
      "test/node/tls",
      "test/node/starttls",
      "test/node/implicit-tls.test.ts",
      "test/node/required-tls.test.ts",
    ],
  },
  { sources: "src/node/reconnecting", tests: ["test/node/reconnecting"] },
  { sources: "src/websocket", tests: ["test/websocket"] },
];
/** The part of other files of Node, only on request. */
const NODE = { sources: "src/node", tests: ["test/node"] };
/**
 * A change without effect, as the list has it for each file: `code` is the line, `from` the part of it that `to` replaces.
 * @typedef {{ code: string, from: string, to: string, why: string }} Equivalent
 */
const EQUIVALENT = "test/equivalent-mutants.json";

/** Lines that are drawn together: a change of a block needs all lines of the block. */
const PASSAGE = 5;
/** The least share of a sample for each part. Without it a sample would have five lines of the small ones. */
const LEAST = 0.1;
/** Lines without a mutant: blank lines, comments, imports, exports of names, and most lines of types. */
const WITHOUT_MUTANT =
  /^($|[})\]]+[;,]?$|\/\/|\/?\*|import |export (\{|type |interface )|type |readonly [\w#]+\??: [^=]*;$)/;

ensureDependencies();
const args = process.argv.slice(2);
const paths = args.filter((arg) => !arg.startsWith("--"));
const tests = option("tests");
const seed = Number(option("seed") ?? Math.floor(Math.random() * 1e6));
const size = Number(option("sample") ?? 300);
if (!Number.isInteger(seed) || !Number.isInteger(size)) {
  console.error("--seed and --sample need an integer");
  process.exit(1);
}
const targets = paths.length > 0 ? requested() : sample();
const folder = mkdtempSync(join(tmpdir(), "ampwire-mutate-"));
let status = 0;
const mutants = [];
try {
  for (const [index, { part, mutate }] of targets.entries()) {
    console.log(`\nmutating ${mutate.join(", ")}`);
    const report = join(folder, `${index}.json`);
    const stryker = join("node_modules", "@stryker-mutator", "core", "bin", "stryker.js");
    const own = ["tests", "seed", "sample"].map((name) => `--${name}=`);
    const others = args.filter((arg) => arg.startsWith("--") && !own.some((name) => arg.startsWith(name)));
    const command = [stryker, "run", "stryker.config.mjs", "--mutate", mutate.join(","), ...others];
    const env = {
      ...process.env,
      AMPWIRE_MUTATE_TESTS: tests ?? part.tests.join(","),
      AMPWIRE_MUTATE_REPORT: report,
    };
    status = run(process.execPath, command, { env });
    if (status !== 0) break;
    mutants.push(...mutantsIn(report));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
summarize();
process.exit(status);

/** Returns the value of an own option. */
function option(name) {
  const prefix = `--${name}=`;
  return args.find((arg) => arg.startsWith(prefix))?.slice(prefix.length);
}

/** Returns the files of the paths of the command line, by part. */
function requested() {
  const files = paths.flatMap((path) => {
    const [, file, lines = ""] = /^(.*?)(:\d+-\d+)?$/.exec(path);
    return filesIn(file).map((name) => `${name}${lines}`);
  });
  if (files.length === 0) {
    console.error(`no source files in ${paths.join(", ")}`);
    process.exit(1);
  }
  return [...PARTS, NODE].flatMap((part) => {
    const mutate = files.filter((file) => partOf(file) === part);
    return mutate.length > 0 ? [{ part, mutate }] : [];
  });
}

/** Returns passages that are drawn at random, by part: the more lines of code a file has, the more of them are drawn. */
function sample() {
  console.log(`sample of ${size} lines, --seed=${seed}`);
  const random = randomNumbers(seed);
  const parts = PARTS.map((part) => {
    const files = filesIn(part.sources).filter((file) => partOf(file) === part);
    return { part, lines: files.flatMap(linesOfCode) };
  });
  const all = parts.reduce((sum, { lines }) => sum + lines.length, 0);
  return parts.map(({ part, lines }) => {
    const count = Math.ceil((size * Math.max(LEAST, lines.length / all)) / PASSAGE);
    const drawn = Array.from({ length: count }, () => lines[Math.floor(random() * lines.length)]);
    return { part, mutate: drawn.map(({ file, line }) => `${file}:${line}-${line + PASSAGE - 1}`) };
  });
}

/** Returns the TypeScript files of a folder, or a file itself. */
function filesIn(path) {
  if (statSync(join(root, path)).isFile()) return [path];
  return readdirSync(join(root, path), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((name) => `${path}/${name.replaceAll("\\", "/")}`);
}

/** Returns the lines of code of a file. */
function linesOfCode(file) {
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  const passages = lines.map((text, index) => ({ file, line: index + 1, text: text.trim() }));
  return passages.filter(
    ({ text, line }) => !WITHOUT_MUTANT.test(text) && line + PASSAGE - 1 <= lines.length,
  );
}

/** Returns the first part that has a file. */
function partOf(file) {
  return PARTS.find(({ sources }) => file.startsWith(`${sources}/`)) ?? NODE;
}

/** Returns a generator of numbers from 0 to 1 that repeats its numbers for an equal seed (mulberry32). */
function randomNumbers(start) {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns the mutants of a report, none if the lines had none. */
function mutantsIn(report) {
  if (!existsSync(report)) return [];
  const { files, testFiles } = JSON.parse(readFileSync(report, "utf8"));
  const names = new Map(
    Object.values(testFiles).flatMap(({ tests }) => tests.map(({ id, name }) => [id, name])),
  );
  return Object.entries(files).flatMap(([file, { mutants: found, source }]) => {
    const lines = source.split("\n");
    return found.map((mutant) => ({
      ...mutant,
      file,
      ...changeOf(mutant, lines),
      test: names.get(mutant.killedBy?.[0]),
    }));
  });
}

/** Returns what a mutant changes, as {@link Equivalent} has it. */
function changeOf({ location: { start, end }, replacement = "" }, lines) {
  // StrykerJS counts lines and columns from 1.
  const changed = lines.slice(start.line - 1, end.line);
  changed[changed.length - 1] = changed.at(-1).slice(0, end.column - 1);
  changed[0] = changed[0].slice(start.column - 1);
  return {
    code: lines[start.line - 1].trim(),
    from: onOneLine(changed.join(" ")),
    to: onOneLine(replacement),
  };
}

function onOneLine(text) {
  return text.replace(/\s+/g, " ").trim();
}

/** Prints the score over all parts, and the mutants that only the time limit of a test noticed. */
function summarize() {
  /** @type {Record<string, Equivalent[]>} */
  const list = JSON.parse(readFileSync(join(root, EQUIVALENT), "utf8"));
  const isEquivalent = ({ file, code, from, to }) =>
    list[file]?.some((entry) => entry.code === code && entry.from === from && entry.to === to) === true;
  const of = (...statuses) => mutants.filter((mutant) => statuses.includes(mutant.status));
  // An error: a test file could not be loaded, or an error outside of a test.
  const killed = of("Killed", "RuntimeError");
  const timeouts = of("Timeout");
  const unnoticed = of("Survived", "NoCoverage");
  const survived = unnoticed.filter((mutant) => !isEquivalent(mutant));
  const equivalent = unnoticed.length - survived.length;
  const noticed = killed.length + timeouts.length;
  const all = noticed + survived.length;
  const score = all === 0 ? "" : `, ${((noticed / all) * 100).toFixed(1)} %`;
  console.log(
    `\n${all} mutants${score}: ${killed.length} killed, ${timeouts.length} timeouts, ${survived.length} survived. Not counted: ${equivalent} without effect`,
  );
  reportStale(list);
  for (const mutant of survived) console.log(`survived: ${described(mutant)}`);
  for (const mutant of killed.filter(({ statusReason }) => /Test timed out in/.test(statusReason ?? "")))
    console.log(`killed by the time limit of the test "${mutant.test}": ${described(mutant)}`);
  for (const mutant of killed.filter(({ statusReason }) => /waited \d+ s for/.test(statusReason ?? "")))
    console.log(`killed by a wait of the test "${mutant.test}": ${described(mutant)}`);
  for (const mutant of timeouts) console.log(`timeout: ${described(mutant)}`);
  if (paths.length === 0) console.log(`the same sample: npm run mutate -- --sample=${size} --seed=${seed}`);
}

/** Prints the entries of the list whose line is no longer in the source. */
function reportStale(list) {
  for (const [file, entries] of Object.entries(list)) {
    const lines = existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8").split("\n") : [];
    const codes = new Set(lines.map((line) => line.trim()));
    for (const { code } of entries.filter(({ code }) => !codes.has(code)))
      console.log(`${EQUIVALENT}: ${file} has no line ${code}`);
  }
}

/** Returns the place of a mutant and its change. */
function described({ file, location: { start }, mutatorName, from, to }) {
  return `${file}:${start.line}:${start.column} ${mutatorName}: ${from.slice(0, 80)} => ${to.slice(0, 80)}`;
}
