/** Certificate revocation lists (CRLs), in the form that Node's TLS accepts. */
import { createSecureContext } from "node:tls";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import { messageOf } from "../../core/errors/to-error.ts";
import type { RevocationList } from "../../core/transport.ts";
import { isBytes } from "../../core/wire/value-text.ts";
import { pemBlocks } from "./pem.ts";

export const CRL_LABEL = "X509 CRL";

/** The object identifier 2.5.29.27 in DER, which marks a delta list: changes since another list (RFC 5280, 5.2.4). */
const DELTA = Buffer.of(0x06, 0x03, 0x55, 0x1d, 0x1b);

/** Maximum number of texts whose lists are kept. */
const MAX_KEPT = 16;
/** Lists by the text or the bytes that contain them. Not by the array: a program may change it, or read a file into it. */
const kept = new Map<string, readonly string[]>();

/**
 * Returns the lists as PEM text, one list each.
 *
 * The longest comes first: OpenSSL uses the first one if one CA has issued several with the same time.
 * @throws InvalidCertificate if an element is not a revocation list
 */
export function revocationLists(crl: RevocationList | readonly RevocationList[]): readonly string[] {
  const lists = (Array.isArray(crl) ? crl : [crl]).flatMap(keptLists);
  if (lists.length === 0)
    throw new InvalidCertificate("crl is empty: add a revocation list, or omit the option");
  return lists.sort((a, b) => b.length - a.length);
}

function keptLists(source: RevocationList): readonly string[] {
  const key = isBytes(source) ? latin1(source) : source;
  let lists = kept.get(key);
  if (lists === undefined) {
    lists = listsOf(source);
    for (const oldest of kept.keys()) {
      if (kept.size < MAX_KEPT) break;
      kept.delete(oldest);
    }
    kept.set(key, lists);
  }
  return lists;
}

function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

function listsOf(source: RevocationList): string[] {
  const blocks = pemBlocks(source, "crl", CRL_LABEL);
  return blocks.map(({ label, text }) => {
    if (label !== CRL_LABEL && label !== "CRL")
      throw new InvalidCertificate(`crl: the PEM text holds a ${label}, not a revocation list (X509 CRL)`);
    const list = text.replaceAll(`-----BEGIN ${label}-----`, `-----BEGIN ${CRL_LABEL}-----`);
    return checked(list.replaceAll(`-----END ${label}-----`, `-----END ${CRL_LABEL}-----`));
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
