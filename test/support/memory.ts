/** Memory in use after a garbage collection. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Bytes of JavaScript values. */
export function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** Bytes outside the heap, which hold received data. */
export async function heldBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5)); // another thread frees the memory
  }
  return process.memoryUsage().arrayBuffers;
}
