/** Options of one end of an upgrade to TLS. */
import type { AmpConnection } from "../../core/command/types.ts";
import type {
  TLSOptions as CoreTLSOptions,
  NamedAuthorities,
  RevocationList,
  TLSVersion,
} from "../../core/transport.ts";
import type { Certificate } from "../certificates/certificate.ts";
import type { PrivateCertificate } from "../certificates/private-certificate.ts";

/** Role in the TLS handshake. The end that opened the connection is the client, even if the other end called StartTLS. */
export type TLSRole = "client" | "server";

export type { NamedAuthorities, RevocationList, TLSVersion };

/** Certificate and verification options of one end of a TLS handshake. */
export interface TLSOptions extends CoreTLSOptions {
  /**
   * Certificate that this end presents, with its chain. Default: a client presents none, a server presents a self-signed
   * certificate that is generated once per process.
   */
  readonly localCertificate?: PrivateCertificate | undefined;
  /**
   * Trusted CAs. The peer must present a certificate that one of them issued; its chain and its validity period are
   * checked. A CA of this list need not be a root: its own issuer is not needed. Default: the peer's certificate is not
   * verified. An empty list throws InvalidCertificate.
   *
   * `"public"` names the CAs that Node trusts by default, with `NODE_EXTRA_CA_CERTS`. `"system"` names the CAs of the operating
   * system. With both, set `serverName`: these CAs issue certificates to everyone.
   */
  readonly verifyAuthorities?: readonly Certificate[] | NamedAuthorities | undefined;
  /**
   * Host name or IP address that the server's certificate must contain as a subject alternative name. A common name does not
   * count. A host name is also sent to the server (SNI). For TLS clients only. Requires `verifyAuthorities`, because the name in
   * an unverified certificate proves nothing.
   */
  readonly serverName?: string | undefined;
  /**
   * Accepted cipher suites, the preferred one first, by their standard or OpenSSL names. The list must be a part of the
   * default: suites with an ephemeral key exchange and AES-GCM or ChaCha20-Poly1305.
   */
  readonly ciphers?: readonly string[] | undefined;
  /**
   * Certificate revocation lists, in PEM or DER. With them, every certificate of the peer's chain needs a list of its issuer
   * that is not out of date. Delta lists are refused. Only with `verifyAuthorities`. Not available on Bun and Deno, which throw
   * InvalidCertificate.
   */
  readonly crl?: RevocationList | readonly RevocationList[] | undefined;
  /**
   * Receives the secrets of the connection, as lines of the SSLKEYLOGFILE format without a line break. They decrypt a
   * recording of the connection: use them for debugging only. Default: none. No environment variable sets it.
   */
  readonly keyLog?: ((line: string) => void) | undefined;
  /**
   * Chooses the certificate of a TLS server by the name that the client sent (SNI). Undefined selects `localCertificate`.
   * Not called for a client that sent no name. If it throws or rejects, the handshake fails.
   */
  readonly certificateFor?:
    | ((serverName: string) => PrivateCertificate | undefined | Promise<PrivateCertificate | undefined>)
    | undefined;
}

/** A function that returns the TLS options for one handshake of a connection. If it fails, the upgrade fails. */
export type TLSProvider = (connection: AmpConnection | undefined) => TLSOptions | Promise<TLSOptions>;

export interface UpgradeOptions extends TLSOptions {
  readonly role: TLSRole;
  /** Signal that cancels the handshake, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}
