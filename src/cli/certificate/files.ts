/** Reads and writes PEM files. Only the owner can read a file with a private key. No file is overwritten without `--force`. */
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

/** @param secret true if the PEM contains a private key */
export function writePEM(
  path: string,
  pem: string,
  { secret, force }: { secret: boolean; force: boolean },
): void {
  const mode = secret ? 0o600 : 0o644;
  try {
    if (force && existsSync(path)) chmodSync(path, mode); // `mode` of writeFileSync applies to new files only
    writeFileSync(path, pem, { mode, flag: force ? "w" : "wx" });
  } catch (cause) {
    const exists = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    if (exists) throw new Failure(`${path} already exists`, "--force overwrites it", { cause });
    throw new Failure(`cannot write ${path}: ${messageOf(cause)}`, undefined, { cause });
  }
}

export const fileFlags = {
  days: { type: "string", value: "DAYS", help: "set the validity from now, in days (default 365)" },
  force: { type: "boolean", help: "overwrite existing files" },
} as const;

/** @throws UsageError */
export function daysOf({ days = "365" }: { readonly days?: string }): number {
  const number = Number(days);
  if (!(number > 0 && number < 36_525))
    throw new UsageError(`--days ${JSON.stringify(days)} must be more than 0 and less than 36525`);
  return number;
}
