/** What a process can say of itself: its memory, and how long its event loop stood still for its own work. */
import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Milliseconds between two looks. */
const LOOK = 10;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");
let longest = 0;
let last = now();

setInterval(() => {
  const at = now();
  // What others took of a busy machine is not ours: of the time that passed, what we worked.
  longest = Math.max(longest, Math.min(at.wall - last.wall - LOOK, at.worked - last.worked));
  last = at;
}, LOOK).unref();

function now() {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now(), worked: (user + system) / 1000 };
}

/** Live bytes of heap and buffers, in MB: after a collection, so that two figures can be compared. */
export function memoryMB() {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  last = now(); // the collection is ours, not the library's
  return Math.round((heapUsed + external) / 1e6);
}

/** The longest stall since the last time, in milliseconds. */
export function longestStall() {
  const stall = Math.max(0, Math.round(longest));
  longest = 0;
  last = now();
  return stall;
}
