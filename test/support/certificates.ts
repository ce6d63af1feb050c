/**
 * CAs and certificates for tests, generated once in each process.
 *
 * All but `weak` are ECDSA on P-256. `impostor` is a CA with the name of `authority` and another key.
 */
import "reflect-metadata";
import { KeyObject, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { Certificate } from "../../src/node/certificates/certificate.ts";
import { PrivateCertificate } from "../../src/node/certificates/private-certificate.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;
const { serverAuth, clientAuth, codeSigning } = x509.ExtendedKeyUsage;

type KeyPair = webcrypto.CryptoKeyPair;

interface Issuer {
  readonly name: string;
  readonly keys: KeyPair;
  readonly certificate: PrivateCertificate;
}

interface LeafOptions {
  readonly name: string;
  readonly usage?: x509.ExtendedKeyUsageType;
  readonly from?: number;
  readonly to?: number;
  readonly hosts?: readonly x509.JsonGeneralName[];
}

export interface TestCertificates {
  /** The CA that tests trust by default. */
  readonly authority: Certificate;
  readonly otherAuthority: Certificate;
  /** For calc.example and 127.0.0.1. */
  readonly server: PrivateCertificate;
  /** Issued by an intermediate CA, which is its chain. */
  readonly chainedServer: PrivateCertificate;
  readonly expiredServer: PrivateCertificate;
  readonly futureServer: PrivateCertificate;
  /** The name of `server`, issued by a CA with the same name and another key. */
  readonly impostorServer: PrivateCertificate;
  readonly client: PrivateCertificate;
  readonly otherClient: PrivateCertificate;
  readonly expiredClient: PrivateCertificate;
  /** For code signing only. */
  readonly wrongPurpose: PrivateCertificate;
  readonly selfSigned: PrivateCertificate;
  /** Self-signed, with an RSA key of 512 bits, which is too small for OpenSSL. */
  readonly weak: PrivateCertificate;
}

let kept: Promise<TestCertificates> | undefined;

export function testCertificates(): Promise<TestCertificates> {
  kept ??= make();
  return kept;
}

async function make(): Promise<TestCertificates> {
  const authority = await root("Test CA");
  const otherAuthority = await root("Other CA");
  const impostor = await root("Test CA");
  const intermediate = await issuer("Intermediate CA", authority);
  const hosts: readonly x509.JsonGeneralName[] = [
    { type: "dns", value: "calc.example" },
    { type: "ip", value: "127.0.0.1" },
  ];
  const server = { name: "calc.example", usage: serverAuth, hosts };
  const client = { name: "client", usage: clientAuth };
  const past = { from: -20 * DAY, to: -10 * DAY };
  const chained = await leaf(intermediate, server);
  return {
    authority: authority.certificate,
    otherAuthority: otherAuthority.certificate,
    server: await leaf(authority, server),
    chainedServer: new PrivateCertificate(chained, chained.privateKey, [intermediate.certificate]),
    expiredServer: await leaf(authority, { ...server, ...past }),
    futureServer: await leaf(authority, { ...server, from: 10 * DAY, to: 20 * DAY }),
    impostorServer: await leaf(impostor, server),
    client: await leaf(authority, client),
    otherClient: await leaf(otherAuthority, client),
    expiredClient: await leaf(authority, { ...client, ...past }),
    wrongPurpose: await leaf(authority, { name: "signer", usage: codeSigning }),
    selfSigned: await PrivateCertificate.selfSigned({
      commonName: "self-signed",
      hostNames: ["calc.example"],
    }),
    weak: await weak(),
  };
}

function root(name: string): Promise<Issuer> {
  return issuer(name);
}

async function issuer(name: string, above?: Issuer): Promise<Issuer> {
  const keys = await newKeys();
  const signer = above ?? { name, keys };
  const certificate = await x509.X509CertificateGenerator.create({
    ...(await common(name, signer, keys)),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(signer.keys.publicKey),
    ],
  });
  return { name, keys, certificate: withKey(certificate, keys) };
}

async function leaf(from: Issuer, options: LeafOptions): Promise<PrivateCertificate> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    ...(await common(options.name, from, keys, options)),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      ...(options.usage === undefined ? [] : [new x509.ExtendedKeyUsageExtension([options.usage])]),
      ...(options.hosts === undefined ? [] : [new x509.SubjectAlternativeNameExtension([...options.hosts])]),
      await x509.AuthorityKeyIdentifierExtension.create(from.keys.publicKey),
    ],
  });
  return withKey(certificate, keys);
}

async function weak(): Promise<PrivateCertificate> {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const size = { modulusLength: 512, publicExponent: Uint8Array.of(1, 0, 1) };
  const keys = await webcrypto.subtle.generateKey({ ...algorithm, ...size }, true, ["sign", "verify"]);
  const name = [{ CN: ["weak"] }];
  return withKey(
    await x509.X509CertificateGenerator.createSelfSigned({ name, keys, signingAlgorithm: algorithm }),
    keys,
  );
}

async function common(
  name: string,
  signer: Pick<Issuer, "name" | "keys">,
  keys: KeyPair,
  { from = -DAY, to = 30 * DAY }: Partial<LeafOptions> = {},
) {
  const now = Date.now();
  return {
    subject: [{ CN: [name] }],
    issuer: [{ CN: [signer.name] }],
    publicKey: keys.publicKey,
    signingKey: signer.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(now + from),
    notAfter: new Date(now + to),
  };
}

function newKeys(): Promise<KeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

function withKey(certificate: x509.X509Certificate, keys: KeyPair): PrivateCertificate {
  return new PrivateCertificate(
    Certificate.loadPEM(certificate.toString("pem")),
    KeyObject.from(keys.privateKey),
  );
}
