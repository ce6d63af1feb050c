/** The low level, as in Twisted: senders and receivers of boxes. */
import type { Box } from "../wire/box.ts";

/** A sender of boxes: a connection, or an object of the program. */
export interface BoxSender {
  /** @throws InvalidSignature, TooLong for a box that the wire cannot carry; TLSRequired */
  sendBox(box: Box): void;
  /**
   * Called with an error that no other code handles. A connection reports it to `onError` and ends.
   * @param command the command that was served, if there is one
   */
  unhandledError(error: unknown, command?: string): void;
}

/** A receiver of boxes: the option `receiver` of a connection. */
export interface BoxReceiver {
  /** Called before the first box. Errors that it throws reach the code that opens the connection. */
  startReceivingBoxes(sender: BoxSender): void;
  /**
   * Called with each box. The receiver may keep the box. An error that it throws is reported to `onError` and closes the
   * connection.
   */
  boxReceived(box: Box): void;
  /** Called after the last box. An error that it throws is reported to `onError`. */
  stopReceivingBoxes(reason: Error): void;
}
