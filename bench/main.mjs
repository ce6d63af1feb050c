/** `npm run bench`: measures ampwire, its peers and the floors of the runtime side by side. See README.md. */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureTwisted, python } from "../scripts/setup.mjs";
import { measureGrowth } from "./measure/growth.mjs";
import { canCount, countInstructions } from "./measure/instructions.mjs";
import { measure } from "./measure/measure.mjs";
import { canPin, coresOf, PLACEMENTS } from "./measure/placement.mjs";
import { PEERS } from "./peers/index.mjs";
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
import { makeCertificate, prepare } from "./setup/prepare.mjs";
import { GROWTH } from "./workloads/growth.mjs";
import { WORKLOADS } from "./workloads/index.mjs";

const options = readOptions(process.argv.slice(2));
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const onlyTargets = options.quick || options.check;
const dist = options.dist === undefined ? new URL("../dist/", import.meta.url) : directory(options.dist);
prepare({ build: options.dist === undefined });
if (options.instructions) await instructions();
const tls = await makeCertificate(dist);
const peers = chosenPeers().filter(({ id }) => id !== "twisted" || ensureTwisted("comparisons with it"));
const workloads = WORKLOADS.filter(({ id }) => options.only?.includes(id) ?? wantedByDefault(id));
const placements = options.placement === "both" ? ["one", "each"] : [options.placement];

console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "an unknown core"}`);
if (!canPin()) console.log("There is no taskset here: processes are not pinned, and figures scatter more.");

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

async function instructions() {
  if (!canCount()) {
    console.error("There is no valgrind here.");
    process.exit(2);
  }
  console.log(aligned(instructionRows(await countInstructions(dist.href))));
  process.exit(0);
}

async function sideBySide(placement) {
  const measured = new Map();
  for (const work of workloads) measured.set(work.id, await measureAndPrint(work, placement));
  // The targets are for one core, where they measure the cost of a call; so is the page.
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
  const theirs = peers.filter(({ id, like = id }) => work.peers.includes(like));
  const results = await measure(work, {
    ...options,
    passes,
    peers: onlyTargets && options.peers === undefined ? needed(work, theirs) : theirs,
    tls,
    cores: coresOf(placement, options.core),
  });
  console.log(`\n${work.title}\n${aligned(rowsOf(work, results))}`);
  for (const { peer, samples, bytes } of results) {
    const figures = samples.length === 0 ? {} : figuresOf({ samples, bytes });
    raw.push({ placement, work: work.id, peer: peer.id, figures, samples });
  }
  return results;
}

/**
 * A target that is missed is measured once more before it counts, with twice as many processes: others use this machine
 * too, and from one process to the next a rate may differ by a tenth and more.
 */
async function check(measured, placement) {
  let found = verdicts(measured);
  const again = new Set(found.filter(({ met }) => !met).map(({ work }) => work));
  if (again.size > 0) {
    console.log("\nMissed at first, and measured again:");
    for (const work of workloads.filter(({ id }) => again.has(id))) {
      measured.set(work.id, await measureAndPrint(work, placement, 2 * options.passes));
    }
    found = verdicts(measured);
  }
  console.log(`\n${aligned(verdictRows(found))}`);
  // Where Twisted was wanted and is not there, some targets were held against nobody.
  const all = options.peers !== undefined || peers.some(({ id }) => id === "twisted");
  return all && found.length > 0 && found.every(({ met }) => met);
}

/** A quick run, and a check, leave out what has no target. */
function wantedByDefault(id) {
  return !onlyTargets || TARGETS.some(({ work }) => work === id);
}

/** For a quick run or a check: ampwire and whom it is compared with. */
function needed(work, theirs) {
  const ids = TARGETS.filter((target) => target.work === work.id).flatMap(({ peer, beside }) => [
    peer,
    beside,
  ]);
  return theirs.filter(({ id, like = id }) => like === "ampwire" || ids.includes(id));
}

function chosenPeers() {
  const chosen = PEERS.map(built).filter(({ id }) => options.peers?.includes(id) ?? true);
  if (options.against === undefined) return chosen;
  const other = directory(options.against);
  const others = chosen
    .filter(({ id }) => id.startsWith("ampwire"))
    .map((peer) => ({
      ...peer,
      id: `${peer.id}-against`,
      like: peer.id,
      title: `${peer.title}, the other build`,
      dist: other.href,
    }));
  return [...chosen, ...others];
}

function built(peer) {
  return { ...peer, dist: dist.href, profile: options.profile };
}

function directory(path) {
  return pathToFileURL(`${resolve(path)}/`);
}
