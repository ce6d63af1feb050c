/** Types of commands, calls and connections. The file holds types only, so every other file may import it. */
// Without this reference, a browser program compiled for ES2022 lacks the type `AsyncDisposable`.
/// <reference lib="esnext.disposable" preserve="true" />

import type { DeclaredErrors } from "../errors/declared-errors.ts";
import type { AbortSignalLike, Signal } from "../platform.ts";
import type { Fields, InputOf, ValuesOf } from "../schema/argument.ts";
import type { Values } from "../schema/field.ts";
import type {
  Address,
  CertificateLike,
  PrivateCertificateLike,
  TLSOptions,
  TLSSession,
} from "../transport.ts";
import type { Box } from "../wire/box.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import type { ExpectedBox } from "../wire/expected-box.ts";
import type { Frame } from "../wire/frame.ts";
import type { Tag } from "../wire/tag.ts";
import type { BoxKind, ProtocolChange } from "./protocol-change.ts";

/** A command whose argument types do not matter: the form that connections work with. */
export interface AnyCommand {
  // The fields that CommandSpec has too are documented there.
  readonly name: string;
  readonly requiresAnswer: boolean;
  readonly requireTLS: boolean;
  readonly idempotent: boolean;
  readonly commandType: BoxKind;
  readonly responseType: BoxKind;
  readonly declaredErrors: DeclaredErrors;
  /** The protocol change that follows an answered ask; undefined for ordinary commands. */
  readonly change: ProtocolChange | undefined;
  /**
   * Appends an ask. Without a tag, the ask requests no answer.
   * @throws InvalidSignature, TooLong: nothing is appended
   */
  writeAsk(out: ByteWriter, tag: number | undefined, values: Values, connection: unknown): void;
  /** Appends an answer. @throws InvalidSignature, TooLong: nothing is appended */
  writeAnswer(out: ByteWriter, tag: Tag, values: Values, connection: unknown): void;
  /** Reads the arguments from an ask. @throws InvalidSignature */
  readArguments(frame: Frame, connection: unknown): Values;
  /** Reads the response from an answer. @throws InvalidSignature */
  readResponse(frame: Frame, connection: unknown): Values;
  /** Description of an answer for the reader; undefined if its keys are not fixed. */
  readonly expectedAnswer?: ExpectedBox | undefined;
}

/**
 * A command with its types: every `Command<A, R, Q>` is one.
 * @typeParam A the arguments
 * @typeParam R the response
 * @typeParam Q false if the command has no answer
 */
export interface CommandType<A extends Fields, R extends Fields, Q extends boolean> extends AnyCommand {
  readonly arguments: A;
  readonly response: R;
  readonly requiresAnswer: Q;
}

/** Limits on one call. */
export interface CallOptions {
  /**
   * Milliseconds until the call rejects with CallTimeout. Default: the connection's `callTimeout`; no limit if that is
   * not set either.
   */
  readonly timeout?: number | undefined;
  /**
   * Signal that cancels the call: when it is aborted, the call rejects with its reason. The peer is not notified, because
   * AMP has no message for that. If the signal is already aborted, nothing is sent, and a call without an answer throws
   * the reason.
   */
  readonly signal?: AbortSignalLike | undefined;
}

/** Arguments of a command that has none. The type `{}` would accept any value. */
type NoArguments = Readonly<Record<string, never>>;

/** Parameters of `callRemote` after the command. `args` may be omitted if no argument is required. */
export type CallParameters<A extends Fields> = keyof A extends never
  ? [args?: NoArguments, options?: CallOptions]
  : {} extends InputOf<A>
    ? [args?: InputOf<A>, options?: CallOptions]
    : [args: InputOf<A>, options?: CallOptions];

/** Result of a call: a promise of the response, or `undefined` if the command has no answer. */
export type CallResult<R extends Fields, Q extends boolean> = Q extends false
  ? undefined
  : Promise<ValuesOf<R>>;

/** Options of `startTLS`. The certificates default to the connection's `tls` option. */
export interface StartTLSOptions extends TLSOptions, CallOptions {
  /**
   * True: reject the upgrade with NotQuiescent while calls made in plaintext are unanswered, in either direction. Default
   * false. If the peer makes a call between the ask for StartTLS and its answer, that call cannot be answered in
   * plaintext any more, and the connection closes.
   */
  readonly requireQuiescent?: boolean | undefined;
}

