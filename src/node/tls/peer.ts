/** Who is at the other end of a TLS stream, and how it is encrypted. */
import type { TLSSocket } from "node:tls";
import { Certificate } from "../certificates/certificate.ts";

export interface PeerDescription {
  /** undefined for an anonymous client. Whether it was verified depends on `verifyAuthorities`. */
  readonly certificate: Certificate | undefined;
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string | undefined;
  /** Its standard name: `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string | undefined;
}

export function describePeer(tlsSocket: TLSSocket): PeerDescription {
  // Both are undefined on a socket that is already destroyed, whatever their types say.
  const cipher: { readonly standardName: string } | undefined = tlsSocket.getCipher() ?? undefined;
  return {
    certificate: peerCertificate(tlsSocket),
    protocol: tlsSocket.getProtocol() ?? undefined,
    cipher: cipher?.standardName,
  };
}

/** Read out of the socket once: who verifies asks before whoever describes, and a failure asks too. */
const known = new WeakMap<TLSSocket, Certificate>();

export function peerCertificate(tlsSocket: TLSSocket): Certificate | undefined {
  let certificate = known.get(tlsSocket);
  if (certificate !== undefined) return certificate;
  // Not `getPeerX509Certificate`: on some versions of Node it takes the certificate away from `getPeerCertificate`,
  // which Node's own check of the name relies on. Nothing on a destroyed socket, an empty object without certificate.
  const found: { readonly raw?: Uint8Array } | undefined = tlsSocket.getPeerCertificate() ?? undefined;
  if (found?.raw === undefined) return undefined;
  certificate = new Certificate(found.raw);
  known.set(tlsSocket, certificate);
  return certificate;
}
