/** `npm run bench`: measures ampwire, its peers and the floors of the runtime in one run. See README.md. */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureNatsServer, ensureTwisted, python } from "../scripts/setup.mjs";
import { measureGrowth } from "./measure/growth.mjs";
import { canCount, countInstructions } from "./measure/instructions.mjs";
import { measure } from "./measure/measure.mjs";
import { canPin, coresOf, PLACEMENTS } from "./measure/placement.mjs";
import { measureNats } from "./nats/main.mjs";
import { PEERS } from "./peers/index.mjs";
import { againstRows, OTHER } from "./report/against.mjs";
import { verdictRows, verdicts } from "./report/check.mjs";
import { watchConditions } from "./report/conditions.mjs";
import { figuresOf } from "./report/figures.mjs";
import { growthRows } from "./report/growth.mjs";
import { instructionRows } from "./report/instructions.mjs";
import { writePage } from "./report/page.mjs";
import { plotGrowth, plotPeers } from "./report/plots.mjs";
import { aligned, markdown, rowsOf, summaryRows } from "./report/table.mjs";
import { TARGETS } from "./report/targets.mjs";
import { HELP, readOptions } from "./setup/options.mjs";
import { otherBuild } from "./setup/other-build.mjs";
import { makeCertificate, prepare } from "./setup/prepare.mjs";
import { GROWTH } from "./workloads/growth.mjs";
import { WORKLOADS } from "./workloads/index.mjs";

const options = orExit(() => readOptions(process.argv.slice(2)));
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const onlyTargets = options.quick || options.check;
const dist =
  options.dist === undefined
    ? new URL("../dist/", import.meta.url)
    : pathToFileURL(`${resolve(options.dist)}/`);
prepare({ build: options.dist === undefined });
if (options.instructions) await instructions();
if (options.nats) {
  ensureNatsServer("the measurement over NATS");
  process.exit((await measureNats(options)) || !options.check ? 0 : 1);
}
const tls = await makeCertificate(dist);
const peers = chosenPeers();
const workloads = WORKLOADS.filter(({ id }) => options.only?.includes(id) ?? wantedByDefault(id));
const placements = options.placement === "both" ? ["one", "each"] : [options.placement];

console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown core"}`);
if (!canPin()) console.log("taskset not found: processes are not pinned, and figures scatter more");

const conditions = watchConditions(options, python);
const raw = [];
let missed = false;
for (const placement of placements) {
  console.log(
    `\n${PLACEMENTS[placement]}: ${options.passes} x ${options.samples} samples of ${options.ms} ms`,
  );
  if (options.growth) await growth(placement);
  else await sideBySide(placement);
}
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(raw, null, 1)}\n`);
process.exit(missed ? 1 : 0);

/** Calls a function that checks what the user gave. If it throws, prints the message and exits with 2. */
function orExit(read) {
  try {
    return read();
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

async function instructions() {
  if (!canCount()) {
    console.error("--instructions: valgrind not found; install it");
    process.exit(2);
  }
  console.log(aligned(instructionRows(await countInstructions(dist.href))));
  process.exit(0);
}

async function sideBySide(placement) {
  const measured = new Map();
  for (const work of workloads) measured.set(work.id, await measureAndPrint(work, placement));
  if (options.against !== undefined) console.log(`\n${aligned(againstRows(workloads, measured))}`);
  // The targets and the page are for one core, where a figure is the cost of a call.
  if (placement === "each") return;
  if (options.check) missed = !(await check(measured, placement));
  if (options.plot) plotPeers(WORKLOADS, measured);
  if (!options.write) return;
  writePage({
    conditions: conditions.lines(),
    summary: markdown(summaryRows(workloads, measured, peers)),
    targets: markdown(verdictRows(verdicts(measured))),
    workloads: workloads
      .map((work) => `### ${work.title}\n\n${markdown(rowsOf(work, measured.get(work.id)))}`)
      .join("\n\n"),
  });
}

