/** A lock on a file that one process reads, changes and writes again. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { Failure } from "../cli-error.ts";
import { systemCode } from "../net/reason.ts";
import { writeFailure } from "../write-failure.ts";

/**
 * Runs `change` while no other process changes the file in this way. The lock is a file next to it, with the id of the process.
 * @throws Failure if another process has the lock, or if the folder cannot be written
 */
export async function whileLocked<T>(path: string, change: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  if (!take(lock)) {
    if (isRunning(ownerOf(lock)))
      throw new Failure(
        `${path} is locked by another process`,
        `try again; if no such process runs, remove ${lock}`,
      );
    rmSync(lock, { force: true }); // its process was killed
    if (!take(lock)) throw new Failure(`${path} is locked by another process`, "try again");
  }
  try {
    return await change();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Returns false if the file exists. */
function take(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (cause) {
    if (systemCode(cause, (code) => code === "EEXIST") === undefined) throw writeFailure(lock, cause);
    return false;
  }
}

/** Returns the id in a lock, or undefined for a lock that is removed or written at this moment. */
function ownerOf(lock: string): number | undefined {
  try {
    return Number(readFileSync(lock, "utf8")) || undefined;
  } catch {
    return undefined;
  }
}

function isRunning(id: number | undefined): boolean {
  if (id === undefined) return true;
  try {
    process.kill(id, 0); // sends no signal
    return true;
  } catch (error) {
    return systemCode(error, (code) => code === "ESRCH") === undefined;
  }
}
