/** What was negotiated, for people. */
import type { AmpConnection } from "../../index.ts";

/** One line: version, cipher, who the peer is, and whether anybody vouches for it. */
export function sessionText({ tls }: Pick<AmpConnection, "tls">): string {
  if (tls === undefined) return "plaintext";
  const { protocol, cipher, peerCertificate, verified } = tls;
  const peer = peerCertificate === undefined ? "an anonymous peer" : `peer ${String(peerCertificate)}`;
  return `${protocol} ${cipher}, ${peer}${verified ? ", verified" : ", not verified"}`;
}
