/**
 * The PROXY header: text or bytes that a balancer sends before the first byte of its client. Versions 1 and 2, see
 * https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt.
 *
 * The npm package proxy-protocol-js does not work on streams: it rejects an incomplete header, ignores the length of a header of
 * version 2, and returns its TLVs as data of the client.
 */
import { AmpError, identify } from "../../core/errors/amp-error.ts";
import type { Address } from "../../core/transport.ts";

/** Contents of a PROXY header. The balancer has written them; nothing in them is verified. */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** `LOCAL`: a connection of the balancer itself, for example a health check. `PROXY`: a connection of one of its clients. */
  readonly command: "LOCAL" | "PROXY";
  /**
   * Address of the client. Undefined for `LOCAL`, and if the balancer does not know the address. A client on a UNIX socket
   * without a path has the address `""`.
   */
  readonly source?: Address | undefined;
  /** Address that the client connected to; undefined if `source` is. */
  readonly destination?: Address | undefined;
  /**
   * TLS session between the client and a balancer that terminates TLS. Only the balancer's word: `connection.secure` and
   * `requireTLS` ignore it.
   */
  readonly tls?: ProxyTLS | undefined;
  /** Protocol that the client has negotiated with the balancer (ALPN). */
  readonly alpn?: string | undefined;
  /** Host name that the client sent to the balancer, usually in its TLS handshake (SNI). */
  readonly authority?: string | undefined;
  /** Identifier that the balancer gave to the connection. */
  readonly uniqueId?: Uint8Array | undefined;
  /** All additional fields in the order of the header, including those above and those of types that ampwire does not know. */
  readonly tlvs: readonly ProxyTLV[];
}

/** A PROXY header, and the balancer that sent it. */
export interface ReceivedProxyHeader extends ProxyHeader {
  /** Address of the balancer; undefined over a UNIX socket. */
  readonly balancer: Address | undefined;
}

/** An additional field (type, length, value) of a PROXY header of version 2. */
export interface ProxyTLV {
  /** From 0 to 255. */
  readonly type: number;
  readonly value: Uint8Array;
}

/** A TLS session as a balancer reports it. */
export interface ProxyTLS {
  /** Version of TLS, for example `TLSv1.3`. */
  readonly protocol: string | undefined;
  readonly cipher: string | undefined;
  /** True if the client has presented a certificate, on this connection or earlier in its TLS session. */
  readonly clientCertificate: boolean;
  /** True if the balancer has verified the client's certificate. */
  readonly verified: boolean;
  /** Common name of the client's certificate. */
  readonly commonName: string | undefined;
}

/** A header, and its length in bytes. */
export interface ParsedHeader {
  readonly header: ProxyHeader;
  readonly length: number;
}

/** A connection that a server with `proxyProtocol` has refused. The server reports it to `onError`. */
export class InvalidProxyHeader extends AmpError {
  static {
    identify(this, "InvalidProxyHeader", "INVALID_PROXY_HEADER", "peer");
  }
}
