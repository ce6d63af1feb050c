/**
 * Parser of PEM text: labelled blocks of base64. Text between the blocks is ignored.
 *
 * Environment variables and configuration files often damage the line breaks. Blocks with blanks or a literal `\n` in place of
 * line breaks are read too, and so are DER files, which are the same bytes without base64.
 */

import { InvalidCertificate } from "../../core/errors/tls.ts";
import { isBytes } from "../../core/wire/value-text.ts";
import { INTEGER, readDER, SEQUENCE } from "./der.ts";

/** PEM text, as a string or as the bytes of a file. A file may also be in DER, the binary form. */
export type PEM = string | Uint8Array;

export interface PEMBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, `EC PRIVATE KEY`, ... */
  readonly label: string;
  /** The block with its BEGIN and END lines. */
  readonly text: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*(?:-(?!----)[^-]*)*)-----END \1-----/g;

/** Older names of labels, by which OpenSSL and its readers know the same content. */
const LABELS: Readonly<Record<string, string>> = { "X509 CERTIFICATE": "CERTIFICATE" };

/**
 * Returns the blocks of a PEM text, with one line break at the end of each line of 64 characters.
 * @param what the expected content, for error messages
 * @param derLabel label of a DER file's content
 * @throws InvalidCertificate if the text has no block, or a block without an END line
 */
export function pemBlocks(pem: PEM, what: string, derLabel: string): PEMBlock[] {
  if (isDER(pem)) return [derBlock(pem, what, derLabel)];
  const text = asText(pem, what).replaceAll(/(?:\\{1,4}r)?\\{1,4}n/g, "\n");
  const blocks = Array.from(text.matchAll(BLOCK), ([, given = "", body = ""]) => {
    const label = LABELS[given] ?? given;
    return { label, text: pemText(label, body) };
  });
  const begun = text.split("-----BEGIN ").length - 1;
  if (begun === 0)
    throw new InvalidCertificate(`${what}: not PEM text: no line begins with -----BEGIN${hint(text)}`);
  if (begun > blocks.length)
    throw new InvalidCertificate(`${what}: malformed PEM text: a block has no matching END line`);
  return blocks;
}

/** True for the bytes of a DER file. Its first byte is also the character 0, with which text before a PEM block may begin. */
export function isDER(pem: PEM): pem is Uint8Array {
  return isBytes(pem) && pem[0] === SEQUENCE && !Buffer.from(pem).includes("-----BEGIN ");
}

/** Returns a PEM block. Headers, as in encrypted keys of OpenSSL's old format, need their line breaks and stay as they are. */
export function pemText(label: string, body: string): string {
  const lines = body.includes(":")
    ? body.trim()
    : body.replaceAll(/\s+/g, "").replaceAll(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

function derBlock(der: Uint8Array, what: string, label: string): PEMBlock {
  if (isPKCS12(der)) {
    throw new InvalidCertificate(
      `${what}: this is a PKCS#12 file (.p12 or .pfx); convert it to PEM with openssl pkcs12 -in FILE -out FILE.pem`,
    );
  }
  if (isPKCS7(der)) {
    throw new InvalidCertificate(
      `${what}: this is a PKCS#7 file (.p7b); convert it to PEM with openssl pkcs7 -inform DER -print_certs -in FILE -out FILE.pem`,
    );
  }
  return { label, text: pemText(label, Buffer.from(der).toString("base64")) };
}

/** A PKCS#12 file is a sequence that begins with the number 3. */
function isPKCS12(der: Uint8Array): boolean {
  try {
    const { start } = readDER(der, 0);
    const version = readDER(der, start);
    return version.tag === INTEGER && version.end - version.start === 1 && der[version.start] === 3;
  } catch {
    return false; // not DER: the parser of the content reports it
  }
}

/** The object identifier 1.2.840.113549.1.7.2 in DER: signed data, the content of a PKCS#7 file. */
const SIGNED_DATA = Buffer.from("06092a864886f70d010702", "hex");

/** A PKCS#7 file is a sequence that begins with the kind of its content. */
function isPKCS7(der: Uint8Array): boolean {
  return Buffer.from(der.subarray(0, 32)).includes(SIGNED_DATA);
}

function hint(text: string): string {
  if (text.trim() === "") return "; it is empty";
  if (text.startsWith("LS0tLS1")) return "; it is base64 of PEM text: decode it first";
  if (/-\0-|\0-\0/.test(text)) return "; it seems to be UTF-16: convert it to UTF-8";
  if (text.includes("\0")) return "; it is binary data, and not DER";
  if (text.includes("BEGIN ")) return "; its BEGIN line is damaged: it needs five dashes at each end";
  if (text !== "" && text.length < 1024 && /^[^\n]*\.[a-z0-9]{2,4}$/i.test(text))
    return "; it seems to be the name of a file: read the file first";
  return "";
}

function asText(pem: PEM, what: string): string {
  if (typeof pem === "string") return pem;
  if (isBytes(pem)) return new TextDecoder().decode(pem);
  throw new InvalidCertificate(
    `${what}: expected PEM as a string or bytes, got ${pem === null ? "null" : typeof pem}`,
  );
}
