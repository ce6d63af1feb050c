/**
 * What carries the bytes: a duplex with a handful of methods. It never reads a box.
 *
 * Every transport passes the contract suite in `test/contracts/transport.ts`.
 */

export interface Transport {
  /** Begins to deliver. Called once. */
  start(receiver: TransportReceiver): void;
  /**
   * Sends bytes, in order, and several chunks at one go where it can. They belong to the transport until `unsent` is 0:
   * after a write that leaves `unsent` at 0 they may be written to again.
   */
  write(...chunks: readonly Uint8Array[]): void;
  /** Bytes written here that the system or the peer has not taken yet. */
  readonly unsent: number;
  /** Resolves when `unsent` is 0; also when the transport is lost meanwhile. */
  flushed(): Promise<void>;
  /** Stops delivering. What is under way may still be delivered. */
  pause(): void;
  /** Delivers again. */
  resume(): void;
  /** Set where the transport is inside TLS from its first byte on: `tls:` or `wss:`. */
  readonly tls?: TLSSession | undefined;
  /** True if every write must be exactly one box: for carriers of boxes. Default false. */
  readonly oneBoxPerWrite?: boolean | undefined;
  /** Bytes received and not delivered, where the transport can know. */
  readonly undelivered: number;
  /** Ends our side once everything is written; the peer may go on. */
  end(): void;
  /** Ends both sides at once. `lost` follows, with the reason. Harmless when repeated. */
  destroy(reason?: Error): void;
  /**
   * Checks what is to be used for TLS; absent where the transport cannot start TLS in mid-stream.
   * @throws InvalidCertificate, TLSNotAvailable: nothing has been changed
   */
  prepareTLS?(options: TLSOptions): StartTLSTransport;
  /** Gives the stream away, with bytes to be read first. Nothing is delivered or written here afterwards. */
  detach?(leftovers: Uint8Array): unknown;
}

/** Runs the handshake on a paused and flushed transport. Afterwards the same transport carries TLS, still paused. */
export type StartTLSTransport = (leftovers: Uint8Array, side: "asker" | "responder") => Promise<TLSSession>;

/**
 * Whose received bytes are.
 *
 * - `shared`: others may read them too, and nobody writes to them again.
 * - `sole`: nobody else has them: the receiver may write to them.
 * - `lent`: the receiver may read them until `received` returns. Afterwards their owner writes to them.
 */
export type ChunkOwnership = "shared" | "owned" | "borrowed";

/** Who hears from a transport. */
export interface TransportReceiver {
  /**
   * Bytes arrived, at least one.
   * @param ownership whose they are. Default `shared`
   */
  received(chunk: Uint8Array, ownership?: ChunkOwnership): void;
  /**
   * Where the receiver would have the next bytes, for a transport that can choose where it reads into: it may look here after
   * any `received`, and reads into it once. What it has read is received as the beginning of this memory, `sole`.
   * Undefined: anywhere.
   */
  room?(): Uint8Array | undefined;
  /** The peer has ended its side. It may still read. */
  ended(): void;
  /** `unsent` has gone down to 0 after it was not. */
  drained(): void;
  /**
   * Nothing will come or go any more. Called exactly once.
   * @param reason an AmpError is what the connection's calls reject with; any other error becomes its cause
   */
  lost(reason?: Error): void;
}

/** A certificate, as the core sees one: `Certificate` of `ampwire/node`. */
export interface CertificateLike {
  readonly commonName: string | undefined;
  toPEM(): string;
}

/** A certificate with its key: `PrivateCertificate` of `ampwire/node`. */
export interface PrivateCertificateLike extends CertificateLike {
  toPEMWithKey(): string;
}

/** What one side presents and demands on StartTLS. */
export interface TLSOptions {
  /** What we present. Without it a TLS client is anonymous and a TLS server makes a temporary certificate. */
  readonly localCertificate?: PrivateCertificateLike | undefined;
  /** Whom we trust to vouch for the peer. Without them the peer is not verified at all. */
  readonly verifyAuthorities?: readonly CertificateLike[] | undefined;
  /** TLS client only: the name that the peer's certificate must bear. Needs `verifyAuthorities`. */
  readonly serverName?: string | undefined;
}

/** What a handshake has come to. */
export interface TLSSession {
  readonly peerCertificate: CertificateLike | undefined;
  readonly hostCertificate: PrivateCertificateLike | undefined;
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string;
  /** The cipher's standard name. */
  readonly cipher: string;
  /** True when the peer's certificate was checked against authorities. */
  readonly verified: boolean;
}

/** Time: given from outside, so that tests set it by hand. */
export interface Clock {
  /** Milliseconds, from any beginning. */
  now(): number;
  /** Calls back once, after so many milliseconds. */
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
}