async function growth(placement) {
  const measured = await measureGrowth({
    ...options,
    peers: PEERS.map(built),
    cores: coresOf(placement, options.core),
  });
  if (options.plot) plotGrowth(GROWTH, measured);
  if (!options.write) return;
  writePage({
    "growth-conditions": conditions.lines(),
    growth: GROWTH.filter(({ id }) => measured.has(id))
      .map((row) => `### ${row.title}\n\n${markdown(growthRows(row, measured.get(row.id)))}`)
      .join("\n\n"),
  });
}

async function measureAndPrint(work, placement, passes = options.passes) {
  const able = peers.filter(({ id, like = id }) => work.peers.includes(like));
  const results = await measure(work, {
    ...options,
    passes,
    peers: onlyTargets && options.peers === undefined ? needed(work, able) : able,
    tls,
    cores: work.allCores ? undefined : coresOf(placement, options.core),
  });
  console.log(`\n${work.title}\n${aligned(rowsOf(work, results))}`);
  for (const { peer, samples, bytes } of results) {
    const figures = samples.length === 0 ? {} : figuresOf({ samples, bytes });
    raw.push({ placement, work: work.id, peer: peer.id, figures, samples });
  }
  return results;
}

/**
 * Compares the figures with the targets. A workload that misses a target is measured again with twice as many
 * processes, and only the second result counts: other programs use the machine too, and the rates of two processes with
 * the same program may differ by more than a tenth.
 */
async function check(measured, placement) {
  const grown = await growthOfTargets(placement);
  const missedNow = () =>
    verdicts(measured, grown).filter(({ passed, found }) => found !== undefined && !passed);
  const again = missedNow().map(({ target }) => target);
  if (again.length > 0) {
    console.log("\nMissed, and measured again:");
    for (const work of workloads.filter(({ id }) => again.some((target) => target.work === id))) {
      measured.set(work.id, await measureAndPrint(work, placement, 2 * options.passes));
    }
    const rows = again.flatMap(({ growth: id }) => id ?? []);
    for (const [id, points] of await growthOf(rows, placement, 2)) grown.set(id, points);
  }
  const narrowed = options.only !== undefined || options.peers !== undefined;
  const found = verdicts(measured, grown);
  console.log(`\n${aligned(verdictRows(found, { all: !narrowed }))}`);
  const counted = narrowed ? found.filter((verdict) => verdict.found !== undefined) : found;
  return counted.length > 0 && counted.every(({ passed }) => passed);
}

function growthOfTargets(placement) {
  const rows = TARGETS.flatMap(({ growth: id }) => id ?? []);
  return growthOf(
    rows.filter((id) => options.only?.includes(id) ?? true),
    placement,
    1,
  );
}

function growthOf(only, placement, passes) {
  return measureGrowth({
    ...options,
    passes,
    only,
    peers: PEERS.map(built),
    cores: coresOf(placement, options.core),
  });
}

/** A quick run and a check leave out workloads without a target. */
function wantedByDefault(id) {
  return !onlyTargets || TARGETS.some(({ work }) => work === id);
}

/** Returns the peers of a quick run or a check: ampwire and the peers of its targets. */
function needed(work, able) {
  const ids = TARGETS.filter((target) => target.work === work.id).flatMap(({ peer, context }) => [
    peer,
    context,
  ]);
  return able.filter(({ id, like = id }) => like === "ampwire" || ids.includes(id));
}

function chosenPeers() {
  const chosen = PEERS.map(built)
    .filter(({ id }) => options.peers?.includes(id) ?? true)
    .filter(({ id }) => id !== "twisted" || ensureTwisted("comparisons with it"));
  if (options.against === undefined) return chosen;
  const other = orExit(() => otherBuild(options.against));
  const others = chosen
    .filter(({ file }) => file === "ampwire.mjs")
    .map((peer) => ({
      ...peer,
      id: `${peer.id}${OTHER}`,
      like: peer.id,
      title: `${peer.title}, other build`,
      dist: other.href,
    }));
  return [...chosen, ...others];
}

function built(peer) {
  return { ...peer, dist: dist.href, profile: options.profile };
}
