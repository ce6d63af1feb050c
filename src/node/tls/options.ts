/** What one side of an upgrade presents and demands. */
import type { Certificate } from "../certificates/certificate.ts";
import type { PrivateCertificate } from "../certificates/private-certificate.ts";

/** Of the handshake: who opened the connection is the client, whoever asked for TLS. */
export type TLSRole = "client" | "server";

/** Older ones are never spoken. */
export type TLSVersion = "TLSv1.2" | "TLSv1.3";

/** What one side presents and demands in a handshake. */
export interface TLSOptions {
  /** What we present. Without it a client is anonymous, and a server presents a temporary certificate. */
  readonly localCertificate?: PrivateCertificate | undefined;
  /**
   * Who must have signed what the peer presents: chain and dates are checked, against these alone, never
   * against the roots that Node brings. Without it nothing is checked. An empty list is an error.
   */
  readonly verifyAuthorities?: readonly Certificate[] | undefined;
  /**
   * The host name or IP address that the server's certificate must be for; a host name is also sent to it (SNI).
   * For the TLS client, and only together with `verifyAuthorities`: a name that nobody vouches for means nothing.
   */
  readonly serverName?: string | undefined;
  /** The oldest version to accept: TLS 1.2 where nothing is said, and never an older one. */
  readonly minVersion?: TLSVersion | undefined;
  /** The newest version to accept. */
  readonly maxVersion?: TLSVersion | undefined;
}

export interface UpgradeOptions extends TLSOptions {
  readonly role: TLSRole;
  /** Aborting it ends the handshake, which rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}
