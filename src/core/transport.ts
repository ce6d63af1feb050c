/** Transports: the interfaces between a connection and the byte stream under it. */

/**
 * A duplex byte stream under a connection. It does not know boxes.
 *
 * Every transport passes the contract suite in `test/contracts/transport.ts`.
 */
export interface Transport {
  /** Starts to deliver received bytes. Called once. */
  start(receiver: TransportReceiver): void;
  /**
   * Sends chunks in order, with one system call if it can. The transport owns the chunks until `unsent` is 0. If `unsent` is
   * 0 when `write` returns, the caller may write to them again.
   */
  write(...chunks: readonly Uint8Array[]): void;
  /** Bytes written that the system or the peer has not taken yet. */
  readonly unsent: number;
  /**
   * Bytes that the system has taken, or any number that grows with them. It shows whether the peer reads while one large write
   * is under way, when `unsent` does not change. Default: computed from `unsent`.
   */
  readonly taken?: number | undefined;
  /** Address of this end; undefined if the transport has none, and after it has closed unless it was read before. */
  readonly localAddress?: Address | undefined;
  /** Address of the peer; undefined if the transport has none. It stays known after the transport has closed. */
  readonly remoteAddress?: Address | undefined;
  /** Resolves when `unsent` is 0, or when the transport is lost. */
  flushed(): Promise<void>;
  /** Stops delivering. Bytes that are already being read may still be delivered. */
  pause(): void;
  /** Starts to deliver again after `pause`. */
  resume(): void;
  /** TLS session of a transport that uses TLS from its first byte, for example `wss:`. Undefined in plaintext. */
  readonly tls?: TLSSession | undefined;
  /**
   * TLS role of this end in a later StartTLS. A `server` has accepted the connection: with the option `extensions` it shows the
   * peer that it knows the commands `ampwire.*`. Undefined if the role is not known.
   */
  readonly tlsRole?: "client" | "server" | undefined;
  /** True if every write must be exactly one box: for carriers of boxes. Default false. */
  readonly oneBoxPerWrite?: boolean | undefined;
  /** Bytes received and not delivered; 0 if the transport cannot know. */
  readonly undelivered: number;
  /** Ends the sending side once everything is written. The peer may still send. */
  end(): void;
  /** Ends both sides at once. The receiver's `lost` is called with the reason. Further calls have no effect. */
  destroy(reason?: Error): void;
  /**
   * Checks the TLS options of an upgrade. Absent if the transport cannot be upgraded to TLS.
   * @returns the function that performs the handshake
   * @throws InvalidCertificate, TLSNotAvailable: the transport is unchanged
   */
  prepareTLS?(options: TLSOptions): StartTLSTransport;
  /** Returns the stream for another protocol, which reads `leftovers` first. Afterwards the transport does nothing. */
  detach?(leftovers: Uint8Array): unknown;
}

/** Address of one end of a TCP connection. */
export interface SocketAddress {
  /** The IP address. */
  readonly address: string;
  readonly port: number;
  readonly family: "IPv4" | "IPv6";
}

/** Address of one end of a connection, or the path of a UNIX socket. */
export type Address = SocketAddress | string;

/** Performs the TLS handshake on a paused and flushed transport. Afterwards the transport uses TLS, and is still paused. */
export type StartTLSTransport = (leftovers: Uint8Array, side: "asker" | "responder") => Promise<TLSSession>;

/**
 * Ownership of received bytes.
 *
 * - `shared`: others may read them too, and they never change
 * - `owned`: they belong to the receiver, which may write to them
 * - `borrowed`: the receiver may read them until `received` returns; afterwards their owner overwrites them
 */
export type ChunkOwnership = "shared" | "owned" | "borrowed";

