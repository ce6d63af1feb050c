/** Parser of PEM text: labelled blocks of base64. Text between the blocks is ignored. */
import { InvalidCertificate } from "../../core/errors/tls.ts";

/** PEM text, as a string or as the bytes of a file. */
export type PEM = string | Uint8Array;

export interface PEMBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, `EC PRIVATE KEY`, ... */
  readonly label: string;
  /** The block with its BEGIN and END lines. */
  readonly text: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*(?:-(?!----)[^-]*)*-----END \1-----/g;

/**
 * Returns the blocks of a PEM text.
 * @param what the expected content, for error messages
 * @throws InvalidCertificate if the text has no block, or a block without an END line
 */
export function pemBlocks(pem: PEM, what: string): PEMBlock[] {
  const text = asText(pem, what);
  const blocks = Array.from(text.matchAll(BLOCK), (match) => ({ label: match[1] ?? "", text: match[0] }));
  const begun = text.split("-----BEGIN ").length - 1;
  if (begun === 0) throw new InvalidCertificate(`${what}: not PEM text: no line begins with -----BEGIN`);
  if (begun > blocks.length)
    throw new InvalidCertificate(`${what}: malformed PEM text: a block has no matching END line`);
  return blocks;
}

function asText(pem: PEM, what: string): string {
  if (typeof pem === "string") return pem;
  if (pem instanceof Uint8Array) return new TextDecoder().decode(pem);
  throw new InvalidCertificate(
    `${what}: expected PEM as a string or bytes, got ${pem === null ? "null" : typeof pem}`,
  );
}
