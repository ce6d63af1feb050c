/** Garbage collection on request, and the memory that is in use after it. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

/** Frees all memory that nothing refers to. */
export const collect = runInNewContext("gc");

/** Returns the bytes of live values and buffers. */
export function liveBytes() {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
