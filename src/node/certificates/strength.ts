/** Keys and signatures that are too weak. An attacker could forge certificates with them. */
import type { Certificate } from "./certificate.ts";
import { OBJECT_IDENTIFIER, readDER } from "./der.ts";

const MIN_RSA_BITS = 2048;

/** Object identifiers of signature algorithms, in hexadecimal, with their names. */
const WEAK_SIGNATURES: Readonly<Record<string, string>> = {
  "2a864886f70d010102": "MD2 with RSA",
  "2a864886f70d010104": "MD5 with RSA",
  "2a864886f70d010105": "SHA-1 with RSA",
  "2b0e03021d": "SHA-1 with RSA",
  "2a8648ce380403": "SHA-1 with DSA",
  "2a8648ce3d0401": "SHA-1 with ECDSA",
};

/** Results. A certificate does not change. */
const known = new WeakMap<Certificate, string | false>();

/**
 * Returns why a certificate is too weak: its key is RSA or DSA with less than 2048 bits, or it was signed with SHA-1 or MD5.
 * The signature of a self-signed certificate does not matter, because nothing relies on it.
 * @returns the end of the sentence "the certificate ...", or undefined
 */
export function weakness(certificate: Certificate): string | undefined {
  let found = known.get(certificate);
  if (found === undefined) {
    found = weakKey(certificate) ?? weakSignature(certificate) ?? false;
    known.set(certificate, found);
  }
  return found || undefined;
}

/** Returns why the key of a certificate is too weak, as {@link weakness} does. */
export function weakKey({ x509 }: Certificate): string | undefined {
  const { asymmetricKeyType: type = "", asymmetricKeyDetails } = x509.publicKey;
  const bits = asymmetricKeyDetails?.modulusLength;
  if (bits === undefined || bits >= MIN_RSA_BITS) return undefined;
  return `has a key of ${bits} bits (${type.toUpperCase()}), which is too small: at least ${MIN_RSA_BITS} are required`;
}

function weakSignature(certificate: Certificate): string | undefined {
  if (certificate.x509.checkIssued(certificate.x509)) return undefined;
  const name = WEAK_SIGNATURES[signatureAlgorithm(certificate.x509.raw)];
  return name === undefined
    ? undefined
    : `is signed with ${name}, which is too weak: SHA-256 or better is required`;
}

/** Returns the object identifier of the signature's algorithm. A certificate is `SEQUENCE { content, SEQUENCE { OID } }`. */
function signatureAlgorithm(der: Uint8Array): string {
  const content = readDER(der, readDER(der, 0).start);
  const identifier = readDER(der, readDER(der, content.end).start);
  if (identifier.tag !== OBJECT_IDENTIFIER) return "";
  return Buffer.from(der.subarray(identifier.start, identifier.end)).toString("hex");
}
