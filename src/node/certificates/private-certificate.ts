/** A certificate together with its private key: what one side of a connection presents. */
import { createPrivateKey, type KeyObject } from "node:crypto";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import { Certificate } from "./certificate.ts";
import type { AuthorityOptions, CertificateOptions, Made } from "./generate.ts";
import { type PEM, pemBlocks } from "./pem.ts";

export interface KeyOptions {
  /** Opens a key that is encrypted. */
  readonly passphrase?: string | undefined;
}

/** A certificate, its private key, and the chain that leads to its authority. */
export class PrivateCertificate extends Certificate {
  /** The key, decrypted. */
  readonly privateKey: KeyObject;
  /** The certificates between this one and its authority, sent along with it. */
  readonly chain: readonly Certificate[];

  /** @throws InvalidCertificate when the key does not belong to the certificate */
  constructor(certificate: Certificate, privateKey: KeyObject, chain: readonly Certificate[] = []) {
    super(certificate.x509);
    if (!certificate.x509.checkPrivateKey(privateKey)) throw misfit(certificate, privateKey, chain);
    this.privateKey = privateKey;
    this.chain = chain;
  }

  /**
   * Reads certificate and private key, from one PEM text (in any order) or from two. Certificates behind
   * the first are its chain.
   *
   * @throws InvalidCertificate when one of them is missing or broken, the key belongs to another certificate,
   *   or is encrypted and `passphrase` is missing or wrong
   */
  static override loadPEM(pem: PEM, keyPEM: PEM = pem, options: KeyOptions = {}): PrivateCertificate {
    const [leaf, ...chain] = Certificate.loadBundle(pem);
    return new PrivateCertificate(leaf, loadKey(keyPEM, options), chain);
  }

  /**
   * Makes a new key (ECDSA on P-256) and a certificate that it signs itself, for TLS servers and clients.
   * It takes a few milliseconds, and some 100 ms more the first time, for loading the X.509 library.
   *
   * @throws InvalidCertificate when a name cannot be put into a certificate
   */
  static async selfSigned(options: CertificateOptions): Promise<PrivateCertificate> {
    const { makeSelfSigned } = await import("./generate.ts");
    return loaded(await makeSelfSigned(options));
  }

  /**
   * Makes an authority: a new key and a certificate that may sign others, with {@link issue}. Give its certificate
   * to everybody as one of `verifyAuthorities`, and keep its key to yourself.
   *
   * @throws InvalidCertificate when the name cannot be put into a certificate
   */
  static async authority(options: AuthorityOptions): Promise<PrivateCertificate> {
    const { makeAuthority } = await import("./generate.ts");
    return loaded(await makeAuthority(options));
  }

  /**
   * Makes a new key and a certificate for it that this authority signs, for TLS servers and clients.
   *
   * @throws InvalidCertificate when this is no authority, or a name cannot be put into a certificate
   */
  async issue(options: CertificateOptions): Promise<PrivateCertificate> {
    const { makeIssued } = await import("./generate.ts");
    return loaded(await makeIssued(options, this));
  }

  /** Certificate, chain and **unencrypted private key**, so that `loadPEM` reads the whole again. */
  toPEMWithKey(): string {
    const key = this.privateKey.export({ type: "pkcs8", format: "pem" });
    return [this, ...this.chain].map((certificate) => certificate.toPEM()).join("") + key.toString();
  }
}

function loaded({ certificatePEM, keyPEM }: Made): PrivateCertificate {
  return PrivateCertificate.loadPEM(certificatePEM, keyPEM);
}

function loadKey(pem: PEM, { passphrase }: KeyOptions): KeyObject {
  const keys = pemBlocks(pem, "private key").filter((block) => block.label.endsWith("PRIVATE KEY"));
  const [key] = keys;
  if (key === undefined) throw new InvalidCertificate("private key: no private key in the PEM text");
  if (keys.length > 1) throw new InvalidCertificate(`private key: ${keys.length} keys where one is expected`);
  const encrypted = key.label.startsWith("ENCRYPTED") || key.text.includes("Proc-Type: 4,ENCRYPTED");
  if (encrypted && passphrase === undefined) {
    throw new InvalidCertificate("private key: it is encrypted, and no passphrase is given");
  }
  try {
    return createPrivateKey(passphrase === undefined ? key.text : { key: key.text, passphrase });
  } catch (cause) {
    const reason = encrypted
      ? "it does not open with this passphrase"
      : "the PEM block does not hold a usable key";
    throw new InvalidCertificate(`private key: ${reason}`, { cause });
  }
}

function misfit(leaf: Certificate, key: KeyObject, chain: readonly Certificate[]): InvalidCertificate {
  const owner = chain.find((certificate) => certificate.x509.checkPrivateKey(key));
  const hint = owner === undefined ? "" : `; it belongs to ${owner.subject}, which has to come first`;
  return new InvalidCertificate(`private key: it does not fit the certificate (${leaf})${hint}`);
}
