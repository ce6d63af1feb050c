/** PEM files: written so that keys are for their owner alone, and nothing is overwritten unasked. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { messageOf } from "../../core/errors/to-error.ts";
import { Failure, UsageError } from "../cli-error.ts";

export function readPEM(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new UsageError(`cannot read ${path}: ${messageOf(cause)}`, undefined, { cause });
  }
}

/** @param secret there is a private key in it */
export function writePEM(
  path: string,
  pem: string,
  { secret, force }: { secret: boolean; force: boolean },
): void {
  const mode = secret ? 0o600 : 0o644;
  try {
    if (force && existsSync(path)) chmodSync(path, mode); // others may read it, and `mode` below is for new files
    writeFileSync(path, pem, { mode, flag: force ? "w" : "wx" });
  } catch (cause) {
    const exists = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    if (exists) throw new Failure(`${path} is there already`, "--force writes over it", { cause });
    throw new Failure(`cannot write ${path}: ${messageOf(cause)}`, undefined, { cause });
  }
}

export const fileFlags = {
  days: { type: "string", value: "DAYS", help: "how long it lasts, from now (default 365)" },
  force: { type: "boolean", help: "write over files that are there" },
} as const;

/** @throws Misuse */
export function daysOf({ days = "365" }: { readonly days?: string }): number {
  const number = Number(days);
  if (!(number > 0 && number < 36_525))
    throw new UsageError(`--days ${days}: a number of days, up to a century`);
  return number;
}
