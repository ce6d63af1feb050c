/** Describes the certificates and keys in a PEM file. */
import { createPrivateKey, type KeyObject } from "node:crypto";
import { messageOf } from "../../core/errors/to-error.ts";
import { type PEMBlock, pemBlocks } from "../../node/certificates/pem.ts";
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

export type Described =
  | DescribedCertificate
  | DescribedKey
  | { readonly kind: "other"; readonly label: string };

/** @throws Failure if the file contains no PEM block, or a malformed certificate or key */
export function describePEM(pem: Uint8Array, file: string): Described[] {
  const blocks = blocksOf(pem, file).map(({ label, text }) => ({ label, block: text }));
  const certificates = blocks
    .filter(({ label }) => label === "CERTIFICATE")
    .map(({ block }) => certificateOf(block, file));
  let next = 0;
  return blocks.map(({ block, label }): Described => {
    const certificate = label === "CERTIFICATE" ? certificates[next++] : undefined;
    if (certificate !== undefined) return describeCertificate(certificate);
    return label.endsWith("PRIVATE KEY") ? describeKey(block, certificates, file) : { kind: "other", label };
  });
}

function blocksOf(pem: Uint8Array, file: string): PEMBlock[] {
  try {
    return pemBlocks(pem, file, "CERTIFICATE");
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
  const now = new Date();
  return {
    kind: "certificate",
    subject,
    issuer: issuer === subject ? "itself" : issuer,
    authority: x509.ca,
    names: subjectAltNames,
    validFrom: validFrom.toISOString(),
    validTo: validTo.toISOString(),
    valid: now < validFrom ? "not yet" : now > validTo ? "expired" : "now",
    fingerprint,
    publicKey: keyText(x509.publicKey),
  };
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
