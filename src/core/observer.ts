/**
 * Who watches connections. The core tells; what is done with it (diagnostics channels on Node) is decided outside.
 *
 * A call, an ask and an upgrade are each one object from their beginning to their end: keep what belongs to them in a
 * WeakMap under it. Nothing is made for a call when nobody listens.
 */
import type { AmpConnection } from "./command/types.ts";
import type { TLSSession } from "./transport.ts";

/** A call of ours, or an ask of the peer. */
export interface CallEvent {
  readonly connection: AmpConnection;
  /** The command's name. */
  readonly command: string;
  /** `outgoing`: we call. `incoming`: the peer does. */
  readonly direction: "outgoing" | "incoming";
  /** The values of an outgoing call, by name; those of an incoming one are the responder's. */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
}

/** A StartTLS, a protocol switch, or another change of what the bytes mean. */
export interface ChangeEvent {
  readonly connection: AmpConnection;
  /** `upgrading` to TLS, or `switching` to another protocol. */
  readonly kind: "upgrading" | "switching";
  /** Whether we asked for it or the peer. */
  readonly side: "asker" | "responder";
}

/** Hears of what happens on connections, in the moment when it does. */
export interface Observer {
  connectionOpened(connection: AmpConnection): void;
  connectionClosed(connection: AmpConnection, reason: Error): void;
  /** Whether calls are to be told of. Looked at for every call: must be cheap. */
  readonly watchesCalls: boolean;
  callStarted(call: CallEvent): void;
  /** Answered; a call that wants no answer has been written. */
  callAnswered(call: CallEvent): void;
  callFailed(call: CallEvent, error: unknown): void;
  changeStarted(change: ChangeEvent): void;
  /** @param session what TLS was negotiated; undefined for a switch */
  changeDone(change: ChangeEvent, session: TLSSession | undefined): void;
  changeFailed(change: ChangeEvent, error: unknown): void;
  /** What `onError` hears. Neither command nor connection where a server could not accept one. */
  errorReported(error: unknown, command: string | undefined, connection: AmpConnection | undefined): void;
}
