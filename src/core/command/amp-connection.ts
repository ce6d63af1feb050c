/** A connection as its users see it: what responders get, and what `connect` and `attach` return. */
// A program for browsers of ES2022 does not have the type `AsyncDisposable` otherwise.
/// <reference lib="esnext.disposable" preserve="true" />

import type { AbortSignalLike } from "../platform.ts";
import type { Fields, InputOf, ValuesOf } from "../schema/argument.ts";
import type { CertificateLike, PrivateCertificateLike, TLSOptions, TLSSession } from "../transport.ts";
import type { Box } from "../wire/box.ts";
import type { Command } from "./command.ts";

/** How long a call may take. */
export interface CallOptions {
  /** Milliseconds until the call rejects with CallTimeout. Default: the connection's `callTimeout`, else none. */
  readonly timeout?: number | undefined;
  /**
   * Aborting it rejects the call with the signal's reason. The peer is not told: AMP has no such message. When it is
   * aborted already nothing is sent, and a command that wants no answer throws the reason.
   */
  readonly signal?: AbortSignalLike | undefined;
}

/** What a command without arguments is given. `{}` would be anything. */
type NoArguments = Readonly<Record<string, never>>;

/** What follows the command in `callRemote`: its arguments may be left out where none is required. */
export type CallParameters<A extends Fields> = keyof A extends never
  ? [args?: NoArguments, options?: CallOptions]
  : {} extends InputOf<A>
    ? [args?: InputOf<A>, options?: CallOptions]
    : [args: InputOf<A>, options?: CallOptions];

/** A promise of the response; `undefined` for a command that wants no answer. */
export type CallResult<R extends Fields, Q extends boolean> = Q extends false
  ? undefined
  : Promise<ValuesOf<R>>;

/** What StartTLS may be told beside the certificates. */
export interface StartTLSOptions extends TLSOptions, CallOptions {
  /**
   * Refuse to upgrade while calls asked in plaintext are unanswered, in either direction. Default false. Calls that the
   * peer makes before it answers StartTLS cannot be answered in plaintext any more: they close the connection.
   */
  readonly requireQuiescent?: boolean | undefined;
}

/** Whoever calls a peer: a connection, or a client that keeps one up. */
export interface Caller {
  /**
   * Calls the peer.
   *
   * Rejects, with nothing sent, with InvalidSignature or TooLong for arguments that do not fit, TLSRequired,
   * LimitExceeded; then with an error the command declares, UnknownRemoteError, UnhandledCommand, CallTimeout,
   * the signal's reason, or ConnectionLost. A command that wants no answer throws the first kind instead,
   * and is dropped in silence when the connection is gone.
   */
  callRemote<A extends Fields, R extends Fields, Q extends boolean>(
    command: Command<A, R, Q>,
    ...rest: CallParameters<A>
  ): CallResult<R, Q>;
  /** The low level: a command by name, box in, box out. */
  callRemoteString(name: string, box?: Box, options?: CallOptions): Promise<Box>;
  callRemoteString(
    name: string,
    box: Box | undefined,
    options: CallOptions & { requiresAnswer: false },
  ): undefined;
}

/** A connection, whatever carries it. */
export interface AmpConnection extends Caller, AsyncDisposable {
  /**
   * Turns to TLS. Resolves when TLS is established and the peer verified. What fails once the ask is sent closes the
   * connection; what is wrong before that (InvalidCertificate, OnlyOneTLS, TLSNotAvailable, NotQuiescent) only rejects.
   */
  startTLS(options?: StartTLSOptions): Promise<void>;
  /** True once everything goes through TLS. */
  readonly secure: boolean;
  /** What the TLS handshake has come to; undefined in plaintext. */
  readonly tls: TLSSession | undefined;
  /** The peer's certificate, once TLS is established. Undefined for an anonymous peer. */
  readonly peerCertificate: CertificateLike | undefined;
  /** The certificate that we presented, once TLS is established. */
  readonly hostCertificate: PrivateCertificateLike | undefined;
  /** Resolves, never rejects, with the reason when the connection has ended. */
  readonly closed: Promise<Error>;
  /**
   * Finishes what is in progress in both directions, then ends. What the peer asks meanwhile is served too, for two seconds
   * and as long as calls of ours wait. Resolves when the connection has ended: a responder that waits for it would wait
   * for its own answer.
   */
  close(): Promise<void>;
  /** Ends at once. Calls in progress reject with the reason. */
  destroy(reason?: Error): void;
}
