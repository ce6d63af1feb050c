/** What is in use, after what is not has been collected. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Bytes of JavaScript's own values. */
export function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** Bytes outside the heap: where what was received lies. */
export async function heldBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5)); // they are given back by another thread
  }
  return process.memoryUsage().arrayBuffers;
}
