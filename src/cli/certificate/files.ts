/** Reads and writes PEM files. Only the owner can read a file with a private key. No file is overwritten without `--force`. */
import {
  chmodSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import { checkCommonName, checkHostName } from "../../node/certificates/generate.ts";
import { revocationLists } from "../../node/certificates/revocation.ts";
import { Certificate, PrivateCertificate } from "../../node/index.ts";
import { Failure, UsageError } from "../cli-error.ts";
import { systemCode } from "../net/reason.ts";
import { readFailure } from "../read-failure.ts";
import { writeFailure } from "../write-failure.ts";

/** Environment variable with the passphrase of encrypted keys. A command-line option would show it to other users. */
const PASSPHRASE = "AMPWIRE_PASSPHRASE";

/** The first lines of encrypted keys: in PKCS #8, and in the older form of OpenSSL. */
const ENCRYPTED_KEY = /^(?:-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED)/m;

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
  if (passphrase === undefined && ENCRYPTED_KEY.test(Buffer.from(pem).toString("latin1")))
    throw new UsageError(
      `${path}: the private key is encrypted`,
      `use --passphrase-file FILE, or set ${PASSPHRASE}`,
    );
  return inFile(path, () => PrivateCertificate.loadPEM(pem, pem, { passphrase }));
}

/** Checks the values of `--common-name` and `--host`. @throws UsageError */
export function checkSubject(commonName: string, hosts: readonly string[] = []): void {
  checked(() => checkCommonName(commonName), "--common-name TEXT sets it");
  for (const host of hosts)
    checked(() => checkHostName(host), "--host takes a name or an IP address, without scheme and port");
}

/** @throws UsageError with the hint in place of InvalidCertificate */
function checked(check: () => unknown, hint: string): void {
  try {
    check();
  } catch (cause) {
    if (!(cause instanceof InvalidCertificate)) throw cause;
    const message = cause.message.replace("commonName", "the common name");
    throw new UsageError(message, hint, { cause, code: cause.code });
  }
}

/** Runs `sign` with a CA whose options were checked. @throws Failure in place of InvalidCertificate */
export async function signedBy<T>(sign: () => Promise<T>): Promise<T> {
  try {
    return await sign();
  } catch (cause) {
    if (!(cause instanceof InvalidCertificate)) throw cause;
    const hint = "--authority FILE names a CA with its private key";
    throw new Failure(cause.message, hint, { cause, code: cause.code });
  }
}

/** Checks the operand NAME: with an ending, it is the path of a file. @throws UsageError */
export function checkName(name: string): void {
  if (/^$|[/\\]$/.test(name))
    throw new UsageError(`${JSON.stringify(name)} is not the name of a file`, "NAME.pem is written");
}

/** A PEM file to be written. */
export interface PEMFile {
  readonly path: string;
  readonly pem: string;
  /** True if the PEM contains a private key. */
  readonly secret: boolean;
}

/** Writes files, or none of them if one exists already and `force` is false. @throws Failure */
export function writePEMFiles(files: readonly PEMFile[], force: boolean): void {
  if (!force) for (const { path } of files) if (existsSync(path)) throw alreadyExists(path);
  for (const file of files) writePEM(file, force);
}

function writePEM({ path, pem, secret }: PEMFile, force: boolean): void {
  const mode = secret ? 0o600 : 0o644;
  try {
    if (force && isFile(path)) replaceFile(path, pem, mode);
    else writeFileSync(path, pem, { mode, flag: force ? "w" : "wx" });
  } catch (cause) {
    const exists = systemCode(cause, (code) => code === "EEXIST") !== undefined;
    throw exists ? alreadyExists(path, cause) : writeFailure(path, cause);
  }
}

/** False for a folder and for a device, which have no content to replace. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/**
 * Replaces a file in one step. If the disk is full or the process ends, the file keeps its content, and a server that reads the
 * file meanwhile never finds a part of it. The mode is that of a new file.
 */
function replaceFile(path: string, content: string, mode: number): void {
  const target = realpathSync(path); // a symbolic link stays one
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, content, { mode, flag: "wx" });
    chmodSync(temporary, mode); // whatever the umask of this process
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (systemCode(error, (code) => CANNOT_RENAME.has(code)) === undefined) throw error;
    chmodSync(path, mode); // `mode` of writeFileSync applies to new files only
    writeFileSync(path, content);
  }
}

/** Errors for a file that can be written although its folder cannot, for example the mount point of a container. */
const CANNOT_RENAME = new Set(["EACCES", "EPERM", "EROFS", "EBUSY", "EXDEV"]);

function alreadyExists(path: string, cause?: unknown): Failure {
  return new Failure(`${path} already exists`, "--force overwrites it", { cause });
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
