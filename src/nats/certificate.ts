/** A certificate that an edge has verified. */

import { utf8Lenient } from "../core/platform.ts";
import type { CertificateLike } from "../core/transport.ts";
import { bytesOfBase64 } from "./platform.ts";

const LINE = 64;

/** Tags of DER. */
const SEQUENCE = 0x30;
const VERSION = 0xa0;
const BMP_STRING = 0x1e;
/** Bytes of the object identifier 2.5.4.3, a common name. */
const COMMON_NAME = "85,4,3";

/**
 * The certificate of a client, as its edge has verified it. For all properties of it on Node, use
 * `Certificate.loadPEM(certificate.toPEM())` of `ampwire/node`.
 */
export class ReceivedCertificate implements CertificateLike {
  readonly #base64: string;
  /** The certificate as DER. */
  readonly der: Uint8Array;
  readonly commonName: string | undefined;

  private constructor(base64: string, der: Uint8Array) {
    this.#base64 = base64;
    this.der = der;
    this.commonName = commonNameOf(der);
  }

  /** Returns undefined for text that is not base64. */
  static fromBase64(base64: string): ReceivedCertificate | undefined {
    try {
      return new ReceivedCertificate(base64, bytesOfBase64(base64));
    } catch {
      return undefined;
    }
  }

  toPEM(): string {
    const lines = this.#base64.match(new RegExp(`.{1,${LINE}}`, "g")) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
  }
}

/** An element of DER. */
interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** Returns the last common name of the subject; undefined if there is none, or the bytes are not a certificate. */
function commonNameOf(der: Uint8Array): string | undefined {
  const [certificate] = elementsOf(der);
  const [signed] = elementsOf(certificate?.content);
  const fields = elementsOf(signed?.content).filter(({ tag }) => tag !== VERSION);
  // Without the version: serial number, algorithm, issuer, validity, subject.
  const subject = fields[4];
  if (subject?.tag !== SEQUENCE) return undefined;
  const names = elementsOf(subject.content)
    .flatMap((set) => elementsOf(set.content))
    .map((attribute) => elementsOf(attribute.content))
    .filter(([type]) => type?.content.join() === COMMON_NAME);
  const value = names.at(-1)?.[1];
  return value && textOf(value);
}

function textOf({ tag, content }: Element): string {
  if (tag !== BMP_STRING) return utf8Lenient.decode(content);
  let text = "";
  for (let at = 0; at + 1 < content.length; at += 2)
    text += String.fromCharCode(((content[at] as number) << 8) | (content[at + 1] as number));
  return text;
}

/** Returns the elements in the bytes, up to one that is not complete. */
function elementsOf(bytes: Uint8Array = new Uint8Array(0)): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const tag = bytes[at] as number;
    let length = bytes[at + 1] as number;
    at += 2;
    if (length > 0x80) {
      const digits = length & 0x7f;
      length = 0;
      for (let i = 0; i < digits && at < bytes.length; i++) length = length * 256 + (bytes[at++] as number);
    }
    if (at + length > bytes.length) break;
    elements.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return elements;
}