/** An object that calls a peer: a connection, or a reconnecting client. */
export interface Caller {
  /**
   * Calls a command of the peer.
   *
   * Before anything is sent, rejects with InvalidSignature or TooLong for arguments that do not fit the command, with
   * TLSRequired, or with LimitExceeded. Afterwards rejects with an error that the command declares, UnknownRemoteError,
   * UnhandledCommand, CallTimeout, the signal's reason, or ConnectionLost.
   *
   * A command without an answer (`requiresAnswer: false`) throws the errors of the first kind. If the connection is
   * closed, the call is dropped without an error.
   */
  callRemote<A extends Fields, R extends Fields, Q extends boolean>(
    command: CommandType<A, R, Q>,
    ...rest: CallParameters<A>
  ): CallResult<R, Q>;
  /** Calls a command by name, with boxes for its arguments and its response. Nothing is encoded or checked. */
  callRemoteString(name: string, box?: Box, options?: CallOptions): Promise<Box>;
  callRemoteString(
    name: string,
    box: Box | undefined,
    options: CallOptions & { requiresAnswer: false },
  ): undefined;
}

/** Limits on the time of `close()`. At a limit, the connection is destroyed, and calls in progress reject. */
export interface CloseOptions {
  /** Milliseconds. Default: no limit. */
  readonly timeout?: number | undefined;
  /** Signal that destroys the connection when it is aborted. */
  readonly signal?: AbortSignalLike | undefined;
}

/** A connection over any transport. */
export interface AmpConnection extends Caller, AsyncDisposable {
  /**
   * Upgrades the connection to TLS. Resolves when TLS is established and the peer is verified.
   *
   * Rejects, with the connection unchanged, with InvalidCertificate, OnlyOneTLS, TLSNotAvailable or NotQuiescent. Any
   * failure after the ask was sent closes the connection.
   */
  startTLS(options?: StartTLSOptions): Promise<void>;
  /** True once all bytes go through TLS. */
  readonly secure: boolean;
  /** Result of the TLS handshake; undefined in plaintext. */
  readonly tls: TLSSession | undefined;
  /** The peer's certificate; undefined in plaintext and for an anonymous peer. */
  readonly peerCertificate: CertificateLike | undefined;
  /** The certificate that this end presented; undefined in plaintext and if this end is anonymous. */
  readonly hostCertificate: PrivateCertificateLike | undefined;
  /** Short text that no other connection of this process has, for logs. */
  readonly id: string;
  /**
   * Address of this end; undefined if it has none, for example over a pipe, and after the connection has ended unless it was
   * read before.
   */
  readonly localAddress: Address | undefined;
  /** Address of the peer; undefined if it has none: the clients of a UNIX socket usually have no path. Known after the end too. */
  readonly remoteAddress: Address | undefined;
  /** Bytes of boxes that the peer or the system has not taken: those in the transport, and those that are queued here. */
  readonly unsentBytes: number;
  /** Resolves when `unsentBytes` is 0 or the connection has ended. Never rejects. */
  drained(): Promise<void>;
  /**
   * True while new calls are accepted. False once the connection is closing or speaks another protocol, and once the peer has
   * asked for no more calls: such a call rejects with Unavailable, and calls in progress still finish.
   */
  readonly acceptsCalls: boolean;
  /** Promise of the reason why no more calls are accepted. It never rejects. */
  readonly callsEnded: Promise<Error>;
  /** Promise of the reason why the connection ended. It never rejects. */
  readonly closed: Promise<Error>;
  /**
   * Finishes the calls in progress in both directions, then ends the connection. A peer that knows `ampwire.GoAway` is first
   * asked to begin no more calls, and gets two seconds to answer, so that none of its calls is lost. Calls that the peer makes meanwhile are
   * still served: for two seconds, and longer while calls of this end are unanswered. Responders that wait for an event should
   * end when `context.closing` is aborted.
   *
   * Resolves when the connection has ended. A responder must not await it: the connection waits for the responder's
   * answer.
   */
  close(options?: CloseOptions): Promise<void>;
  /** Ends the connection at once. Calls in progress reject with the reason. */
  destroy(reason?: Error): void;
}

/**
 * Type of the data that responders keep about a connection. A program declares its properties once, for all its responders:
 *
 *     declare module "ampwire" {
 *       interface ConnectionState {
 *         user?: string;
 *       }
 *     }
 *
 * Declare them optional, because the object is empty at first. Properties that are not declared have the type `unknown`.
 */
export interface ConnectionState {
  [name: PropertyKey]: unknown;
}

/** Context passed to responders. */
export interface ResponderContext {
  /** The connection on which the ask came. A responder may call the peer over it. */
  readonly connection: AmpConnection;
  /** Signal that is aborted when the connection is lost. */
  readonly signal: Signal;
  /**
   * Signal that is aborted when this end begins to close the connection, and when the connection is lost. A responder that
   * waits for an event should answer then, because `close()` waits for it.
   */
  readonly closing: Signal;
  /**
   * Data that responders keep about this connection, for example the logged-in user. A new, empty object replaces it when
   * the connection is upgraded to TLS, because an attacker may have written what was received in plaintext.
   */
  readonly state: ConnectionState;
}
