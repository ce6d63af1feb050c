/** A certificate together with its private key: one end of a connection presents it to the peer. */
import { createPrivateKey, type KeyObject, type PrivateKeyInput } from "node:crypto";
import { brand } from "../../core/errors/brand.ts";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import { CERTIFICATE_BRAND, Certificate } from "./certificate.ts";
import {
  type AuthorityOptions,
  type CertificateOptions,
  type GeneratedCertificate,
  makeAuthority,
  makeIssued,
  makeRevocationList,
  makeSelfSigned,
  type RevocationListOptions,
} from "./generate.ts";
import { isDER, type PEM, type PEMBlock, pemBlocks } from "./pem.ts";

/** Options for reading a private key. */
export interface KeyOptions {
  /** Passphrase of an encrypted key. */
  readonly passphrase?: string | undefined;
}

/** A certificate, its private key, and the chain of certificates up to its CA. */
export class PrivateCertificate extends Certificate {
  static {
    brand(this, CERTIFICATE_BRAND, "PrivateCertificate");
  }

  /** The decrypted private key. */
  readonly privateKey: KeyObject;
  /** The intermediate certificates between this one and its CA, sent to the peer with it. */
  readonly chain: readonly Certificate[];

  /** @throws InvalidCertificate if the key does not match the certificate */
  constructor(certificate: Certificate, privateKey: KeyObject, chain: readonly Certificate[] = []) {
    super(certificate.x509);
    if (!certificate.x509.checkPrivateKey(privateKey)) throw keyMismatch(certificate, privateKey, chain);
    this.privateKey = privateKey;
    this.chain = chain;
  }

  /**
   * Reads certificate and private key from one PEM text (in any order), or from two. Certificates after the first
   * one become the chain.
   *
   * @throws InvalidCertificate if certificate or key is missing or malformed, if the key does not match the
   *   certificate, or if the key is encrypted and `passphrase` is missing or wrong
   */
  static override loadPEM(pem: PEM, keyPEM: PEM = pem, options: KeyOptions = {}): PrivateCertificate {
    const [leaf, ...chain] = Certificate.loadBundle(pem);
    return new PrivateCertificate(leaf, loadKey(keyPEM, options), chain);
  }

  /**
   * Generates a key (ECDSA on P-256) and a self-signed certificate, by default for TLS servers and clients. Takes a few
   * milliseconds. The first call takes about 100 ms more, to load the X.509 library.
   *
   * @throws InvalidCertificate for an invalid common name, host name or validity
   */
  static async selfSigned(options: CertificateOptions): Promise<PrivateCertificate> {
    return loaded(await makeSelfSigned(options));
  }

  /**
   * Generates a CA: a key and a certificate that signs others, with {@link issue}. Peers list the CA's certificate in
   * `verifyAuthorities`. Keep the CA's key secret.
   *
   * @throws InvalidCertificate for an invalid common name or validity
   */
  static async authority(options: AuthorityOptions): Promise<PrivateCertificate> {
    return loaded(await makeAuthority(options));
  }

  /**
   * Generates a key and a certificate signed by this CA: for a TLS server if `hostNames` are given, otherwise for a TLS
   * client. `usage` overrides this. If this CA is an intermediate one, it becomes the chain of the certificate.
   *
   * @throws InvalidCertificate if this certificate is not a CA, or for an invalid common name, host name or validity
   */
  async issue(options: CertificateOptions): Promise<PrivateCertificate> {
    const issued = loaded(await makeIssued(options, this));
    const isRoot = this.x509.checkIssued(this.x509);
    return isRoot ? issued : new PrivateCertificate(issued, issued.privateKey, [this, ...this.chain]);
  }

  /**
   * Signs a list of the certificates of this CA that must not be trusted any more. Peers pass it as `crl`, and need a new list
   * before this one expires.
   *
   * @returns the list as PEM text
   * @throws InvalidCertificate if this certificate is not a CA, if a certificate was issued by another CA, or if the previous
   *   list is malformed or was signed by another CA
   */
  async revocationList(options: RevocationListOptions = {}): Promise<string> {
    return makeRevocationList(options, this);
  }

  /** Returns certificate, chain and the **unencrypted private key** as PEM. `loadPEM` reads it. */
  toPEMWithKey(): string {
    const key = this.privateKey.export({ type: "pkcs8", format: "pem" });
    return [this, ...this.chain].map((certificate) => certificate.toPEM()).join("") + key.toString();
  }
}

function loaded({ certificatePEM, keyPEM }: GeneratedCertificate): PrivateCertificate {
  return PrivateCertificate.loadPEM(certificatePEM, keyPEM);
}

function loadKey(pem: PEM, { passphrase }: KeyOptions): KeyObject {
  const isKey = ({ label }: PEMBlock) => label.endsWith("PRIVATE KEY");
  const keys = pemBlocks(pem, "private key", "PRIVATE KEY").filter(isKey);
  const [key] = keys;
  if (key === undefined)
    throw new InvalidCertificate(
      "private key: the PEM text holds no private key; append the key to the file of the certificate, or pass it separately",
    );
  if (keys.length > 1)
    throw new InvalidCertificate(`private key: the PEM text holds ${keys.length} keys, one is expected`);
  const encrypted = key.label.startsWith("ENCRYPTED") || key.text.includes("Proc-Type: 4,ENCRYPTED");
  if (encrypted && passphrase === undefined) {
    throw new InvalidCertificate("private key: the key is encrypted; set `passphrase`");
  }
  const secret = passphrase === undefined ? {} : { passphrase };
  if (isDER(pem)) return loadDERKey(pem, secret);
  try {
    return createPrivateKey({ key: key.text, ...secret });
  } catch (cause) {
    const reason = encrypted
      ? "the passphrase does not decrypt the key"
      : key.label.startsWith("OPENSSH")
        ? "a key in the format of OpenSSH is not supported; convert it with ssh-keygen -p -m PEM -f FILE"
        : "the PEM block does not hold a usable key";
    throw new InvalidCertificate(`private key: ${reason}`, { cause });
  }
}

const DER_KEYS: readonly NonNullable<PrivateKeyInput["type"]>[] = ["pkcs8", "pkcs1", "sec1"];

/** A DER file does not tell which of the formats of keys it has, nor if it is encrypted. */
function loadDERKey(der: Uint8Array, secret: KeyOptions): KeyObject {
  const failures: unknown[] = [];
  for (const type of DER_KEYS) {
    try {
      return createPrivateKey({ key: Buffer.from(der), format: "der", type, ...secret });
    } catch (cause) {
      failures.push(cause);
    }
  }
  throw new InvalidCertificate(
    "private key: the DER file does not hold a usable key, or needs another passphrase",
    { cause: failures[0] },
  );
}

function keyMismatch(leaf: Certificate, key: KeyObject, chain: readonly Certificate[]): InvalidCertificate {
  const owner = chain.find((certificate) => certificate.x509.checkPrivateKey(key));
  const hint = owner === undefined ? "" : `; it matches ${owner.subject}, which must come first`;
  return new InvalidCertificate(`private key: the key does not match the certificate (${leaf})${hint}`);
}
