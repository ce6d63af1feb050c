/** PEM text taken apart: labelled blocks of base64, with anything else between them left out. */
import { InvalidCertificate } from "../../core/errors/tls.ts";

/** PEM, as text or as the bytes of a file. */
export type PEM = string | Uint8Array;

export interface PEMBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, `EC PRIVATE KEY`, ... */
  readonly label: string;
  /** The block with its BEGIN and END lines. */
  readonly text: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*(?:-(?!----)[^-]*)*-----END \1-----/g;

/**
 * @param what what the text is meant to hold, for the message of an error
 * @throws InvalidCertificate when there is no block in it, or a block without its end
 */
export function pemBlocks(pem: PEM, what: string): PEMBlock[] {
  const text = asText(pem, what);
  const blocks = Array.from(text.matchAll(BLOCK), (match) => ({ label: match[1] ?? "", text: match[0] }));
  const begun = text.split("-----BEGIN ").length - 1;
  if (begun === 0) throw new InvalidCertificate(`${what}: no PEM in it (no line begins with -----BEGIN)`);
  if (begun > blocks.length)
    throw new InvalidCertificate(`${what}: broken PEM, a block does not end as it began`);
  return blocks;
}

function asText(pem: PEM, what: string): string {
  if (typeof pem === "string") return pem;
  if (pem instanceof Uint8Array) return new TextDecoder().decode(pem);
  throw new InvalidCertificate(
    `${what}: expected PEM as a string or bytes, got ${pem === null ? "null" : typeof pem}`,
  );
}
