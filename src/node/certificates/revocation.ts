/** Certificate revocation lists (CRLs), in the form that Node's TLS accepts. */
import { createSecureContext } from "node:tls";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import { messageOf } from "../../core/errors/to-error.ts";
import type { RevocationList } from "../../core/transport.ts";
import { pemBlocks } from "./pem.ts";

export const CRL_LABEL = "X509 CRL";

/** Maximum number of texts and arrays of lists whose normal form is kept. */
const MAX_KEPT = 16;
const kept = new Map<unknown, readonly string[]>();

/**
 * Returns the lists as PEM text, one list each. The same argument has the same result.
 * @throws InvalidCertificate if an element is not a revocation list
 */
export function revocationLists(crl: RevocationList | readonly RevocationList[]): readonly string[] {
  let lists = kept.get(crl);
  if (lists === undefined) {
    lists = (Array.isArray(crl) ? crl : [crl]).flatMap(listsOf);
    if (lists.length === 0)
      throw new InvalidCertificate("crl is empty: add a revocation list, or omit the option");
    for (const oldest of kept.keys()) {
      if (kept.size < MAX_KEPT) break;
      kept.delete(oldest);
    }
    kept.set(crl, lists);
  }
  return lists;
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
  return list;
}
