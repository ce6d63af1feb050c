/** Measures of the own process: its live memory, and the longest stall of its event loop through its own work. */
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
  // On a busy machine other processes delay the timer too, so a stall is at most the CPU time of this process.
  longest = Math.max(longest, Math.min(at.wall - last.wall - SAMPLE_MS, at.worked - last.worked));
  last = at;
}, SAMPLE_MS).unref();

function now() {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now(), worked: (user + system) / 1000 };
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
