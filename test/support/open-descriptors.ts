/** What this process has open. */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, writeSync } from "node:fs";
import { onTestFinished } from "vitest";
import { libc } from "../../src/node/descriptors/libc.ts";
import { unixPlace } from "./unix-place.ts";

/** Descriptors of this process for the file of a path. Needs Linux. */
function openDescriptors(path: string): number[] {
  return readdirSync("/proc/self/fd")
    .filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path;
      } catch {
        return false; // the one that the folder was read with
      }
    })
    .map(Number);
}

/** A file that a test hands around. */
export interface SharedFile {
  readonly path: string;
  readonly fd: number;
  /** Descriptors of this process for it, `fd` among them. */
  readonly open: () => number[];
  readonly text: () => string;
}

export function sharedFile(): SharedFile {
  const path = `${unixPlace()}.txt`;
  const fd = openSync(path, "a+");
  onTestFinished(() => closeSync(fd));
  return { path, fd, open: () => openDescriptors(path), text: () => readFileSync(path, "utf8") };
}

/** Closes what was received: tests run in worker threads, where Node's own close warns of it. */
export function closeReceived(fd: number): void {
  if (libc().close(fd) !== 0) throw libc().lastError("close");
}

/** Writes through a descriptor that was received, and closes it. */
export function writeAndClose(fd: number, text: string): void {
  writeSync(fd, text);
  closeReceived(fd);
}
