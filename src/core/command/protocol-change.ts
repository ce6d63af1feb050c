/**
 * Kinds of box, and the protocol changes that special kinds bring.
 *
 * In Twisted, a box of a special class changes the connection while the box is sent. Here, a command declares the change as
 * data, and the connection performs it when nothing else is in progress.
 */

import type { TLSOptions, TLSSession, Transport } from "../transport.ts";

/** A kind of box. Plain boxes have only a name. */
export interface BoxKind {
  /** Name for messages and diagnostics. */
  readonly name: string;
  /** True: an answer of this kind is the last box that its end sends on the connection. */
  readonly isLast?: boolean;
  /** Protocol change that follows once a box of this kind has answered an ask. */
  readonly change?: ProtocolChange;
}

/** The kind of box of ordinary commands. */
export const plainBox: BoxKind = { name: "Box", isLast: false };

/**
 * The kind of an answer that ends the connection, for `responseType` of a command: the end that answers closes the connection
 * after it has sent the answer. An error is not the last box. Twisted's QuitBox.
 */
export const quitBox: BoxKind = { name: "QuitBox", isLast: true };

/** Role of this end in a protocol change: it sent the ask, or it answers it. */
export type ChangeSide = "asker" | "responder";

/**
 * A protocol change: an upgrade to TLS, or a switch to another protocol.
 *
 * The connection keeps the order of events (see ARCHITECTURE.md). The asker sends its ask and then queues every box. The
 * answering end stops reading before its responder runs. After the answer neither end sends anything, and the prepared
 * {@link PerformChange} runs on both.
 */
export interface ProtocolChange {
  /** State of the connection during the change. */
  readonly state: "upgrading" | "switching";
  /**
   * Checks that the change is allowed now. Called first, on both ends.
   * @throws the error that rejects the change. On the asker, nothing is sent
   */
  admit(connection: ChangingConnection, side: ChangeSide): void;
  /**
   * Checks the values of this end: the arguments on the asker, the responder's return value on the other end.
   * @returns the function that performs the change. If it is a promise, the asker sends its ask meanwhile, and the other
   *   end answers afterwards
   * @throws the error that rejects the change. Nothing has been sent or answered yet
   */
  prepare(
    connection: ChangingConnection,
    values: Readonly<Record<string, unknown>>,
    side: ChangeSide,
  ): PerformChange | Promise<PerformChange>;
}

/**
 * Performs a protocol change. When it is called, the transport is paused and has sent everything.
 * @param leftovers bytes received after the last box. The next protocol must read them first
 * @returns values to add to the response of the asker's call
 */
export type PerformChange = (leftovers: Uint8Array) => Promise<Readonly<Record<string, unknown>>>;

/** A connection as a protocol change sees it. */
export interface ChangingConnection {
  /** True once all bytes go through TLS. */
  readonly secure: boolean;
  /** True if no call is unanswered in either direction, apart from the call for this change. */
  readonly quiescent: boolean;
  /** True if the answer to a call of the peer has not been sent: its responder runs, or the answer is queued. */
  readonly owesAnswers: boolean;
  readonly transport: Transport;
  /** Returns the TLS options of the connection, used where the command does not set them. */
  tlsDefaults(): TLSOptions | Promise<TLSOptions>;
  /** The connection's option: `"verified"` requires that the peer's certificate is verified. */
  readonly requireTLS: boolean | "verified";
  /** Marks the connection as secure: from now on its bytes go through TLS. */
  secured(session: TLSSession): void;
}
