/** Reconnecting client: it queues calls while there is no connection, and sends idempotent calls again. */

import { TypedCalls } from "../calls/typed-calls.ts";
import type { AnyCommand, CallOptions, CloseOptions, CommandType } from "../command/types.ts";
import { InvalidSignature } from "../errors/caller.ts";
import { ConnectionClosed } from "../errors/transport.ts";
import { checkNotNegative } from "../number-option.ts";
import { CLOSE_OPTIONS, checkOptionNames } from "../option-names.ts";
import type { AbortSignalLike } from "../platform.ts";
import type { Fields } from "../schema/argument.ts";
import { checkSignal, limitTime, throwIfAborted } from "../time-limit.ts";
import type { Clock } from "../transport.ts";
import { Box } from "../wire/box.ts";
import { writeBox } from "../wire/box-writer.ts";
import { ByteWriter } from "../wire/byte-writer.ts";
import { frameOfBytes } from "../wire/frame-of.ts";
import { textToKey } from "../wire/key-text.ts";
import { COMMAND } from "../wire/protocol-keys.ts";
import { CallQueue, type ClientCall } from "./call-queue.ts";
import { ConnectionManager } from "./connection-manager.ts";
import { withAsk } from "./encoded-call.ts";
import {
  type ConnectionFactory,
  checkReconnectingOptions,
  type Reconnectable,
  type ReconnectingBaseOptions,
  type ReconnectingState,
} from "./options.ts";

type Send = ClientCall["send"];

/** The ways to send one call. */
interface Sending {
  /** Encodes the ask when the call is made. */
  write(out: ByteWriter): void;
  /** Sends the values of the call at once, without encoding them before. */
  readonly now: Send;
  /** Returns a function that sends the encoded ask at any later time. */
  later(ask: Uint8Array): Send;
}

const DISPOSE_TIMEOUT_MS = 10_000;

/** Placeholder for the tag of a queued call. Only its length matters. */
const SOME_TAG = 0x1000_0000;

/**
 * A client that connects again whenever its connection ends.
 *
 * While there is no connection, calls are queued within their `timeout`. A call over a limit of `queue` rejects with
 * LimitExceeded. If the connection is lost while a call is in progress, the call rejects with the reason, because the peer
 * may have served it. Calls of `idempotent` commands are sent again on the next connection instead. Calls made with
 * `callRemoteString` are never sent again.
 */
export class ReconnectingClient<C extends Reconnectable> extends TypedCalls implements AsyncDisposable {
  readonly #callTimeout: number | undefined;
  readonly #clock: Clock;
  readonly #queue: CallQueue;
  readonly #manager: ConnectionManager<C>;

  /** Creates a client. Prefer `reconnecting`. @throws RangeError for an invalid option */
  constructor(options: ReconnectingBaseOptions<C>, factory: ConnectionFactory<C>) {
    super();
    checkReconnectingOptions(options);
    checkSignal(options.signal);
    const { callTimeout, clock = factory.clock, signal, queue } = options;
    this.#callTimeout = callTimeout;
    this.#clock = clock;
    this.#queue = new CallQueue(clock, queue);
    this.#manager = new ConnectionManager(options, factory, (connection) => {
      for (const call of this.#queue.takeAll()) this.#send(call, connection);
    });
    // The manager ends by itself after a fatal error.
    void this.closed.then((reason) => this.#rejectQueued(reason));
    if (signal !== undefined) this.#endWith(signal);
  }

  /** Current state of the client. */
  get state(): ReconnectingState {
    return this.#manager.state;
  }

  /** The last error: why there is no connection, or why the previous one ended. Undefined before the first failure. */
  get lastError(): Error | undefined {
    return this.#manager.lastError;
  }

  /** The connection on which calls are sent; undefined while there is none. Each new connection is another object. */
  get connection(): C | undefined {
    return this.#manager.connection;
  }

  /** Number of calls that are queued until there is a connection. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Promise of the reason why the client ended. It never rejects. */
  get closed(): Promise<Error> {
    return this.#manager.closed;
  }

