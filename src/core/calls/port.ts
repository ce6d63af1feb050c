/** What the dispatcher needs of whoever carries its boxes. */
import type { AnyCommand, ResponderContext } from "../command/types.ts";
import type { Observer } from "../observer.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";

export interface Host {
  /** Where boxes are appended. */
  readonly out: ByteWriter;
  /** A box has been appended. */
  written(): void;
  /** False when nothing can be sent any more: answers are dropped. */
  readonly alive: boolean;
  /** Whether a command may be served now; else the reason for the peer. Protects what demands TLS. */
  refusal(command: AnyCommand | undefined): Error | undefined;
  /** What responders are told. */
  readonly context: ResponderContext;
  /** Who watches, if anybody does. */
  readonly observer: Observer | undefined;
  /** An error that the peer is not told about. */
  report(error: unknown, command: string): void;
  /** Whether an undeclared error leaves the connection open. Twisted's does not. */
  readonly survivesUndeclaredErrors: boolean;
  /** A fatal error has been answered: send what is written, then end. */
  quit(reason: Error): void;
  /** An ask came whose answer changes the protocol. The host runs it when everything else is quiet. */
  changeAsked(ask: ChangeAsk): void;
  /** A call that was given up, or a responder that took its time, is no longer in progress. */
  finished(): void;
}

/** An ask whose answer changes what the bytes on the connection mean. */
export interface ChangeAsk {
  readonly command: AnyCommand;
  /** Runs the responder. Rejects with what it threw. */
  run(): Promise<Readonly<Record<string, unknown>>>;
  /** Appends the answer. @throws BadLocalReturn: nothing is appended */
  writeAnswer(values: Readonly<Record<string, unknown>>, out: ByteWriter): void;
  /** Answers with an error, as for any ask. */
  fail(error: unknown): void;
}
