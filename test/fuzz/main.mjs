/**
 * `npm run fuzz`: random, mutated and coverage-guided inputs for a minute. Ends with a table of figures, and with exit
 * code 1 and the input when a promise is broken.
 *
 * `npm run fuzz -- --seconds 600 --only connection` looks longer at one thing; `--seed N` makes the random inputs the
 * same again; `--keep` adds to test/fuzz/corpus what has come to new places in the code.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { Coverage, explore } from "./coverage.mjs";
// biome-ignore lint/correctness/useImportExtensions: the .mts beside it has the types, not the program
import { corpusFolder, corpusOf, properties } from "./properties.mjs";
import { twistedTargets } from "./twisted.mjs";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    only: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    keep: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const wanted = ({ name }) => values.only === undefined || name === values.only;

process.on("unhandledRejection", (error) => {
  console.error("BROKEN  a rejection that nobody hears of", error);
  process.exit(1);
});

const twisted = await twistedTargets();
const targets = [...properties, ...twisted.targets].filter(wanted);
const shares = targets.reduce((sum, { share }) => sum + share, 0);
const rows = [];
const failures = [];
for (const target of targets) {
  const milliseconds = (Number(values.seconds) * 1000 * target.share) / shares;
  const began = performance.now();
  const row = await run(target, milliseconds);
  const seconds = (performance.now() - began) / 1000;
  rows.push({ name: target.name, runs: row.runs, seconds, reach: row.reach, promise: target.promise });
  console.log(`${target.name}: ${row.runs} runs in ${seconds.toFixed(1)} s${row.reach}`);
  if (row.failure !== undefined) failures.push({ target, failure: row.failure });
}
await twisted.end();

console.log("\n target              runs   runs/s  promise");
for (const { name, runs, seconds, reach, promise } of rows) {
  const kept = failures.some(({ target }) => target.name === name) ? "BROKEN" : "kept  ";
  const speed = Math.round(runs / seconds);
  console.log(
    `${kept}  ${name.padEnd(16)} ${String(runs).padStart(8)} ${String(speed).padStart(8)}  ${promise}${reach}`,
  );
}
for (const { target, failure } of failures) console.log(`\nBROKEN  ${target.name}\n${failure}`);
console.log(`\nseed ${seed}`);
process.exit(failures.length > 0 || rows.length === 0 ? 1 : 0);

/** Half of the time random inputs, and where they are bytes the other half guided ones. */
async function run(target, milliseconds) {
  const guided = target.bytes === true;
  const random = await randomly(target, guided ? milliseconds / 2 : milliseconds);
  if (!guided || random.failure !== undefined) return { ...random, reach: "" };
  const coverage = new Coverage();
  coverage.start();
  const seeds = [...corpusOf(target), ...fc.sample(target.arbitrary, { seed, numRuns: 200 })];
  const { runs, kept, failure } = await explore(target.check, seeds, milliseconds / 2, coverage);
  coverage.stop();
  if (values.keep) await keep(target, kept);
  return {
    runs: random.runs + runs,
    reach: ` (${coverage.seen.size} ranges of code, ${kept.length} inputs come to them)`,
    failure: failure && `the bytes ${Buffer.from(failure.input).toString("hex")}\n${failure.error.stack}`,
  };
}

async function randomly({ arbitrary, check, batch = 1, runsPerMinute }, milliseconds) {
  const property = fc.asyncProperty(
    batch > 1 ? fc.array(arbitrary, { minLength: batch, maxLength: batch }) : arbitrary,
    async (input) => check(input),
  );
  const minutes = Math.max(1, Number(values.seconds) / 60);
  const runs = runsPerMinute === undefined ? undefined : Math.ceil(runsPerMinute * minutes);
  const { failed, numRuns, counterexample, errorInstance, counterexamplePath } = await fc.check(property, {
    seed,
    ...(runs === undefined ? { numRuns: 1e9, interruptAfterTimeLimit: milliseconds } : { numRuns: runs }),
  });
  if (!failed || counterexample === null) return { runs: numRuns * batch, reach: "" };
  return {
    runs: numRuns * batch,
    reach: "",
    failure: `${fc.stringify(counterexample[0])}\n${errorInstance?.stack}\n--seed ${seed}, path ${counterexamplePath}`,
  };
}

/** The inputs that come to different places, the shortest of each kind. */
async function keep(target, inputs) {
  const coverage = new Coverage();
  coverage.start();
  const { kept } = await explore(target.check, inputs, 0, coverage);
  coverage.stop();
  const texts = kept.map((input) => Buffer.from(input).toString("hex"));
  writeFileSync(new URL(`${target.name}.json`, corpusFolder), `${JSON.stringify(texts, undefined, 2)}\n`);
}
