/**
 * Events of connections, published on `node:diagnostics_channel`, as undici does. Programs that collect traces or metrics
 * subscribe to these channels. A channel without subscribers costs one check of a flag.
 *
 * | channel | message |
 * |---|---|
 * | `ampwire:connection:open` | `{ connection }` |
 * | `ampwire:connection:close` | `{ connection, reason }` |
 * | `ampwire:call:start` | a {@link CallEvent}, the same object in all three |
 * | `ampwire:call:answer` | `{ call }` |
 * | `ampwire:call:error` | `{ call, error }` |
 * | `ampwire:change:start` | a {@link ChangeEvent}, the same object in all three |
 * | `ampwire:change:done` | `{ change, session }` |
 * | `ampwire:change:error` | `{ change, error }` |
 * | `ampwire:error` | `{ error, command, connection }`, the same errors that `onError` receives |
 */
import { channel } from "node:diagnostics_channel";
import type { AmpConnection } from "../core/command/types.ts";
import { type CallEvent, type ChangeEvent, type Observer, TrustedObserver } from "../core/observer.ts";
import type { TLSSession } from "../core/transport.ts";

const connectionOpen = channel("ampwire:connection:open");
const connectionClose = channel("ampwire:connection:close");
const callStart = channel("ampwire:call:start");
const callAnswer = channel("ampwire:call:answer");
const callError = channel("ampwire:call:error");
const changeStart = channel("ampwire:change:start");
const changeDone = channel("ampwire:change:done");
const changeError = channel("ampwire:change:error");
const error = channel("ampwire:error");

/**
 * Publishes events of connections. If a subscriber throws, Node reports an uncaught exception.
 *
 * This is a class because V8 looks up a getter of an object literal slowly, and `watchesCalls` is read for every call.
 */
class Diagnostics extends TrustedObserver implements Observer {
  connectionOpened(connection: AmpConnection): void {
    if (connectionOpen.hasSubscribers) connectionOpen.publish({ connection });
  }

  connectionClosed(connection: AmpConnection, reason: Error): void {
    if (connectionClose.hasSubscribers) connectionClose.publish({ connection, reason });
  }

  get watchesCalls(): boolean {
    return callStart.hasSubscribers || callAnswer.hasSubscribers || callError.hasSubscribers;
  }

  callStarted(call: CallEvent): void {
    callStart.publish(call);
  }

  callAnswered(call: CallEvent): void {
    callAnswer.publish({ call });
  }

  callFailed(call: CallEvent, cause: unknown): void {
    callError.publish({ call, error: cause });
  }

  changeStarted(change: ChangeEvent): void {
    changeStart.publish(change);
  }

  changeDone(change: ChangeEvent, session: TLSSession | undefined): void {
    changeDone.publish({ change, session });
  }

  changeFailed(change: ChangeEvent, cause: unknown): void {
    changeError.publish({ change, error: cause });
  }

  errorReported(cause: unknown, command: string | undefined, connection: AmpConnection | undefined): void {
    if (error.hasSubscribers) error.publish({ error: cause, command, connection });
  }
}

export const diagnostics: Observer = new Diagnostics();
