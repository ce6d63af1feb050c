/**
 * Counts instructions, with valgrind: what a call costs at each end, function by function, without a socket. Unlike
 * times they hardly differ from run to run, so that a change of a hundredth shows. They are not times: see README.md.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../child/one-end.mjs", import.meta.url));
/** What the longer run does more than the shorter is counted: by then the optimising compiler has seen it all. */
const CALLS = [200_000, 400_000];
/** One thread and one seed: else V8 compiles at another moment each time. */
const FLAGS = ["--single-threaded", "--random-seed=1"];

export function canCount() {
  return spawnSync("valgrind", ["--version"]).status === 0;
}

/** @returns for each role the instructions of a call: `all`, and by `functions`, the largest first */
export async function countInstructions(dist) {
  const counted = {};
  for (const role of ["server", "client"]) {
    const [few, many] = await Promise.all(CALLS.map((calls) => run(role, dist, calls)));
    const more = CALLS[1] - CALLS[0];
    const functions = [...many]
      .map(([name, count]) => ({ name, instructions: (count - (few.get(name) ?? 0)) / more }))
      .sort((a, b) => b.instructions - a.instructions);
    const all = functions.reduce((sum, { instructions }) => sum + instructions, 0);
    counted[role] = { all, functions };
  }
  return counted;
}

/** One run: names of functions to their instructions. */
async function run(role, dist, calls) {
  const directory = mkdtempSync(join(tmpdir(), "ampwire-bench-"));
  const out = join(directory, "callgrind.out");
  const valgrind = ["--tool=callgrind", `--callgrind-out-file=${out}`, "--smc-check=all-non-file"];
  const node = [process.execPath, ...FLAGS, "--perf-basic-prof"];
  let map;
  try {
    const child = spawn("valgrind", [...valgrind, ...node, program, role, dist, String(calls)], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.resume();
    map = `/tmp/perf-${child.pid}.map`; // where V8 writes it, and perf looks for it
    const [code] = await once(child, "exit");
    if (code !== 0) throw new Error(`valgrind ended with ${code}`);
    return summed(readFileSync(out, "utf8"), namesIn(readFileSync(map, "utf8")));
  } finally {
    if (map !== undefined) rmSync(map, { force: true });
    rmSync(directory, { recursive: true });
  }
}

/** Sums up what callgrind has counted for each function. Its positions are of no interest, only the costs. */
function summed(text, nameOf) {
  const names = new Map();
  const counts = new Map();
  let name = "";
  let called = false;
  for (const line of text.split("\n")) {
    const declared = /^(c?)fn=\((\d+)\)(?: (.*))?$/.exec(line);
    if (declared !== null) {
      const [, callee, id, given] = declared;
      if (given !== undefined) names.set(id, nameOf(given));
      if (!callee) name = names.get(id);
    } else if (line.startsWith("calls=")) {
      called = true; // the next line is what the called function cost, which it tells of itself
    } else if (/^[+\-*\d]/.test(line)) {
      if (!called) counts.set(name, (counts.get(name) ?? 0) + Number(line.split(" ").at(-1)));
      called = false;
    }
  }
  return counts;
}

/** Names for addresses in compiled code, from the map that V8 has written. */
function namesIn(map) {
  const codes = map
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [start, size, ...name] = line.split(" ");
      return { start: Number.parseInt(start, 16), size: Number.parseInt(size, 16), name: name.join(" ") };
    })
    .sort((a, b) => a.start - b.start);
  return (given) => {
    const address = /^0x[0-9a-f]+/.exec(given)?.[0];
    if (address === undefined) return given.replace(/'\d+$/, "");
    const found = codes.findLast(({ start }) => start <= Number(address));
    if (found === undefined || Number(address) >= found.start + found.size) return "code without a name";
    return found.name.replace(/^JS:[~^*]?/, "").replace(/file:\S*\/dist\//, "");
  };
}
