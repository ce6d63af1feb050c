/**
 * Generation of certificates. Imported on first use only: the X.509 library takes about 100 ms to load, and most
 * programs read their certificates from files.
 */
import "reflect-metadata"; // the X.509 library needs it loaded first
import { KeyObject, webcrypto, type X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import { hostNameInASCII } from "./host-name.ts";

/** Name and validity of a generated CA certificate. */
export interface AuthorityOptions {
  /** The subject's common name (CN): 1 to 64 characters. */
  readonly commonName: string;
  /** Days from now until the certificate expires; more than 0. Default 365. */
  readonly validForDays?: number | undefined;
}

/** Contents of a generated certificate for a TLS server or client. */
export interface CertificateOptions extends AuthorityOptions {
  /** Host names and IP addresses of the server. A client compares its `serverName` with them. Default: none. */
  readonly hostNames?: readonly string[] | undefined;
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
const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;

/** Generates a self-signed certificate for TLS servers and clients. */
export async function makeSelfSigned(options: CertificateOptions): Promise<GeneratedCertificate> {
  // No key usage extension. Without keyCertSign, some verifiers do not accept the certificate as its own issuer.
  // With keyCertSign, others reject it because it is not a CA.
  return make(options, undefined, () => leafExtensions(options));
}

/** Generates a CA certificate. */
export async function makeAuthority(options: AuthorityOptions): Promise<GeneratedCertificate> {
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  return make(options, undefined, () => [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
  ]);
}

/** Generates a certificate for TLS servers and clients, signed by a CA. */
export async function makeIssued(
  options: CertificateOptions,
  authority: SigningAuthority,
): Promise<GeneratedCertificate> {
  return make(options, await signer(authority), () => [
    ...leafExtensions(options),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
  ]);
}

/** The issuer's name as written into the certificate, and its key. */
interface Signer {
  readonly name: x509.Name;
  readonly publicKey: x509.PublicKey;
  readonly key: webcrypto.CryptoKey;
  readonly algorithm: { readonly name: string; readonly hash: string };
}

async function make(
  options: AuthorityOptions,
  signedBy: Signer | undefined,
  extensions: () => x509.Extension[],
): Promise<GeneratedCertificate> {
  const { commonName, validForDays = 365 } = options;
  if (typeof commonName !== "string" || commonName.length < 1 || commonName.length > 64) {
    throw new InvalidCertificate("commonName must have 1 to 64 characters");
  }
  if (!(validForDays > 0))
    throw new InvalidCertificate(`validForDays must be a number greater than 0, not ${String(validForDays)}`);
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

async function signer(authority: SigningAuthority): Promise<Signer> {
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

function leafExtensions({ hostNames = [] }: CertificateOptions): x509.Extension[] {
  const names = hostNames.map(generalName);
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.ExtendedKeyUsageExtension([serverAuth, clientAuth]),
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
  ];
}

function generalName(hostName: string): x509.JsonGeneralName {
  if (isIP(hostName) !== 0) return { type: "ip", value: hostName };
  const value = hostNameInASCII(hostName);
  if (value === "") throw new InvalidCertificate(`${JSON.stringify(hostName)} is not a valid host name`);
  return { type: "dns", value };
}
