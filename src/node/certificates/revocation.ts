/** Certificate revocation lists (CRLs), in the form that Node's TLS accepts. */
import { createHash } from "node:crypto";
import { createSecureContext } from "node:tls";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import { messageOf } from "../../core/errors/to-error.ts";
import type { RevocationList } from "../../core/transport.ts";
import { isBytes } from "../../core/wire/value-text.ts";
import { pemBlocks } from "./pem.ts";

export const CRL_LABEL = "X509 CRL";

/** The object identifier 2.5.29.27 in DER, which marks a delta list: changes since another list (RFC 5280, 5.2.4). */
const DELTA = Buffer.of(0x06, 0x03, 0x55, 0x1d, 0x1b);

/** A list that was parsed and checked. */
export interface ParsedList {
  readonly pem: string;
  /** SHA-256 of the PEM text. Lists may have megabytes, so a cache is searched by this. */
  readonly digest: string;
}

/** Maximum number of texts whose lists are kept, besides those in use. */
const MAX_KEPT = 16;
/** Lists by the text that contains them, the least recently parsed first. */
const byText = new Map<string, readonly ParsedList[]>();
/**
 * Lists by the bytes that contain them, with a copy of the bytes: a program may read a renewed list into the same array. To
 * compare a megabyte takes a twentieth of the time of its conversion to text.
 */
const byBytes = new WeakMap<Uint8Array, { readonly copy: Buffer; readonly lists: readonly ParsedList[] }>();

/**
 * Returns the lists of all sources.
 *
 * The longest comes first: OpenSSL uses the first one if one CA has issued several with the same time.
 * @throws InvalidCertificate if an element is not a revocation list
 */
export function revocationLists(crl: RevocationList | readonly RevocationList[]): readonly ParsedList[] {
  const sources = Array.isArray(crl) ? crl : [crl];
  for (const oldest of byText.keys()) {
    if (byText.size <= sources.length + MAX_KEPT) break;
    byText.delete(oldest);
  }
  const lists = sources.flatMap((source) => (isBytes(source) ? listsInBytes(source) : listsInText(source)));
  if (lists.length === 0)
    throw new InvalidCertificate("crl is empty: add a revocation list, or omit the option");
  return lists.sort((a, b) => b.pem.length - a.pem.length);
}

function listsInBytes(source: Uint8Array): readonly ParsedList[] {
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  const known = byBytes.get(source);
  if (known?.copy.equals(bytes)) return known.lists;
  const lists = listsInText(bytes.toString("latin1"), source);
  byBytes.set(source, { copy: Buffer.from(bytes), lists });
  return lists;
}

/** @param source the bytes of the text, which may also be DER */
function listsInText(text: string, source: RevocationList = text): readonly ParsedList[] {
  let lists = byText.get(text);
  if (lists === undefined) {
    lists = parsed(source);
    byText.set(text, lists);
  }
  return lists;
}

function parsed(source: RevocationList): ParsedList[] {
  const blocks = pemBlocks(source, "crl", CRL_LABEL);
  return blocks.map(({ label, text }) => {
    if (label !== CRL_LABEL && label !== "CRL")
      throw new InvalidCertificate(`crl: the PEM text holds a ${label}, not a revocation list (X509 CRL)`);
    const list = text.replaceAll(`-----BEGIN ${label}-----`, `-----BEGIN ${CRL_LABEL}-----`);
    const pem = checked(list.replaceAll(`-----END ${label}-----`, `-----END ${CRL_LABEL}-----`));
    return { pem, digest: createHash("sha256").update(pem).digest("base64") };
  });
}

function checked(list: string): string {
  try {
    createSecureContext({ ca: [], crl: [list] }); // `ca`: without it, Node would load its root certificates
  } catch (cause) {
    throw new InvalidCertificate(`crl: malformed revocation list: ${messageOf(cause)}`, { cause });
  }
  if (Buffer.from(list.replaceAll(/-----.*-----|\s/g, ""), "base64").includes(DELTA))
    throw new InvalidCertificate(
      "crl: a delta list is not supported: OpenSSL would take it for all revoked certificates; use the complete list of the CA",
    );
  return list;
}