  /** Starts the next attempt at once, for example when the network is back. Has no effect if the client does not wait. */
  retry(): void {
    this.#manager.retry();
  }

  protected override call(
    command: AnyCommand,
    values: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Promise<unknown> | undefined {
    if (command.change !== undefined) {
      const message = `${command.name} changes the protocol of one connection: call it in onConnection`;
      return Promise.reject(new InvalidSignature(message));
    }
    const write = (out: ByteWriter) => {
      command.writeAsk(out, command.requiresAnswer ? SOME_TAG : undefined, values, undefined);
    };
    const sending = (what: AnyCommand): Send => {
      // AnyCommand lacks the fields for the types of arguments and response, which `callRemote` does not read.
      const erased = what as CommandType<Fields, Fields, boolean>;
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
    const write = (out: ByteWriter) => writeBox(out, new Box(box).set(COMMAND, textToKey(name)));
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
    const { reason } = this.#manager;
    if (reason !== undefined) return requiresAnswer ? Promise.reject(reason) : undefined;
    const timeout = options.timeout ?? this.#callTimeout;
    const ready = this.#ready();
    if (ready !== undefined && !(idempotent && requiresAnswer)) return now(ready, { ...options, timeout });

    const begin = (resolve: ClientCall["resolve"], reject: ClientCall["reject"]) => {
      throwIfAborted(options.signal);
      const out = new ByteWriter(64);
      write(out); // invalid arguments reject now, not when there is a connection
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

  #ready(): C | undefined {
    const { connection } = this;
    return connection?.acceptsCalls ? connection : undefined;
  }

  /** @throws LimitExceeded */
  #submit(call: ClientCall): void {
    const ready = this.#ready();
    if (ready !== undefined) return this.#send(call, ready);
    this.#queue.checkRoom(call.bytes);
    this.#queue.add(call, () => this.lastError);
  }

  #send(call: ClientCall, connection: Reconnectable): void {
    const { deadline, signal } = call;
    // Without a timeout of the call or the client, the connection's own `callTimeout` applies: `open` may have set one.
    const timeout = deadline === undefined ? undefined : Math.max(0, deadline - this.#clock.now());
    let answer: Promise<unknown> | undefined;
    try {
      answer = call.send(connection, { timeout, signal });
    } catch (error) {
      return call.reject(error);
    }
    answer?.then(call.resolve, (error: unknown) => this.#failed(call, connection, error));
  }

  #failed(call: ClientCall, connection: Reconnectable, error: unknown): void {
    const lost = error === connection.reason;
    if (!lost || !call.idempotent || this.#manager.reason !== undefined) return call.reject(error);
    try {
      this.#submit(call);
    } catch (full) {
      call.reject(full);
    }
  }

  /**
   * Finishes the calls in progress, then ends the client. Queued calls reject. Resolves when the client has ended.
   * @param options limits after which the connection is destroyed, and calls in progress reject
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkOptionNames("close", options, CLOSE_OPTIONS);
    checkNotNegative({ timeout: options.timeout });
    this.#end(new ConnectionClosed("the client was closed here"));
    await this.connection?.close(options);
    await this.closed;
  }

  /** Ends the client at once. Queued calls and calls in progress reject with the reason. */
  destroy(reason: Error = new ConnectionClosed("the client was destroyed here")): void {
    this.#end(reason);
    this.connection?.destroy(reason);
  }

  /** Closes the client, and destroys its connection if that takes more than 10 seconds. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeout: DISPOSE_TIMEOUT_MS });
  }

  #endWith(signal: AbortSignalLike): void {
    const abort = () => this.destroy(signal.reason instanceof Error ? signal.reason : undefined);
    if (signal.aborted) return abort();
    void this.closed.then(limitTime(this.#clock, { signal }, abort));
  }

  #end(reason: Error): void {
    this.#manager.end(reason);
    this.#rejectQueued(reason);
  }

  #rejectQueued(reason: Error): void {
    for (const call of this.#queue.takeAll()) call.reject(reason);
  }
}

function nothing(): void {}
