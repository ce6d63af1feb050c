/** A client with one connection at a time: where its calls wait, and when they are sent again. */
import type { Fields } from "../../core/arguments/argument.ts";
import type { CallOptions, CallParameters, CallResult } from "../../core/command/amp-connection.ts";
import type { AnyCommand, Command } from "../../core/command/command.ts";
import { InvalidSignature } from "../../core/errors/caller.ts";
import { ConnectionClosed } from "../../core/errors/transport.ts";
import type { Clock } from "../../core/transport.ts";
import { Box } from "../../core/wire/box.ts";
import { ByteWriter } from "../../core/wire/byte-writer.ts";
import { writeBox } from "../../core/wire/writer.ts";
import { systemClock } from "../clock.ts";
import type { NodeConnection } from "../connection.ts";
import { Keeper } from "./keeper.ts";
import type { OwnWay, ReconnectingBehaviour, ReconnectingState } from "./options.ts";
import { type PendingCall, WaitingCalls } from "./waiting-calls.ts";

type Values = Readonly<Record<string, unknown>>;
type Send = PendingCall["send"];

/** Only its length counts. */
const SOME_TAG = { bytes: new Uint8Array(8), start: 0, end: 8 };

export class ReconnectingClient implements AsyncDisposable {
  readonly #callTimeout: number | undefined;
  readonly #clock: Clock;
  readonly #waiting: WaitingCalls;
  readonly #keeper: Keeper;

  /** Prefer `reconnecting`. @throws RangeError */
  constructor(options: ReconnectingBehaviour & OwnWay) {
    this.#callTimeout = options.callTimeout;
    this.#clock = options.clock ?? systemClock;
    this.#waiting = new WaitingCalls(this.#clock, options.waiting);
    this.#keeper = new Keeper(options, this.#clock, (connection) => {
      for (const call of this.#waiting.takeAll()) this.#send(call, connection);
    });
    // The keeper may end by itself, when it has met an error that is not worth another try.
    void this.closed.then((reason) => this.#rejectWaiting(reason));
  }

  get state(): ReconnectingState {
    return this.#keeper.state;
  }

  /** Why there is no connection, or was none before this one; undefined as long as nothing has failed. */
  get lastError(): Error | undefined {
    return this.#keeper.lastError;
  }

  /** The connection that calls go out on; undefined while there is none. Another one takes its place when it breaks. */
  get connection(): NodeConnection | undefined {
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

  /**
   * Calls the peer, as a connection's `callRemote` does. While there is no connection the call waits for one, within
   * its `timeout`; past the bounds of `waiting` it rejects with LimitExceeded. A call that was in flight when the
   * connection broke rejects with the reason, because it may have been carried out: unless its command is
   * `idempotent`, then it is sent again on the next connection.
   */
  callRemote<A extends Fields, R extends Fields, Q extends boolean>(
    command: Command<A, R, Q>,
    ...rest: CallParameters<A>
  ): CallResult<R, Q>;
  callRemote(
    command: AnyCommand,
    args: object = {},
    options: CallOptions = {},
  ): Promise<unknown> | undefined {
    if (command.change !== undefined) {
      const message = `${command.name} changes the protocol of one connection: ask it in onConnection`;
      return Promise.reject(new InvalidSignature(message));
    }
    const values = args as Values; // objects are: the schema looks at each value
    const erased = command as Command<Fields, Fields, boolean>; // what `AnyCommand` stands for
    const send: Send = (connection, given) => connection.callRemote(erased, values, given);
    const measure = (out: ByteWriter) => {
      command.writeAsk(out, command.requiresAnswer ? SOME_TAG : undefined, values, undefined);
    };
    return this.#call(command, send, measure, options);
  }

  /** The low level: a command by name, box in, box out. It is never sent again. */
  callRemoteString(name: string, box?: Box, options?: CallOptions): Promise<Box>;
  callRemoteString(
    name: string,
    box: Box | undefined,
    options: CallOptions & { requiresAnswer: false },
  ): undefined;
  callRemoteString(
    name: string,
    box: Box = new Box(),
    { requiresAnswer = true, ...options }: CallOptions & { requiresAnswer?: boolean } = {},
  ): Promise<unknown> | undefined {
    const send: Send = (connection, given) =>
      requiresAnswer
        ? connection.callRemoteString(name, box, given)
        : connection.callRemoteString(name, box, { ...given, requiresAnswer });
    const measure = (out: ByteWriter) => writeBox(out, box);
    return this.#call({ name, requiresAnswer, idempotent: false }, send, measure, options);
  }

  #call(
    { name, requiresAnswer, idempotent }: Pick<AnyCommand, "name" | "requiresAnswer" | "idempotent">,
    send: Send,
    measure: (out: ByteWriter) => void,
    options: CallOptions,
  ): Promise<unknown> | undefined {
    const { reason } = this.#keeper;
    if (reason !== undefined) return requiresAnswer ? Promise.reject(reason) : undefined;
    const timeout = options.timeout ?? this.#callTimeout;
    const ready = this.#ready();
    if (ready !== undefined && !(idempotent && requiresAnswer)) return send(ready, { ...options, timeout });

    const begin = (resolve: PendingCall["resolve"], reject: PendingCall["reject"]) => {
      if (options.signal?.aborted) throw options.signal.reason;
      const out = new ByteWriter(64);
      measure(out); // what cannot be sent is refused now, not when a connection is there
      const deadline = this.#clock.now() + (timeout ?? Number.POSITIVE_INFINITY);
      const bytes = out.length;
      this.#submit({ name, bytes, idempotent, deadline, signal: options.signal, send, resolve, reject });
    };
    if (requiresAnswer) return new Promise(begin);
    begin(nothing, nothing);
    return undefined;
  }

  /** The connection, if it takes calls: one that is about to end does not. */
  #ready(): NodeConnection | undefined {
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

  #send(call: PendingCall, connection: NodeConnection): void {
    const { deadline, signal } = call;
    const timeout = Math.max(0, deadline - this.#clock.now());
    let answer: Promise<unknown> | undefined;
    try {
      answer = call.send(connection, { timeout, signal });
    } catch (error) {
      return call.reject(error);
    }
    answer?.then(call.resolve, (error: unknown) => this.#failed(call, connection, error));
  }

  #failed(call: PendingCall, connection: NodeConnection, error: unknown): void {
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

  #end(reason: Error): void {
    this.#keeper.end(reason);
    this.#rejectWaiting(reason);
  }

  #rejectWaiting(reason: Error): void {
    for (const call of this.#waiting.takeAll()) call.reject(reason);
  }
}

function nothing(): void {}
