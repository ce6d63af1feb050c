/** Reads and writes PEM files. Only the owner can read a file with a private key. No file is overwritten without `--force`. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import { revocationLists } from "../../node/certificates/revocation.ts";
import { Certificate, PrivateCertificate } from "../../node/index.ts";
import { Failure, UsageError } from "../cli-error.ts";
import { readFailure } from "../read-failure.ts";
import { writeFailure } from "../write-failure.ts";

/** Environment variable with the passphrase of encrypted keys. A command-line option would show it to other users. */
const PASSPHRASE = "AMPWIRE_PASSPHRASE";

/** Returns the bytes of a file. @throws UsageError */
export function readFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw readFailure(path, cause);
  }
}

/**
 * Runs `read`, and adds the path to the message of an InvalidCertificate.
 * @throws Failure in place of InvalidCertificate
 */
function inFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof InvalidCertificate)) throw cause;
    const hint = `ampwire certificate show ${path} describes the file`;
    throw new Failure(`${path}: ${cause.message}`, hint, { cause, code: cause.code });
  }
}

/** @throws Failure if the file contains no certificate; UsageError for an unreadable file */
export function readBundle(path: string): [Certificate, ...Certificate[]] {
  const pem = readFile(path);
  return inFile(path, () => Certificate.loadBundle(pem));
}

/** @throws Failure if the file is not a revocation list; UsageError for an unreadable file */
export function readRevocationList(path: string): Uint8Array {
  const list = readFile(path);
  inFile(path, () => revocationLists(list));
  return list;
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
 * @throws Failure for an invalid certificate or key; UsageError for an unreadable file or a missing passphrase
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
  return inFile(path, () => PrivateCertificate.loadPEM(pem, pem, { passphrase }));
}

/**
 * Runs `make`, and names the option for an invalid common name, host name or CA.
 * @throws UsageError, Failure
 */
export async function generated<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (cause) {
    if (!(cause instanceof InvalidCertificate)) throw cause;
    const { message, code } = cause;
    if (message.startsWith("commonName"))
      throw new UsageError(message.replace("commonName", "the common name"), "--common-name TEXT sets it", {
        cause,
        code,
      });
    if (message.includes("host name"))
      throw new UsageError(message, "--host takes a name or an IP address, without scheme and port", {
        cause,
        code,
      });
    throw new Failure(message, "--authority FILE names a CA with its private key", { cause, code });
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
    throw writeFailure(path, cause);
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
