/** Open file descriptors of this process. */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, writeSync } from "node:fs";
import { onTestFinished } from "vitest";
import { libc } from "../../src/node/descriptors/libc.ts";
import { unixPlace } from "./unix-place.ts";

/** Returns descriptors of this process for the file at a path. Needs Linux. */
function openDescriptors(path: string): number[] {
  return readdirSync("/proc/self/fd")
    .filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path;
      } catch {
        return false; // the descriptor that the folder was read with
      }
    })
    .map(Number);
}

/** A file that a test passes around. */
export interface SharedFile {
  readonly path: string;
  readonly fd: number;
  /** Returns descriptors of this process for the file, including `fd`. */
  readonly open: () => number[];
  readonly text: () => string;
}

export function sharedFile(): SharedFile {
  const path = `${unixPlace()}.txt`;
  const fd = openSync(path, "a+");
  onTestFinished(() => closeSync(fd));
  return { path, fd, open: () => openDescriptors(path), text: () => readFileSync(path, "utf8") };
}

/** Closes received descriptors. Tests run in worker threads, where `closeSync` of Node warns about them. */
export function closeReceived(fd: number): void {
  if (libc().close(fd) !== 0) throw libc().lastError("close");
}

/** Writes through a received descriptor, and closes it. */
export function writeAndClose(fd: number, text: string): void {
  writeSync(fd, text);
  closeReceived(fd);
}
