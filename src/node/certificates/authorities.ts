/** The sets of CAs that have a name: those that Node trusts, and those of the operating system. */
import { readFileSync } from "node:fs";
import * as tls from "node:tls";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import type { NamedAuthorities } from "../../core/transport.ts";
import { Certificate } from "./certificate.ts";

/** Files with the CAs of the system: Debian and Alpine, Fedora, openSUSE, FreeBSD and macOS. */
const FILES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

const kept = new Map<NamedAuthorities, readonly Certificate[]>();

/**
 * Returns the CAs with a name, read once for the life of the process.
 * @throws InvalidCertificate if the system's CAs cannot be found
 */
export function namedAuthorities(name: NamedAuthorities): readonly Certificate[] {
  let found = kept.get(name);
  if (found === undefined) {
    found = name === "public" ? publicAuthorities() : systemAuthorities();
    kept.set(name, found);
  }
  return found;
}

/** `getCACertificates` exists since Node 22.15. */
const { getCACertificates } = tls as { getCACertificates?: (type?: "system") => string[] };

/** Returns the CAs that Node trusts, including `NODE_EXTRA_CA_CERTS` and CAs of the system if this Node lists them. */
function publicAuthorities(): Certificate[] {
  return (getCACertificates?.() ?? [...tls.rootCertificates]).map((pem) => Certificate.loadPEM(pem));
}

function systemAuthorities(): Certificate[] {
  const chosen = process.env.SSL_CERT_FILE; // OpenSSL and other tools use it too
  const listed = chosen === undefined ? (getCACertificates?.("system") ?? []) : [];
  if (listed.length > 0) return listed.map((pem) => Certificate.loadPEM(pem));
  for (const file of chosen === undefined ? FILES : [chosen]) {
    const bundle = read(file);
    if (bundle !== undefined) return Certificate.loadBundle(bundle);
  }
  throw new InvalidCertificate(
    `verifyAuthorities "system": no CAs of the system were found (looked for ${chosen ?? FILES.join(", ")}); set SSL_CERT_FILE`,
  );
}

function read(file: string): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined; // another file of the list may exist
  }
}
