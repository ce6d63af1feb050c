/** A certificate without its private key: the peer's, or a CA's. */
import { X509Certificate } from "node:crypto";
import { brand, isInstance } from "../../core/errors/brand.ts";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import { lastCommonName, onOneLine, separateNames } from "./distinguished-name.ts";
import { type PEM, pemBlocks } from "./pem.ts";

/** Key of the brand of the certificate classes, which is their name. */
export const CERTIFICATE_BRAND: unique symbol = Symbol.for("ampwire.certificate");

/** An X.509 certificate. The object does not tell if the certificate is trusted. */
export class Certificate {
  static {
    brand(this, CERTIFICATE_BRAND, "Certificate");
  }

  /** `instanceof` recognizes the certificates of another copy of the package, and of another realm. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, CERTIFICATE_BRAND, value);
  }

  /** DER bytes until the first access. Parsing them costs a tenth of a handshake, and most certificates are never read. */
  #source: X509Certificate | Uint8Array;

  /** @param source a parsed certificate, or the DER bytes of a certificate that is known to be well-formed */
  constructor(source: X509Certificate | Uint8Array) {
    this.#source = source;
  }

  /** Node's object for the certificate, for all properties that this class does not offer. */
  get x509(): X509Certificate {
    if (!(this.#source instanceof X509Certificate)) this.#source = new X509Certificate(this.#source);
    return this.#source;
  }

  /**
   * Reads the only certificate of a PEM text or a DER file. Ignores a private key in the text.
   *
   * @throws InvalidCertificate if the text holds no certificate, a malformed one, or more than one (use
   *   {@link Certificate.loadBundle})
   */
  static loadPEM(pem: PEM): Certificate {
    const [first, ...others] = Certificate.loadBundle(pem);
    if (first === undefined || others.length > 0) {
      throw new InvalidCertificate(
        `certificate: the PEM text holds ${others.length + 1} certificates, one is expected; Certificate.loadBundle reads several`,
      );
    }
    return first;
  }

  /**
   * Reads all certificates of a PEM text, in their order: for example a file of CAs, or a chain.
   *
   * @throws InvalidCertificate if the text holds no certificate, or a malformed one
   */
  static loadBundle(pem: PEM): [Certificate, ...Certificate[]] {
    const blocks = pemBlocks(pem, "certificate", "CERTIFICATE");
    const [first, ...others] = blocks
      .filter((block) => block.label === "CERTIFICATE")
      .map((block) => new Certificate(parse(block.text)));
    if (first === undefined) {
      const labels = blocks.map((block) => block.label).join(", ");
      const fix = blocks.map(({ label }) => FIXES[label]).find((one) => one !== undefined) ?? "";
      throw new InvalidCertificate(`certificate: the PEM text holds no certificate, only: ${labels}${fix}`);
    }
    return [first, ...others];
  }

  /** The common name (CN) of the subject. If there are several, the last one. */
  get commonName(): string | undefined {
    return lastCommonName(this.x509.subject);
  }

  /** The subject's distinguished name on one line: `C=NL, O=Example, CN=calc.example`. */
  get subject(): string {
    return onOneLine(this.x509.subject);
  }

  /** The issuer's distinguished name on one line. */
  get issuer(): string {
    return onOneLine(this.x509.issuer);
  }

  /** The SHA-256 fingerprint of the certificate, as `AB:CD:...`. */
  get fingerprint(): string {
    return this.x509.fingerprint256;
  }

  /** The beginning of the validity period. */
  get validFrom(): Date {
    return new Date(this.x509.validFrom);
  }

  /** The end of the validity period. */
  get validTo(): Date {
    return new Date(this.x509.validTo);
  }

  /** The subject alternative names in Node's format: `DNS:calc.example`, `IP Address:127.0.0.1`. */
  get subjectAltNames(): string[] {
    return separateNames(this.x509.subjectAltName);
  }

  /** Returns the certificate as PEM, never with a key. */
  toPEM(): string {
    return this.x509.toString();
  }

  /** Returns a description for messages: `CN=calc.example, issued by CN=Example CA`. */
  toString(): string {
    const signer = this.subject === this.issuer ? "self-signed" : `issued by ${this.issuer}`;
    return `${this.subject || "no name"}, ${signer}`;
  }

  /** @internal Returns the line that `console.log` shows, without any secret. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    const dates = [this.validFrom, this.validTo].map((date) => date.toISOString().slice(0, 10));
    return `${this.constructor.name} { ${this.toString()}, valid ${dates.join(" to ")} }`;
  }
}

/** How to get a certificate from a PEM block of another kind, by its label. */
const FIXES: Readonly<Record<string, string>> = {
  "TRUSTED CERTIFICATE": "; convert it with openssl x509 -in FILE -out FILE.pem",
  PKCS7: "; convert it with openssl pkcs7 -print_certs -in FILE -out FILE.pem",
  "CERTIFICATE REQUEST": "; a CA must issue the certificate that it requests",
  "NEW CERTIFICATE REQUEST": "; a CA must issue the certificate that it requests",
};

function parse(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    const strange = /[^\sA-Za-z0-9+/=]/.exec(pem.split("-----")[2] ?? "")?.[0];
    const why = strange === undefined ? "" : `: ${JSON.stringify(strange)} is not a character of base64`;
    throw new InvalidCertificate(
      `certificate: the PEM block or DER file does not hold an X.509 certificate${why}`,
      { cause },
    );
  }
}
