/** The low level, as in Twisted: who sends boxes, and who receives them. */
import type { Box } from "../wire/box.ts";

/** Something that sends boxes: a connection, or one of your own. */
export interface BoxSender {
  /** @throws InvalidSignature, TooLong for a box that the wire cannot carry; TLSRequired */
  sendBox(box: Box): void;
  /** An error that nobody has handled. */
  unhandledError(error: unknown): void;
}

/** Something that receives boxes: give it to a connection as `receiver`. */
export interface BoxReceiver {
  /** Called before the first box. Errors that it throws reach the code that opens the connection. */
  startReceivingBoxes(sender: BoxSender): void;
  /** A box came. It is yours to keep. What this throws is the peer's fault and closes the connection. */
  boxReceived(box: Box): void;
  /** No more boxes will come. */
  stopReceivingBoxes(reason: Error): void;
}
