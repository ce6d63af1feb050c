/** A client with one connection at a time: where its calls wait, and when they are sent again. */

import { TypedCalls } from "../calls/typed-calls.ts";
import type { Command } from "../command/command.ts";
import type { AnyCommand, CallOptions } from "../command/types.ts";
import type { BaseConnection as Connection } from "../connection/connection.ts";
import { InvalidSignature } from "../errors/caller.ts";
import { ConnectionClosed } from "../errors/transport.ts";
import type { AbortSignalLike } from "../platform.ts";
import type { Fields } from "../schema/argument.ts";
import type { Clock } from "../transport.ts";
import { Box } from "../wire/box.ts";
import { writeBox } from "../wire/box-writer.ts";
import { ByteWriter } from "../wire/byte-writer.ts";
import { frameOfBytes } from "../wire/frame-of.ts";
import { COMMAND } from "../wire/protocol-keys.ts";
import { CallQueue, type PendingCall } from "./call-queue.ts";
import { ConnectionManager } from "./connection-manager.ts";
import { withAsk } from "./encoded-call.ts";
import {
  type ConnectionFactory,
  checkBehaviour,
  type ReconnectingBaseOptions,
  type ReconnectingState,
} from "./options.ts";

type Send = PendingCall["send"];

/** The ways to send a call. */
interface Sending {
  /** Writes the ask as it is when the call is made. */
  write(out: ByteWriter): void;
  /** Sends what was given, in the very moment when it is. */
  readonly now: Send;
  /** Sends at any time what was written. */
  later(ask: Uint8Array): Send;
}

/** Only its length counts. */
const SOME_TAG = 0x1000_0000;

/**
 * Calls the peer, as a connection does. While there is no connection a call waits for one, within its `timeout`; past
 * the bounds of `waiting` it rejects with LimitExceeded. A call that was in flight when the connection broke rejects
 * with the reason, because it may have been carried out: unless its command is `idempotent`, then it is sent again on
 * the next connection. What was called by `callRemoteString` never is.
 */
