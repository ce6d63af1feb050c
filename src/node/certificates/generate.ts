/**
 * Making certificates. Imported only when one has to be made: the X.509 library takes some 100 ms to load,
 * and most programs have their certificates in files.
 */
import "reflect-metadata"; // the X.509 library wants it in place before itself
import { KeyObject, webcrypto, type X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import { hostNameInASCII } from "./host-name.ts";

/** What an authority is called, and how long it lasts. */
export interface AuthorityOptions {
  /** The subject's common name (CN): 1 to 64 characters. */
  readonly commonName: string;
  /** Days from now until it expires; 365 where nothing is said. */
  readonly validForDays?: number | undefined;
}

/** What a certificate for a TLS server or client says. */
export interface CertificateOptions extends AuthorityOptions {
  /** Host names and IP addresses that the certificate is for: what a client's `serverName` is compared with. */
  readonly hostNames?: readonly string[] | undefined;
}

/** Who signs: a PrivateCertificate. */
export interface Authority {
  readonly x509: X509Certificate;
  readonly privateKey: KeyObject;
  toPEM(): string;
}

/** A certificate and its key, as PEM. */
export interface Made {
  readonly certificatePEM: string;
  readonly keyPEM: string;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR = 3_600_000;
const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;

/** For TLS servers and clients, signed by itself. */
export async function makeSelfSigned(options: CertificateOptions): Promise<Made> {
  // No key usage: without "signs certificates" some verifiers do not take it for its own issuer,
  // and with it others reject it, because it is no authority.
  return make(options, undefined, () => leafExtensions(options));
}

/** For signing others. */
export async function makeAuthority(options: AuthorityOptions): Promise<Made> {
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  return make(options, undefined, () => [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
  ]);
}

/** For TLS servers and clients, signed by an authority. */
export async function makeIssued(options: CertificateOptions, authority: Authority): Promise<Made> {
  return make(options, await signer(authority), () => [
    ...leafExtensions(options),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
  ]);
}

/** Who signs: the name that goes into the certificate, and the key. */
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
): Promise<Made> {
  const { commonName, validForDays = 365 } = options;
  if (typeof commonName !== "string" || commonName.length < 1 || commonName.length > 64) {
    throw new InvalidCertificate("a certificate's commonName must have 1 to 64 characters");
  }
  if (!(validForDays > 0))
    throw new InvalidCertificate("a certificate's validForDays must be a number over 0");
  const added = extensions();
  const now = Date.now();
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const name = new x509.Name([{ CN: [{ utf8String: commonName }] }]); // as an object: a plain string would be unescaped
  const certificate = await x509.X509CertificateGenerator.create({
    subject: name,
    issuer: signedBy?.name ?? name,
    publicKey: keys.publicKey,
    signingKey: signedBy?.key ?? keys.privateKey,
    signingAlgorithm: signedBy?.algorithm ?? ALGORITHM,
    notBefore: new Date(now - HOUR), // for peers whose clock is behind
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

async function signer(authority: Authority): Promise<Signer> {
  if (!authority.x509.ca)
    throw new InvalidCertificate(`${authority} may not sign certificates: it is no authority`);
  const certificate = new x509.X509Certificate(authority.toPEM());
  const algorithm = signatureAlgorithm(authority);
  const der = authority.privateKey.export({ type: "pkcs8", format: "der" });
  const key = await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
  return { name: certificate.subjectName, publicKey: certificate.publicKey, key, algorithm };
}

/** An authority made elsewhere may have another kind of key than ours. */
function signatureAlgorithm({ privateKey }: Authority): Signer["algorithm"] & { namedCurve?: string } {
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
    `cannot sign with a key of kind ${asymmetricKeyType}: RSA and ECDSA on P-256, P-384 and P-521 are known`,
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
  if (value === "") throw new InvalidCertificate(`${JSON.stringify(hostName)} is no host name`);
  return { type: "dns", value };
}
