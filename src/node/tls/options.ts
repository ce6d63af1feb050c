/** Options of one end of an upgrade to TLS. */
import type { Certificate } from "../certificates/certificate.ts";
import type { PrivateCertificate } from "../certificates/private-certificate.ts";

/** Role in the TLS handshake. The end that opened the connection is the client, even if the other end called StartTLS. */
export type TLSRole = "client" | "server";

/** Versions of TLS that the library supports. */
export type TLSVersion = "TLSv1.2" | "TLSv1.3";

/** Certificate and verification options of one end of a TLS handshake. */
export interface TLSOptions {
  /**
   * Certificate that this end presents. Default: a client presents none, a server presents a self-signed certificate that
   * is generated once per process.
   */
  readonly localCertificate?: PrivateCertificate | undefined;
  /**
   * Trusted CAs. The peer must present a certificate that one of them issued; its chain and its validity period are
   * checked. Node's own root certificates are never used. Default: the peer's certificate is not verified. An empty list
   * throws InvalidCertificate.
   */
  readonly verifyAuthorities?: readonly Certificate[] | undefined;
  /**
   * Host name or IP address that the server's certificate must contain. A host name is also sent to the server (SNI). For
   * TLS clients only. Requires `verifyAuthorities`, because the name in an unverified certificate proves nothing.
   */
  readonly serverName?: string | undefined;
  /** Oldest accepted version of TLS. Default TLS 1.2, which is also the minimum. */
  readonly minVersion?: TLSVersion | undefined;
  /** Newest accepted version of TLS. Default TLS 1.3. */
  readonly maxVersion?: TLSVersion | undefined;
}

export interface UpgradeOptions extends TLSOptions {
  readonly role: TLSRole;
  /** Signal that cancels the handshake, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}
