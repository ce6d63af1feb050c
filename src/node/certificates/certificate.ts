/** A certificate without its key: that of a peer, or of an authority. */
import { X509Certificate } from "node:crypto";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import { lastCommonName, onOneLine, separateNames } from "./distinguished-name.ts";
import { type PEM, pemBlocks } from "./pem.ts";

/** A certificate; whether anybody vouches for it is not known by looking at it. */
export class Certificate {
  /** DER bytes, until somebody looks inside: to parse them costs a tenth of a handshake, and most are never looked at. */
  #source: X509Certificate | Uint8Array;

  /** @param source as Node has parsed it, or the bytes (DER) of a certificate that is known to be a good one */
  constructor(source: X509Certificate | Uint8Array) {
    this.#source = source;
  }

  /** The certificate as Node knows it, for everything that is not offered here. */
  get x509(): X509Certificate {
    if (!(this.#source instanceof X509Certificate)) this.#source = new X509Certificate(this.#source);
    return this.#source;
  }

  /**
   * Reads the one certificate of a PEM text; a private key beside it is passed over.
   *
   * @throws InvalidCertificate when there is none, more than one (see {@link Certificate.loadBundle}), or a broken one
   */
  static loadPEM(pem: PEM): Certificate {
    const [first, ...others] = Certificate.loadBundle(pem);
    if (first === undefined || others.length > 0) {
      throw new InvalidCertificate(
        `certificate: ${others.length + 1} certificates where one is expected (Certificate.loadBundle reads several)`,
      );
    }
    return first;
  }

  /**
   * Reads all certificates of a PEM text, in their order: a file of authorities, or a chain.
   *
   * @throws InvalidCertificate when there is none, or a broken one
   */
  static loadBundle(pem: PEM): [Certificate, ...Certificate[]] {
    const blocks = pemBlocks(pem, "certificate");
    const [first, ...others] = blocks
      .filter((block) => block.label === "CERTIFICATE")
      .map((block) => new Certificate(parse(block.text)));
    if (first === undefined) {
      const labels = blocks.map((block) => block.label).join(", ");
      throw new InvalidCertificate(`certificate: no certificate in the PEM text, only: ${labels}`);
    }
    return [first, ...others];
  }

  /** The common name (CN) of the subject; the last one, should there be several. */
  get commonName(): string | undefined {
    return lastCommonName(this.x509.subject);
  }

  /** The distinguished name on one line: `C=NL, O=Example, CN=calc.example`. */
  get subject(): string {
    return onOneLine(this.x509.subject);
  }

  /** The distinguished name of the authority that signed it, on one line. */
  get issuer(): string {
    return onOneLine(this.x509.issuer);
  }

  /** SHA-256 over the whole certificate, as `AB:CD:...`. */
  get fingerprint(): string {
    return this.x509.fingerprint256;
  }

  /** From when on it is good. */
  get validFrom(): Date {
    return new Date(this.x509.validFrom);
  }

  /** Until when. */
  get validTo(): Date {
    return new Date(this.x509.validTo);
  }

  /** The names it is for, as Node writes them: `DNS:calc.example`, `IP Address:127.0.0.1`. */
  get subjectAltNames(): string[] {
    return separateNames(this.x509.subjectAltName);
  }

  /** The certificate alone; never a key. */
  toPEM(): string {
    return this.x509.toString();
  }

  /** For messages: `CN=calc.example, issued by CN=Example CA`. */
  toString(): string {
    const signer = this.subject === this.issuer ? "self-signed" : `issued by ${this.issuer}`;
    return `${this.subject || "no name"}, ${signer}`;
  }

  /** @internal `console.log` shows one line, and nothing secret. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    const dates = [this.validFrom, this.validTo].map((date) => date.toISOString().slice(0, 10));
    return `${this.constructor.name} { ${this.toString()}, valid ${dates.join(" to ")} }`;
  }
}

function parse(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new InvalidCertificate("certificate: the PEM block does not hold an X.509 certificate", { cause });
  }
}
