/** Describes the certificates and keys in a PEM file. */
import { createPrivateKey, type KeyObject } from "node:crypto";
import { messageOf } from "../../core/errors/to-error.ts";
import { isDER, type PEMBlock, pemBlocks } from "../../node/certificates/pem.ts";
import { CRL_LABEL, revocationLists } from "../../node/certificates/revocation.ts";
import { loadX509 } from "../../node/certificates/x509-library.ts";
import { Certificate } from "../../node/index.ts";
import { Failure } from "../cli-error.ts";

interface DescribedCertificate {
  readonly kind: "certificate";
  readonly subject: string;
  readonly issuer: string;
  readonly authority: boolean;
  readonly names: readonly string[];
  readonly validFrom: string;
  readonly validTo: string;
  readonly valid: "now" | "not yet" | "expired";
  readonly fingerprint: string;
  readonly publicKey: string;
}

interface DescribedKey {
  readonly kind: "private key";
  readonly key: string;
  readonly encrypted: boolean;
  /** Subject of the certificate in the same file that has this key. */
  readonly belongsTo?: string | undefined;
}

interface DescribedList {
  readonly kind: "revocation list";
  readonly issuer: string;
  readonly validFrom: string;
  /** Absent for a list that never expires. */
  readonly validTo?: string | undefined;
  readonly valid: "now" | "not yet" | "expired";
  /** Number of revoked certificates. */
  readonly revoked: number;
}

export type Described =
  | DescribedCertificate
  | DescribedKey
  | DescribedList
  | { readonly kind: "other"; readonly label: string };

/** @throws Failure if the file contains no PEM block, or a malformed certificate or key */
export async function describePEM(pem: Uint8Array, file: string): Promise<Described[]> {
  const blocks = blocksOf(pem, file).map(({ label, text }) => ({ label, block: text }));
  const certificates = blocks
    .filter(({ label }) => label === "CERTIFICATE")
    .map(({ block }) => certificateOf(block, file));
  const found: Described[] = [];
  let next = 0;
  for (const { block, label } of blocks) {
    const certificate = label === "CERTIFICATE" ? certificates[next++] : undefined;
    if (certificate !== undefined) found.push(describeCertificate(certificate));
    else if (label.endsWith("PRIVATE KEY")) found.push(describeKey(block, certificates, file));
    else if (label === CRL_LABEL) found.push(await describeList(block, file));
    else found.push({ kind: "other", label });
  }
  return found;
}

/** A DER file does not name its content. */
function isDERList(pem: Uint8Array): boolean {
  if (!isDER(pem)) return false;
  try {
    revocationLists(pem);
    return true;
  } catch {
    return false;
  }
}

function blocksOf(pem: Uint8Array, file: string): PEMBlock[] {
  try {
    return pemBlocks(pem, file, isDERList(pem) ? CRL_LABEL : "CERTIFICATE");
  } catch (cause) {
    const reason = messageOf(cause).replace(`${file}: `, "");
    throw new Failure(`${file} contains no PEM block`, reason, { cause });
  }
}

function certificateOf(block: string, file: string): Certificate {
  try {
    return Certificate.loadPEM(block);
  } catch (cause) {
    throw new Failure(`${file} contains a malformed certificate`, messageOf(cause), { cause });
  }
}

function describeCertificate(certificate: Certificate): DescribedCertificate {
  const { subject, issuer, subjectAltNames, validFrom, validTo, fingerprint, x509 } = certificate;
  return {
    kind: "certificate",
    subject,
    issuer: issuer === subject ? "itself" : issuer,
    authority: x509.ca,
    names: subjectAltNames,
    validFrom: validFrom.toISOString(),
    validTo: validTo.toISOString(),
    valid: validityOf(validFrom, validTo),
    fingerprint,
    publicKey: keyText(x509.publicKey),
  };
}

function validityOf(from: Date, to: Date | undefined): "now" | "not yet" | "expired" {
  const now = new Date();
  if (now < from) return "not yet";
  return to !== undefined && now > to ? "expired" : "now";
}

async function describeList(block: string, file: string): Promise<DescribedList> {
  const { X509Crl } = await loadX509();
  try {
    const { issuer, thisUpdate, nextUpdate, entries } = new X509Crl(block);
    return {
      kind: "revocation list",
      issuer,
      validFrom: thisUpdate.toISOString(),
      validTo: nextUpdate?.toISOString(),
      valid: validityOf(thisUpdate, nextUpdate),
      revoked: entries.length,
    };
  } catch (cause) {
    throw new Failure(`${file} contains a malformed revocation list`, messageOf(cause), { cause });
  }
}

function describeKey(block: string, certificates: readonly Certificate[], file: string): DescribedKey {
  const encrypted = /ENCRYPTED/.test(block);
  if (encrypted) return { kind: "private key", key: "encrypted", encrypted };
  try {
    const key = createPrivateKey(block);
    const owner = certificates.find(({ x509 }) => x509.checkPrivateKey(key));
    return { kind: "private key", key: keyText(key), encrypted, belongsTo: owner?.subject };
  } catch (cause) {
    throw new Failure(`${file} contains a malformed private key`, messageOf(cause), { cause });
  }
}

function keyText({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): string {
  const { namedCurve, modulusLength } = asymmetricKeyDetails;
  return [asymmetricKeyType?.toUpperCase(), namedCurve, modulusLength && `${modulusLength} bits`]
    .filter(Boolean)
    .join(" ");
}
