/** Reads and writes PEM files. Only the owner can read a file with a private key. No file is overwritten without `--force`. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { messageOf } from "../../core/errors/to-error.ts";
import { PrivateCertificate } from "../../node/index.ts";
import { Failure, UsageError } from "../cli-error.ts";

/** Environment variable with the passphrase of encrypted keys. A command-line option would show it to other users. */
const PASSPHRASE = "AMPWIRE_PASSPHRASE";

/** Returns the bytes of a file. @throws UsageError */
export function readFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UsageError(`cannot read ${path}: ${messageOf(cause)}`, undefined, { cause });
  }
}

/** @param flag the option whose key the passphrase decrypts, for the help */
export function passphraseFlag(flag: string) {
  return {
    type: "string",
    value: "FILE",
    help: `read the passphrase of ${flag} from a file (default: $${PASSPHRASE})`,
  } as const;
}

/**
 * Reads a certificate with its private key.
 * @throws InvalidCertificate; UsageError for an unreadable file or a missing passphrase
 */
export function readPrivateCertificate(path: string, passphraseFile: string | undefined): PrivateCertificate {
  const pem = readFile(path);
  const passphrase =
    passphraseFile === undefined
      ? process.env[PASSPHRASE]
      : Buffer.from(readFile(passphraseFile))
          .toString("utf8")
          .replace(/\r?\n$/, ""); // editors add a line break
  if (passphrase === undefined && Buffer.from(pem).includes("ENCRYPTED"))
    throw new UsageError(
      `${path}: the private key is encrypted`,
      `use --passphrase-file FILE, or set ${PASSPHRASE}`,
    );
  return PrivateCertificate.loadPEM(pem, pem, { passphrase });
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

/**
 * @param missing the default
 * @throws UsageError
 */
export function daysOf(flags: { readonly days?: string }, missing = "365"): number {
  const { days = missing } = flags;
  const number = Number(days);
  if (!(number > 0 && number < 36_525))
    throw new UsageError(`--days ${JSON.stringify(days)} must be more than 0 and less than 36525`);
  return number;
}
