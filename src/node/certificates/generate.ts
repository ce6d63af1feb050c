/**
 * Generation of certificates and revocation lists. The X.509 library is loaded on first use only: see `x509-library.ts`.
 */
import { KeyObject, webcrypto, type X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Extension, JsonGeneralName, Name, PublicKey, X509CrlEntryParams } from "@peculiar/x509";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import { checkIsObject, checkOptionNames } from "../../core/option-names.ts";
import { shownValue } from "../../core/wire/value-text.ts";
import type { Certificate } from "./certificate.ts";
import { INTEGER, readDER, writeDER } from "./der.ts";
import { normalHostName } from "./host-name.ts";
import { pemText } from "./pem.ts";
import { CRL_LABEL, revocationLists } from "./revocation.ts";
import { loadX509, type X509Library } from "./x509-library.ts";

/** Name and validity of a generated CA certificate. */
export interface AuthorityOptions {
  /** The subject's common name (CN): 1 to 64 characters. */
  readonly commonName: string;
  /** Days from now until the certificate expires; more than 0. Default 365. */
  readonly validForDays?: number | undefined;
}

/** Role in TLS that a certificate is made for. Peers refuse it in the other role. */
export type CertificateUsage = "server" | "client" | "both";

/** Contents of a generated certificate for a TLS server or client. */
export interface CertificateOptions extends AuthorityOptions {
  /** Host names and IP addresses of the server. A client compares its `serverName` with them. Default: none. */
  readonly hostNames?: readonly string[] | undefined;
  /**
   * Role that the certificate is made for. Default: `"server"` if there are `hostNames`, otherwise `"client"`. The default of a
   * self-signed certificate is `"both"`.
   */
  readonly usage?: CertificateUsage | undefined;
}

/** Contents of a generated revocation list. */
export interface RevocationListOptions {
  /** Certificates to add to the list. Default: none. */
  readonly revoked?: readonly Certificate[] | undefined;
  /** The previous list of this CA, whose entries are kept. PEM or DER. Default: none. */
  readonly previous?: string | Uint8Array | undefined;
  /** Days from now until the list expires; more than 0. Peers refuse all certificates of the CA afterwards. Default 30. */
  readonly validForDays?: number | undefined;
}

/** The CA that signs: a PrivateCertificate. */
export interface SigningAuthority {
  readonly x509: X509Certificate;
  readonly privateKey: KeyObject;
  toPEM(): string;
}

