/** What a process has used up. */

/** Microseconds of CPU, user and system, since the process began. */
export function usage() {
  return process.cpuUsage();
}

/** Bytes after a full collection: what V8 holds and accounts for, and what the system sees. */
export async function memory() {
  // Twice, with a pause: what a finalizer lets go is only seen by the next collection.
  for (let pass = 0; pass < 2; pass++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { held: heapUsed + external, resident: rss };
}
