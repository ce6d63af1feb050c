/**
 * Kinds of box, and what a box of a special kind does to its connection.
 *
 * In Twisted a box of a special class performs its effect while it is being sent. Here the effect is data:
 * the command names it, the connection performs it, at the one moment when nothing else is under way.
 */

import type { TLSOptions, TLSSession, Transport } from "../transport.ts";

/** A kind of box. The plain one has no `change`. */
export interface BoxKind {
  /** For messages and diagnostics. */
  readonly name: string;
  /** What happens to the connection once such a box has answered an ask. */
  readonly change?: ProtocolChange;
}

/** What ordinary commands ask and answer with. */
export const plainBox: BoxKind = { name: "Box" };

/** Which end of a change this is: the one that asked, or the one that answers. */
export type ChangeSide = "asker" | "responder";

/**
 * A change of what the bytes on a connection mean: StartTLS, or a switch to another protocol.
 *
 * The connection does the choreography (see ARCHITECTURE.md): the asker writes its ask and holds back every
 * box; the responder stops reading before its responder runs; after the answer both ends are quiet, and
 * then `perform` runs on each.
 */
export interface ProtocolChange {
  /** The state in which the connection waits, with that state's rules. */
  readonly state: "upgrading" | "switching";
  /**
   * May the change happen now? Runs on both ends before anything else does.
   * @throws an error that refuses the change: on the asker's side nothing is sent
   */
  admit(connection: ChangingConnection, side: ChangeSide): void;
  /**
   * Checks what this end contributes: the asker's arguments, or the values that the responder returned.
   * @throws an error that refuses the change: nothing has been sent or answered yet
   */
  prepare(
    connection: ChangingConnection,
    values: Readonly<Record<string, unknown>>,
    side: ChangeSide,
  ): PerformChange;
}

/**
 * Makes the change, on a transport that is paused and has written everything.
 * @param leftovers bytes that came behind the last box, to be read by whoever comes next
 * @returns values to be added to what the asker's call resolves with
 */
export type PerformChange = (leftovers: Uint8Array) => Promise<Readonly<Record<string, unknown>>>;

/** What a change may use of its connection. */
export interface ChangingConnection {
  /** True once its bytes are inside TLS. */
  readonly secure: boolean;
  /** No call is unanswered in either direction, the one that brings the change aside. */
  readonly quiescent: boolean;
  /** A call of the peer has no answer that has left: it is still being served, or its answer is held back. */
  readonly owesAnswers: boolean;
  readonly transport: Transport;
  /** What our side presents and demands on StartTLS, where the command does not say. */
  readonly tlsDefaults: TLSOptions;
  /** Tells the connection that its bytes are now inside TLS. */
  secured(session: TLSSession): void;
}