/** A new certificate and its private key, both as PEM. */
export interface GeneratedCertificate {
  readonly certificatePEM: string;
  readonly keyPEM: string;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR = 3_600_000;
/** The first moment that the four digits of a year in a certificate cannot express. */
const LATEST = Date.UTC(10_000, 0);

const AUTHORITY_OPTIONS = ["commonName", "validForDays"] as const;
const CERTIFICATE_OPTIONS = [...AUTHORITY_OPTIONS, "hostNames", "usage"] as const;

/** Generates a self-signed certificate, by default for TLS servers and clients. @throws TypeError for an unknown option */
export async function makeSelfSigned(options: CertificateOptions): Promise<GeneratedCertificate> {
  checkGiven("selfSigned", options, CERTIFICATE_OPTIONS);
  const x509 = await loadX509();
  // No key usage extension. Without keyCertSign, some verifiers do not accept the certificate as its own issuer.
  // With keyCertSign, others reject it because it is not a CA.
  return make(x509, options, undefined, () => leafExtensions(x509, { usage: "both", ...options }));
}

/** Generates a CA certificate. @throws TypeError for an unknown option */
export async function makeAuthority(options: AuthorityOptions): Promise<GeneratedCertificate> {
  checkGiven("authority", options, AUTHORITY_OPTIONS);
  const x509 = await loadX509();
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  return make(x509, options, undefined, () => [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
  ]);
}

/** Generates a certificate for a TLS server or client, signed by a CA. @throws TypeError for an unknown option */
export async function makeIssued(
  options: CertificateOptions,
  authority: SigningAuthority,
): Promise<GeneratedCertificate> {
  checkGiven("issue", options, CERTIFICATE_OPTIONS);
  const x509 = await loadX509();
  return make(x509, options, await signer(x509, authority), () => [
    ...leafExtensions(x509, options),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
  ]);
}

/** Generates a revocation list as PEM text, signed by a CA. @throws TypeError for an unknown option */
export async function makeRevocationList(
  options: RevocationListOptions,
  authority: SigningAuthority,
): Promise<string> {
  checkGiven("revocationList", options, ["revoked", "previous", "validForDays"]);
  const { revoked = [], previous, validForDays = 30 } = options;
  const x509 = await loadX509();
  checkValidity(validForDays);
  const { name, key, publicKey, algorithm } = await signer(x509, authority);
  const now = Date.now();
  const entries = new Map<string, X509CrlEntryParams>();
  let number = 0;
  for (const { pem } of previous === undefined ? [] : revocationLists(previous)) {
    const known = new x509.X509Crl(pem);
    if (!(await known.verify({ publicKey })))
      throw new InvalidCertificate(`the previous revocation list was not signed by ${authority}`);
    for (const { serialNumber, revocationDate, extensions } of known.entries)
      entries.set(serialNumber, { serialNumber, revocationDate, extensions });
    number = Math.max(number, numberOf(known));
  }
  for (const certificate of revoked) {
    if (!certificate.x509.checkIssued(authority.x509) || !certificate.x509.verify(authority.x509.publicKey)) {
      throw new InvalidCertificate(`cannot revoke ${certificate}: it was not issued by ${authority}`);
    }
    const { serialNumber } = new x509.X509Certificate(certificate.toPEM());
    if (entries.has(serialNumber)) continue; // the date of the first revocation stays
    entries.set(serialNumber, { serialNumber, revocationDate: new Date(now) });
  }
  const list = await x509.X509CrlGenerator.create({
    issuer: name,
    thisUpdate: new Date(now - HOUR), // for peers with a slow clock
    nextUpdate: new Date(now + validForDays * 24 * HOUR),
    entries: [...entries.values()],
    signingAlgorithm: algorithm,
    signingKey: key,
    extensions: [
      await x509.AuthorityKeyIdentifierExtension.create(publicKey),
      new x509.Extension(CRL_NUMBER, false, crlNumber(number + 1)),
    ],
  });
  return pemText(CRL_LABEL, Buffer.from(list.rawData).toString("base64"));
}

/** Checks options: a misspelt `hostNames` would make a certificate that no client accepts. @throws TypeError */
function checkGiven(what: string, options: object, names: readonly string[]): void {
  checkIsObject(what, options);
  checkOptionNames(what, options, names, { names: "hostNames", altNames: "hostNames", days: "validForDays" });
}

const CRL_NUMBER = "2.5.29.20";

function crlNumber(number: number): Uint8Array {
  const hex = number.toString(16);
  return writeDER(INTEGER, Buffer.from(hex.length % 2 === 0 ? `00${hex}` : `0${hex}`, "hex"));
}

/** Returns the number of a list, or 0. */
function numberOf(list: InstanceType<X509Library["X509Crl"]>): number {
  const value = list.getExtension(CRL_NUMBER)?.value;
  if (value === undefined) return 0;
  const bytes = new Uint8Array(value);
  const { start, end } = readDER(bytes, 0);
  return Number.parseInt(Buffer.from(bytes.subarray(start, end)).toString("hex"), 16);
}

/** The issuer's name as written into the certificate, and its key. */
interface Signer {
  readonly name: Name;
  readonly publicKey: PublicKey;
  readonly key: webcrypto.CryptoKey;
  readonly algorithm: { readonly name: string; readonly hash: string };
}

async function make(
  x509: X509Library,
  options: AuthorityOptions,
  signedBy: Signer | undefined,
  extensions: () => Extension[],
): Promise<GeneratedCertificate> {
  const { commonName, validForDays = 365 } = options;
  checkCommonName(commonName);
  checkValidity(validForDays);
  const added = extensions();
  const now = Date.now();
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const name = new x509.Name([{ CN: [{ utf8String: commonName }] }]); // an object: the library unescapes plain strings
  const certificate = await x509.X509CertificateGenerator.create({
    subject: name,
    issuer: signedBy?.name ?? name,
    publicKey: keys.publicKey,
    signingKey: signedBy?.key ?? keys.privateKey,
    signingAlgorithm: signedBy?.algorithm ?? ALGORITHM,
    notBefore: new Date(now - HOUR), // for peers with a slow clock
    notAfter: new Date(now + validForDays * 24 * HOUR),
    extensions: [
      ...added,
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...(signedBy === undefined
        ? []
        : [await x509.AuthorityKeyIdentifierExtension.create(signedBy.publicKey)]),
    ],
  });
  const keyPEM = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" });
  return { certificatePEM: certificate.toString("pem"), keyPEM: keyPEM.toString() };
}

/** @throws InvalidCertificate */
export function checkCommonName(commonName: string): void {
  if (typeof commonName !== "string" || commonName.length < 1 || commonName.length > 64)
    throw new InvalidCertificate("commonName must have 1 to 64 characters");
  if (/\p{Surrogate}/u.test(commonName))
    throw new InvalidCertificate("commonName has half of a surrogate pair, which UTF-8 cannot express");
}

function checkValidity(days: number): void {
  // A JavaScript program may pass a text.
  if (typeof days !== "number" || !(days > 0))
    throw new InvalidCertificate(`validForDays must be a number greater than 0, not ${String(days)}`);
  if (!(Date.now() + days * 24 * HOUR < LATEST))
    throw new InvalidCertificate(
      `validForDays: ${days} days end after the year 9999, the last one of a certificate`,
    );
}

async function signer(x509: X509Library, authority: SigningAuthority): Promise<Signer> {
  if (!authority.x509.ca)
    throw new InvalidCertificate(
      `${authority} cannot sign certificates: it is not a CA; PrivateCertificate.authority makes one`,
    );
  const certificate = new x509.X509Certificate(authority.toPEM());
  const algorithm = signatureAlgorithm(authority);
  const der = authority.privateKey.export({ type: "pkcs8", format: "der" });
  const key = await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
  return { name: certificate.subjectName, publicKey: certificate.publicKey, key, algorithm };
}

/** Returns the algorithm for the CA's key. A CA from another tool may have another type of key than ours. */
function signatureAlgorithm({ privateKey }: SigningAuthority): Signer["algorithm"] & { namedCurve?: string } {
  const { asymmetricKeyType, asymmetricKeyDetails } = privateKey;
  const curves: Readonly<Record<string, string>> = {
    prime256v1: "P-256",
    secp384r1: "P-384",
    secp521r1: "P-521",
  };
  const namedCurve = curves[asymmetricKeyDetails?.namedCurve ?? ""];
  if (asymmetricKeyType === "rsa") return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  if (asymmetricKeyType === "ec" && namedCurve !== undefined) return { ...ALGORITHM, namedCurve };
  throw new InvalidCertificate(
    `cannot sign with a key of type ${asymmetricKeyType}: RSA and ECDSA on P-256, P-384 and P-521 are supported`,
  );
}

function leafExtensions(
  x509: X509Library,
  { hostNames = [], usage = hostNames.length > 0 ? "server" : "client" }: CertificateOptions,
): Extension[] {
  if (!Array.isArray(hostNames))
    throw new InvalidCertificate(`hostNames must be an array of host names, not ${shownValue(hostNames)}`);
  const names = hostNames.map(generalName);
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const usages = { server: [serverAuth], client: [clientAuth], both: [serverAuth, clientAuth] };
  if (!Object.hasOwn(usages, usage))
    throw new InvalidCertificate(`usage must be "server", "client" or "both", not ${JSON.stringify(usage)}`);
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.ExtendedKeyUsageExtension(usages[usage]),
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
  ];
}

/** A wildcard is a whole label (RFC 9525): clients do not accept another one. */
const MISPLACED_WILDCARD = /.\*|^\*(?!\.)/;

/** @throws InvalidCertificate for a text that no certificate can name as a host */
export function checkHostName(hostName: string): void {
  generalName(hostName);
}

/** @param hostName a string, or any other value that a JavaScript program passes */
function generalName(hostName: unknown): JsonGeneralName {
  const value = typeof hostName === "string" ? normalHostName(hostName) : "";
  if (value === "" || MISPLACED_WILDCARD.test(value))
    throw new InvalidCertificate(`${shownValue(hostName)} is not a valid host name`);
  return { type: isIP(value) === 0 ? "dns" : "ip", value };
}
