/** The peer's certificate, and the version and cipher of a TLS socket. */
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { Certificate } from "../certificates/certificate.ts";
import { weakness } from "../certificates/strength.ts";
import { IS_NODE } from "./runtime.ts";

export interface PeerDescription {
  /** Undefined for a client without certificate. Unverified, unless `verifyAuthorities` was set. */
  readonly certificate: Certificate | undefined;
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string | undefined;
  /** The cipher's standard name: for example, `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string | undefined;
}

export function describePeer(tlsSocket: TLSSocket): PeerDescription {
  // On a destroyed socket both methods return undefined, although their types exclude it.
  const cipher: { readonly standardName: string } | undefined = tlsSocket.getCipher() ?? undefined;
  return {
    certificate: peerCertificate(tlsSocket),
    protocol: tlsSocket.getProtocol() ?? undefined,
    cipher: cipher?.standardName,
  };
}

/** Certificates that were read before. Verification, error messages and the session all need the certificate. */
const known = new WeakMap<TLSSocket, Certificate>();

export function peerCertificate(tlsSocket: TLSSocket): Certificate | undefined {
  let certificate = known.get(tlsSocket);
  if (certificate !== undefined) return certificate;
  // `getPeerX509Certificate` is not used: on some versions of Node it removes the certificate from `getPeerCertificate`,
  // which Node's own check of the name needs. The result is undefined on a destroyed socket, and an empty object without
  // a certificate.
  const found: { readonly raw?: Uint8Array } | undefined = tlsSocket.getPeerCertificate() ?? undefined;
  if (found?.raw === undefined) return undefined;
  certificate = new Certificate(found.raw);
  known.set(tlsSocket, certificate);
  return certificate;
}

/**
 * Returns why the certificate of a peer that must be verified is refused after all, or undefined.
 * @param isNode true if the runtime has refused weak certificates already
 */
export function verificationFailure(tlsSocket: TLSSocket, isNode = IS_NODE): unknown {
  // Node has checked this already. It is checked twice because the whole security of the connection depends on it.
  if (!tlsSocket.authorized || peerCertificate(tlsSocket) === undefined)
    return tlsSocket.authorizationError ?? "NOT_VERIFIED";
  return !isNode && peerChain(tlsSocket).some(weakness) ? "WEAK_CERTIFICATE" : undefined;
}

/** Returns the certificates that a peer sent, beginning with its own, and those of CAs that complete the chain. */
function peerChain(tlsSocket: TLSSocket): Certificate[] {
  const chain: Certificate[] = [];
  // Without a certificate the object is empty. A root is its own issuer.
  let link: Partial<DetailedPeerCertificate> | undefined = tlsSocket.getPeerCertificate(true);
  while (link?.raw !== undefined) {
    chain.push(new Certificate(link.raw));
    link = link.issuerCertificate === link ? undefined : link.issuerCertificate;
  }
  return chain;
}
