/** What a process can say of itself: its memory, and how long its event loop stood still. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();

/** Live bytes of heap and buffers, in MB: after a collection, so that two figures can be compared. */
export function memoryMB() {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  const live = Math.round((heapUsed + external) / 1e6);
  delay.reset(); // the collection is ours, not the library's
  return live;
}

/** The longest stall since the last time, in milliseconds. */
export function longestStall() {
  const longest = Math.max(0, Math.round(delay.max / 1e6) - 10);
  delay.reset();
  return Number.isFinite(longest) ? longest : 0;
}
