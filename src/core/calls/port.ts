/**
 * The part of a connection that calls and serving need. A connection's kernel implements it; so can any other carrier of
 * boxes, for calls and serving without a connection.
 */

import type { ProtocolChange } from "../command/protocol-change.ts";
import type { CommandResponder } from "../command/responder.ts";
import type { AmpConnection, AnyCommand } from "../command/types.ts";
import type { Observer } from "../observer.ts";
import type { Values } from "../schema/field.ts";
import type { Clock } from "../transport.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import type { Frame } from "../wire/frame.ts";

export interface Port {
  readonly connection: AmpConnection;
  readonly observer: Observer | undefined;
  readonly clock: Clock;
  /** True: the stack of each call is captured when it is made. */
  readonly callStacks: boolean;
  /** Limits on asks in progress, on the elements of a box and on abandoned calls. */
  readonly limits: PortLimits;
  /** The writer to which boxes are appended; {@link written} must follow. */
  readonly out: ByteWriter;
  /** Called after a box was appended to {@link out}. @throws what a carrier throws that refuses the box */
  written(): void;
  /** Called in place of {@link written} for an ask. @throws what {@link written} throws */
  askWritten(command: AnyCommand | undefined): void;
  /** Called in place of {@link written} for an answer that is neither an error nor the answer to a protocol change. */
  answerWritten(): void;
  /** Calls of this end that wait for an answer. */
  readonly waitingCalls: number;
  /** True if the peer has not taken so many bytes that asks are queued, because their answers would add to them. */
  readonly isBehind: boolean;
  /** False if no box can be sent any more: answers are dropped. */
  readonly alive: boolean;
  /** The reason with which a call that comes too late is rejected. */
  whyClosed(): Error;
  /** Called when a call or an ask is no longer in progress: `close()` may be able to continue. */
  finished(): void;
  /** True if a command may not be served in plaintext, and the connection is in plaintext. */
  forbidsPlaintext(command: AnyCommand | undefined): boolean;
  /** Reports an error of the program that no caller receives, and whose text the peer must not see. */
  report(error: unknown, command: string | undefined): void;
  /** Called after a fatal error was answered: writes what is appended, then ends the connection. */
  fail(reason: Error): void;
  /** Called after an answer was appended that is the last box: sends what is appended or queued, then ends the connection. */
  quit(): void;
  /** Ends the connection and reports the reason: the peer has violated a limit. */
  violated(error: unknown): void;
  /** Called for an ask whose answer changes the protocol. */
  changeAsked(ask: ChangeAsk): void;
  /** The library's own responder of a command for which the user's locator has none. */
  ownResponder(name: string): CommandResponder | undefined;
  /** Serves GoAway, unless the user's locator has a responder for exactly that. Returns false, and does nothing, for another ask. */
  serveGoAway(frame: Frame): boolean;
}

/** Limits that calls and serving enforce: see `Limits`. */
interface PortLimits {
  readonly maxAsksInProgress: number;
  readonly maxBytesInProgress: number;
  readonly maxElements: number;
  readonly pauseTimeout: number;
  readonly maxAbandonedCalls: number;
}

/** Receives the peer's asks. */
export interface AskReceiver {
  /** Asks that are queued or whose responders have not finished. Asks for the library's own commands do not count. */
  readonly inProgress: number;
  /** True if a limit on asks is reached: a further ask is queued or refused. */
  readonly full: boolean;
  /** True while asks are read and queued although a limit is reached. */
  readonly readsAhead: boolean;
  /** The frame is valid until this returns. */
  receive(frame: Frame): void;
  /** Called when all boxes that may be read now were read. */
  readEnded(): void;
  /** Serves queued asks as far as the limits allow. */
  continueQueue(): void;
  /** Serves all queued asks at once: bytes that arrive from now on mean something else. */
  serveQueue(): void;
  /** This end begins to close the connection: aborts the signal `closing` of responders with the reason. */
  announceClosing(reason: Error): void;
  /** No answer can reach the peer any more: aborts the signal of responders with the reason. */
  abort(reason: Error): void;
  /** The connection has ended. */
  ended(): void;
  /** The connection is inside TLS from now on: what responders have stored about it in plaintext is discarded. */
  secured(): void;
}

/** An ask whose answer changes what the bytes on the connection mean. */
export interface ChangeAsk {
  readonly command: AnyCommand;
  readonly change: ProtocolChange;
  /** Runs the responder. Rejects with what it throws. */
  run(): Promise<Values>;
  /** Appends the answer. @throws BadLocalReturn: nothing is appended */
  writeAnswer(values: Values, out: ByteWriter): void;
  /** Answers with an error, as for any ask. */
  fail(error: unknown): void;
}
