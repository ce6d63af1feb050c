/** PEM files: written so that keys are for their owner alone, and nothing is overwritten unasked. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { reasonOf } from "../../core/errors/thrown.ts";
import { Failure, Misuse } from "../complaint.ts";

export function readPEM(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new Misuse(`cannot read ${path}: ${reasonOf(cause)}`, undefined, { cause });
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
    throw new Failure(`cannot write ${path}: ${reasonOf(cause)}`, undefined, { cause });
  }
}

export const fileFlags = {
  days: { type: "string", value: "DAYS", help: "how long it lasts, from now (default 365)" },
  force: { type: "boolean", help: "write over files that are there" },
} as const;

/** @throws Misuse */
export function daysOf({ days = "365" }: { readonly days?: string }): number {
  const number = Number(days);
  if (!(number > 0 && number < 36_525)) throw new Misuse(`--days ${days}: a number of days, up to a century`);
  return number;
}
