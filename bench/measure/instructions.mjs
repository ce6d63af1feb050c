/**
 * Counts the instructions of a call at each end, by function, with valgrind and without a socket. The counts differ less
 * from run to run than times, so that a change of 1 % is visible. See README.md for their limits.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../child/one-end.mjs", import.meta.url));
/** Numbers of calls of two runs. Only their difference is counted, because all code is optimised by then. */
const CALLS = [200_000, 400_000];
/** One thread and one seed, so that V8 compiles at the same moment in every run. */
const FLAGS = ["--single-threaded", "--random-seed=1"];

export function canCount() {
  return spawnSync("valgrind", ["--version"]).status === 0;
}

/** @returns for each role the instructions of a call: their sum `all`, and `functions` in descending order */
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

/** Runs the program once and returns a Map of function names to instructions. */
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
    map = `/tmp/perf-${child.pid}.map`; // V8 chooses this path.
    const [code] = await once(child, "exit");
    if (code !== 0) throw new Error(`valgrind ended with ${code}`);
    return summed(readFileSync(out, "utf8"), namesIn(readFileSync(map, "utf8")));
  } finally {
    if (map !== undefined) rmSync(map, { force: true });
    rmSync(directory, { recursive: true });
  }
}

/** Returns the sum of callgrind's costs for each function, over all its positions. */
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
      called = true; // The next line is the cost of the called function, which has its own lines too.
    } else if (/^[+\-*\d]/.test(line)) {
      if (!called) counts.set(name, (counts.get(name) ?? 0) + Number(line.split(" ").at(-1)));
      called = false;
    }
  }
  return counts;
}

/** Returns a function that names addresses in compiled code, from the map that V8 has written. */
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
    if (found === undefined || Number(address) >= found.start + found.size) return "unnamed code";
    return found.name.replace(/^JS:[~^*]?/, "").replace(/file:\S*\/dist\//, "");
  };
}
