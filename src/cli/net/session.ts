/** Describes the TLS session of a connection. */
import type { AmpConnection } from "../../index.ts";

/** Returns one line with protocol, cipher, peer certificate, and whether the certificate was verified. */
export function sessionText({ tls }: Pick<AmpConnection, "tls">): string {
  if (tls === undefined) return "plaintext";
  const { protocol, cipher, peerCertificate, verified } = tls;
  const peer = peerCertificate === undefined ? "peer without certificate" : `peer ${String(peerCertificate)}`;
  return `${protocol} ${cipher}, ${peer}${verified ? ", verified" : ", not verified"}`;
}
