/**
 * `npm run fuzz`: random, mutated and coverage-guided inputs for a minute. It ends with a table of figures. If a
 * promise is broken, it prints the input and exits with status 1.
 *
 * `npm run fuzz -- --seconds 600 --only connection` tests one target for longer. `--seed N` repeats the random inputs.
 * `--keep` writes the inputs that reach different ranges of the code to test/fuzz/corpus.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { Coverage, explore } from "./coverage.mjs";
// biome-ignore lint/correctness/useImportExtensions: properties.d.mts has only the types, not the program
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
  if (process.listenerCount("unhandledRejection") > 1) return; // the property itself records it
  console.error("BROKEN  an unhandled rejection", error);
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

/** Runs a target with random inputs. If they are bytes, half of the time goes to coverage-guided inputs. */
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
    reach: ` (${coverage.seen.size} ranges of code, reached by ${kept.length} inputs)`,
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

/** Writes the inputs that reach different ranges of the code to the corpus, the shortest of each kind. */
async function keep(target, inputs) {
  const coverage = new Coverage();
  coverage.start();
  const { kept } = await explore(target.check, inputs, 0, coverage);
  coverage.stop();
  const texts = kept.map((input) => Buffer.from(input).toString("hex"));
  writeFileSync(new URL(`${target.name}.json`, corpusFolder), `${JSON.stringify(texts, undefined, 2)}\n`);
}
