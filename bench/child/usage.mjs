/** CPU time and memory of this process. */

/** Returns the microseconds of CPU time, user and system, since the process began. */
export function usage() {
  return process.cpuUsage();
}

/** Resolves with bytes after a full collection: `held` by V8 and its external memory, and `resident` for the system. */
export async function memory() {
  // Twice, with a pause: memory that a finalizer releases is only found by the next collection.
  for (let pass = 0; pass < 2; pass++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { held: heapUsed + external, resident: rss };
}
