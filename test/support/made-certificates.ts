/** Certificates with unusual keys, signatures and names, which the library itself does not generate. */
import "reflect-metadata";
import { KeyObject, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { Certificate } from "../../src/node/certificates/certificate.ts";
import { PrivateCertificate } from "../../src/node/certificates/private-certificate.ts";

const HOUR = 3_600_000;

interface SigningKey {
  readonly keys: webcrypto.CryptoKeyPair;
  readonly algorithm: KeyAlgorithm;
}

interface KeyAlgorithm {
  readonly name: string;
  readonly hash: string;
  readonly namedCurve?: string;
  readonly modulusLength?: number;
  readonly publicExponent?: Uint8Array;
}

/** A certificate with the keys that sign for it. */
export interface Made extends SigningKey {
  readonly certificate: PrivateCertificate;
}

export interface MadeOptions {
  readonly name: string;
  readonly issuer?: Made;
  readonly authority?: boolean;
  /** Bits of an RSA key. Default: ECDSA on P-256. */
  readonly bits?: number;
  /** Hash of the issuer's signature. Default SHA-256. */
  readonly hash?: string;
  readonly hosts?: readonly x509.JsonGeneralName[];
}

export async function make(options: MadeOptions): Promise<Made> {
  const { name, issuer, authority = false, bits, hash = "SHA-256", hosts = [] } = options;
  const algorithm = bits === undefined ? ecdsa() : rsa(bits);
  // A pair, because both algorithms are asymmetric.
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
    "sign",
    "verify",
  ])) as webcrypto.CryptoKeyPair;
  const signer = issuer ?? { keys, algorithm };
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [name] }],
    issuer: [{ CN: [issuer?.certificate.commonName ?? name] }],
    publicKey: keys.publicKey,
    signingKey: await signingKey(signer, hash),
    signingAlgorithm: { ...signer.algorithm, hash },
    notBefore: new Date(now - HOUR),
    notAfter: new Date(now + 24 * HOUR),
    extensions: [
      new x509.BasicConstraintsExtension(authority, undefined, true),
      ...(hosts.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension([...hosts])]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(signer.keys.publicKey),
    ],
  });
  const own = new PrivateCertificate(
    Certificate.loadPEM(certificate.toString("pem")),
    KeyObject.from(keys.privateKey),
    issuer === undefined || issuer.certificate.issuer === issuer.certificate.subject
      ? []
      : [issuer.certificate],
  );
  return { certificate: own, keys, algorithm };
}

function ecdsa(): KeyAlgorithm {
  return { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
}

function rsa(modulusLength: number): KeyAlgorithm {
  return {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength,
    publicExponent: Uint8Array.of(1, 0, 1),
  };
}

/** Returns the private key for signatures with this hash: an RSA key of webcrypto has one hash only. */
async function signingKey({ keys, algorithm }: SigningKey, hash: string): Promise<webcrypto.CryptoKey> {
  if (algorithm.name === "ECDSA" || hash === algorithm.hash) return keys.privateKey;
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return webcrypto.subtle.importKey("pkcs8", pkcs8, { name: algorithm.name, hash }, false, ["sign"]);
}
