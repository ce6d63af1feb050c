/** TLS options of a Twisted peer, and the files for them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Certificate } from "ampwire/node";
import { PrivateCertificate } from "ampwire/node";
import { afterAll } from "vitest";

export interface TLSSide {
  readonly certificate?: PrivateCertificate;
  readonly authorities?: readonly Certificate[];
  /** Answer StartTLS with an error. */
  readonly refuse?: boolean;
  /** TLS versions: `1.0` to `1.3`. */
  readonly oldest?: string;
  readonly newest?: string;
}

let folder: string | undefined;
let count = 0;

/** Returns a path for this test file alone. It is removed afterwards. */
export function scratchPath(name: string): string {
  folder ??= mkdtempSync(join(tmpdir(), "ampwire-interop-"));
  return join(folder, name);
}

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
});

/** Writes a PEM file with these certificates, and with the keys of those that have one. */
export function certificateFile(certificates: readonly Certificate[]): string {
  const path = scratchPath(`${++count}.pem`);
  const texts = certificates.map((one) =>
    one instanceof PrivateCertificate ? one.toPEMWithKey() : one.toPEM(),
  );
  writeFileSync(path, texts.join(""), { mode: 0o600 });
  return path;
}