export class ReconnectingClient<C extends Connection = Connection>
  extends TypedCalls
  implements AsyncDisposable
{
  readonly #callTimeout: number | undefined;
  readonly #clock: Clock;
  readonly #waiting: CallQueue;
  readonly #keeper: ConnectionManager<C>;

  /** Prefer `reconnecting`. @throws RangeError */
  constructor(behaviour: ReconnectingBaseOptions<C>, carrier: ConnectionFactory<C>) {
    super();
    checkBehaviour(behaviour);
    const { callTimeout, clock = carrier.clock, signal, queue: waiting } = behaviour;
    this.#callTimeout = callTimeout;
    this.#clock = clock;
    this.#waiting = new CallQueue(clock, waiting);
    this.#keeper = new ConnectionManager(behaviour, carrier, (connection) => {
      for (const call of this.#waiting.takeAll()) this.#send(call, connection);
    });
    // The keeper may end by itself, when it has met an error that is not worth another try.
    void this.closed.then((reason) => this.#rejectWaiting(reason));
    if (signal !== undefined) this.#endWith(signal);
  }

  /** What it is doing about its connection. */
  get state(): ReconnectingState {
    return this.#keeper.state;
  }

  /** Why there is no connection, or was none before this one; undefined as long as nothing has failed. */
  get lastError(): Error | undefined {
    return this.#keeper.lastError;
  }

  /** The connection that calls go out on; undefined while there is none. Another one takes its place when it breaks. */
  get connection(): C | undefined {
    return this.#keeper.connection;
  }

  /** Calls that wait for a connection. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves, never rejects, with the reason when the client has ended. */
  get closed(): Promise<Error> {
    return this.#keeper.closed;
  }

  /** Ends the wait for the next attempt, which begins now: the network is back, or somebody has asked for it. */
  retry(): void {
    this.#keeper.retry();
  }

  protected override call(
    command: AnyCommand,
    values: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Promise<unknown> | undefined {
    if (command.change !== undefined) {
      const message = `${command.name} changes the protocol of one connection: ask it in onConnection`;
      return Promise.reject(new InvalidSignature(message));
    }
    const write = (out: ByteWriter) => {
      command.writeAsk(out, command.requiresAnswer ? SOME_TAG : undefined, values, undefined);
    };
    const sending = (what: AnyCommand): Send => {
      const erased = what as Command<Fields, Fields, boolean>; // what `AnyCommand` stands for
      return (connection, given) => connection.callRemote(erased, values, given);
    };
    const later = (ask: Uint8Array) => sending(withAsk(command, ask));
    return this.#make(command, { write, now: sending(command), later }, options);
  }

  protected override callString(
    name: string,
    box: Box,
    requiresAnswer: boolean,
    options: CallOptions,
  ): Promise<unknown> | undefined {
    const write = (out: ByteWriter) => writeBox(out, new Box(box).set(COMMAND, name));
    const sending = (what: Box): Send => {
      return (connection, given) =>
        requiresAnswer
          ? connection.callRemoteString(name, what, given)
          : connection.callRemoteString(name, what, { ...given, requiresAnswer });
    };
    const later = (ask: Uint8Array) => sending(frameOfBytes(ask).toBox());
    return this.#make(
      { name, requiresAnswer, idempotent: false },
      { write, now: sending(box), later },
      options,
    );
  }

  #make(
    { name, requiresAnswer, idempotent }: Pick<AnyCommand, "name" | "requiresAnswer" | "idempotent">,
    { write, now, later }: Sending,
    options: CallOptions,
  ): Promise<unknown> | undefined {
    const { reason } = this.#keeper;
    if (reason !== undefined) return requiresAnswer ? Promise.reject(reason) : undefined;
    const timeout = options.timeout ?? this.#callTimeout;
    const ready = this.#ready();
    if (ready !== undefined && !(idempotent && requiresAnswer)) return now(ready, { ...options, timeout });

    const begin = (resolve: PendingCall["resolve"], reject: PendingCall["reject"]) => {
      if (options.signal?.aborted) throw options.signal.reason;
      const out = new ByteWriter(64);
      write(out); // what cannot be sent is refused now, not when a connection is there
      const deadline = timeout === undefined ? undefined : this.#clock.now() + timeout;
      const bytes = out.length;
      let first = ready === undefined ? undefined : now;
      const send: Send = (connection, given) => {
        const sending = first ?? later(out.bytes.subarray(0, bytes));
        first = undefined;
        return sending(connection, given);
      };
      this.#submit({ name, bytes, idempotent, deadline, signal: options.signal, send, resolve, reject });
    };
    if (requiresAnswer) return new Promise(begin);
    begin(nothing, nothing);
    return undefined;
  }

  /** The connection, if it takes calls: one that is about to end does not. */
  #ready(): C | undefined {
    const connection = this.connection;
    const state = connection?.state;
    return state === "open" || state === "upgrading" || state === "switching" ? connection : undefined;
  }

  /** @throws LimitExceeded */
  #submit(call: PendingCall): void {
    const ready = this.#ready();
    if (ready !== undefined) return this.#send(call, ready);
    this.#waiting.checkRoom(call.bytes);
    this.#waiting.add(call, () => this.lastError);
  }

  #send(call: PendingCall, connection: Connection): void {
    const { deadline, signal } = call;
    // Where neither call nor client has a bound, the connection may have one: of a way of the program's own.
    const timeout = deadline === undefined ? undefined : Math.max(0, deadline - this.#clock.now());
    let answer: Promise<unknown> | undefined;
    try {
      answer = call.send(connection, { timeout, signal });
    } catch (error) {
      return call.reject(error);
    }
    answer?.then(call.resolve, (error: unknown) => this.#failed(call, connection, error));
  }

  #failed(call: PendingCall, connection: Connection, error: unknown): void {
    const broke = error === connection.reason;
    if (!broke || !call.idempotent || this.#keeper.reason !== undefined) return call.reject(error);
    try {
      this.#submit(call);
    } catch (full) {
      call.reject(full);
    }
  }

  /**
   * Finishes the calls in progress, then ends. Calls that wait for a connection reject.
   * Resolves when the client has ended.
   */
  async close(): Promise<void> {
    this.#end(new ConnectionClosed("the client was closed here"));
    await this.connection?.close();
    await this.closed;
  }

  /** Ends at once. Calls in progress and calls that wait reject with the reason. */
  destroy(reason: Error = new ConnectionClosed("the client was destroyed here")): void {
    this.#end(reason);
    this.connection?.destroy(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #endWith(signal: AbortSignalLike): void {
    const abort = () => this.destroy(signal.reason instanceof Error ? signal.reason : undefined);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    void this.closed.then(() => signal.removeEventListener("abort", abort));
  }

  #end(reason: Error): void {
    this.#keeper.end(reason);
    this.#rejectWaiting(reason);
  }

  #rejectWaiting(reason: Error): void {
    for (const call of this.#waiting.takeAll()) call.reject(reason);
  }
}

function nothing(): void {}