/** Receiver of a transport's bytes and events. */
export interface TransportReceiver {
  /**
   * Called with received bytes, at least one.
   * @param ownership ownership of the bytes. Default `shared`
   */
  received(chunk: Uint8Array, ownership?: ChunkOwnership): void;
  /**
   * Returns memory for the next bytes, for a transport that can choose where it reads to. The transport may call it after any
   * `received`, and reads into the memory once. It then passes the filled beginning of the memory to `received` as `owned`.
   * Undefined if the receiver does not offer any.
   */
  room?(): Uint8Array | undefined;
  /** Called when the peer has ended its sending side. It may still read. */
  ended(): void;
  /** Called when `unsent` has returned to 0. */
  drained(): void;
  /**
   * Called exactly once, when nothing can be sent or received any more.
   * @param reason an AmpError becomes the reason of the connection; any other error becomes the cause of the reason
   */
  lost(reason?: Error): void;
}

/** A certificate as the core knows it. `Certificate` of `ampwire/node` is one. */
export interface CertificateLike {
  readonly commonName: string | undefined;
  toPEM(): string;
}

/** A certificate with its private key. `PrivateCertificate` of `ampwire/node` is one. */
export interface PrivateCertificateLike extends CertificateLike {
  toPEMWithKey(): string;
}

/** Versions of TLS that the library supports. */
export type TLSVersion = "TLSv1.2" | "TLSv1.3";

/** Sets of CAs that have a name: see `verifyAuthorities`. */
export type NamedAuthorities = "public" | "system";

/** A certificate revocation list: PEM text with one or more lists, or the bytes of a PEM or DER file. */
export type RevocationList = string | Uint8Array;

/**
 * TLS options of one end for StartTLS. Every place that accepts one of them accepts all of them: the `tls` option of a
 * connection, `startTLS()`, and `tls_options` of the command StartTLS.
 */
export interface TLSOptions {
  /** Certificate that this end presents. Default: a TLS client is anonymous, a TLS server creates a temporary certificate. */
  readonly localCertificate?: PrivateCertificateLike | undefined;
  /**
   * CAs that this end trusts to issue the peer's certificate. `"public"` names the CAs that Node trusts by default,
   * `"system"` those of the operating system. Default: the peer is not verified.
   */
  readonly verifyAuthorities?: readonly CertificateLike[] | NamedAuthorities | undefined;
  /** Name that the server's certificate must contain. Only for the TLS client, and only with `verifyAuthorities`. */
  readonly serverName?: string | undefined;
  /** Oldest accepted version of TLS. Default TLS 1.2, which is also the minimum. */
  readonly minVersion?: TLSVersion | undefined;
  /** Newest accepted version of TLS. Default TLS 1.3. */
  readonly maxVersion?: TLSVersion | undefined;
  /** Accepted cipher suites, the preferred one first. Default: all suites that the library accepts. */
  readonly ciphers?: readonly string[] | undefined;
  /** Revocation lists. With them, the peer's certificate and its CAs must not be revoked. Only with `verifyAuthorities`. */
  readonly crl?: RevocationList | readonly RevocationList[] | undefined;
  /** Receives the secrets of the connection, as lines of the SSLKEYLOGFILE format. Only for debugging. Default: none. */
  readonly keyLog?: ((line: string) => void) | undefined;
  /**
   * Chooses the certificate of a TLS server by the name that the client sent (SNI). Undefined selects `localCertificate`.
   * Not called for a client that sent no name.
   */
  readonly certificateFor?:
    | ((
        serverName: string,
      ) => PrivateCertificateLike | undefined | Promise<PrivateCertificateLike | undefined>)
    | undefined;
}

/** Result of a TLS handshake. */
export interface TLSSession {
  readonly peerCertificate: CertificateLike | undefined;
  readonly hostCertificate: PrivateCertificateLike | undefined;
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string;
  /** Standard name of the cipher. */
  readonly cipher: string;
  /** True if the peer's certificate was verified with CAs; undefined if this is not known, as over a WebSocket. */
  readonly verified: boolean | undefined;
}

/** Source of time. Tests pass a clock that they advance themselves. */
export interface Clock {
  /** Milliseconds since any fixed moment. */
  now(): number;
  /** Calls `callback` once after a number of milliseconds. */
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
  /**
   * Calls `callback` once in the next turn of the event loop, after new input. Connections with the same function take turns.
   * Default: `setTimeout` with 0 milliseconds.
   */
  readonly nextTurn?: ((callback: () => void) => void) | undefined;
}
