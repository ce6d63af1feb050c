/** Placement of processes on cores. */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

export const PLACEMENTS = {
  one: "client and server on one core",
  each: "client and server on a core each",
  free: "client and server not pinned",
};

/** Returns the cores of a placement, or undefined if processes are not pinned. */
export function coresOf(placement, core) {
  if (placement === "free" || !canPin()) return undefined;
  if (placement === "one") return { server: core, client: core };
  return { server: core, client: (core + 1) % availableParallelism() };
}

export function canPin() {
  return spawnSync("taskset", ["-c", "0", "true"]).status === 0;
}
