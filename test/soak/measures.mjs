/** Measures of a process: its live memory, its CPU time, and the longest stall of its event loop through its own work. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Milliseconds between two samples. */
const SAMPLE_MS = 10;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");
let longest = 0;
let last = now();

setInterval(() => {
  const at = now();
  // On a busy machine other processes delay the timer too. So a stall is at most the CPU time of this event loop.
  longest = Math.max(longest, Math.min(at.wall - last.wall - SAMPLE_MS, at.worked - last.worked));
  last = at;
}, SAMPLE_MS).unref();

/**
 * Returns the CPU time in milliseconds of the main thread of a process, on which its event loop runs. Linux counts it; on
 * other systems it is that of all threads, and known for this process only.
 */
export function cpuTime(pid = process.pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ", 1)[0]) / 1e6;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }
}

function now() {
  return { wall: performance.now(), worked: cpuTime() };
}

/** Returns the live bytes of heap and buffers in MB, after a collection so that two figures can be compared. */
export function memoryMB() {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  last = now(); // the time of the collection is not the library's
  return Math.round((heapUsed + external) / 1e6);
}

/** Returns the longest stall since the last call, in milliseconds. */
export function longestStall() {
  const stall = Math.max(0, Math.round(longest));
  longest = 0;
  last = now();
  return stall;
}

/**
 * Lets the server and the honest clients run before other processes of the machine, if the system permits it. Otherwise the
 * figures of a busy machine are those of its scheduler. Linux has a priority for each thread: the event loop waits for the
 * threads that collect garbage.
 */
export function preferProcess() {
  try {
    for (const thread of threads()) setPriority(thread, constants.priority.PRIORITY_HIGHEST);
    // Linux divides the time among sessions first, and the priority of a process counts in its session only.
    writeFileSync("/proc/self/autogroup", String(constants.priority.PRIORITY_HIGHEST));
  } catch {
    // Only a privileged user may do this, and other systems have no such file.
  }
}

/** Returns the numbers of the threads of this process; on other systems than Linux, of the process. */
function threads() {
  try {
    return readdirSync("/proc/self/task").map(Number);
  } catch {
    return [process.pid];
  }
}

/** Returns the value below which `share` of the values are. */
export function percentile(values, share) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
