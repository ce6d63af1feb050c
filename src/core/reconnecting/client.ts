/** Reconnecting client: it queues calls while there is no connection, and sends idempotent calls again. */

import {
  AT_REJECTION,
  captureOrigin,
  ownError,
  rejectCall,
  rejectWithOwnError,
  withCaller,
} from "../calls/rejection.ts";
import { TypedCalls } from "../calls/typed-calls.ts";
import type { AnyCommand, CallOptions, CloseOptions, CommandType } from "../command/types.ts";
import { InvalidSignature } from "../errors/caller.ts";
import { isError, toError } from "../errors/to-error.ts";
import { ConnectionClosed, ConnectionLost } from "../errors/transport.ts";
import { checkNotNegative } from "../number-option.ts";
import { CLOSE_OPTIONS, checkOptionNames } from "../option-names.ts";
import { checkOptionTypes } from "../option-types.ts";
import { type AbortSignalLike, IN_DEVELOPMENT } from "../platform.ts";
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

const DEFAULT_MAX_ATTEMPTS = 3;

/** Placeholder for the tag of a queued call. Only its length matters. */
const SOME_TAG = 0x1000_0000;

/**
 * A client that connects again whenever its connection ends.
 *
 * While there is no connection, calls are queued within their `timeout`. A call over a limit of `queue` rejects with
 * LimitExceeded. If the connection is lost while a call is in progress, the call rejects with the reason, because the peer
 * may have served it. Calls of `idempotent` commands are sent again on the next connection instead, until they were sent
 * `maxAttempts` times. Calls made with `callRemoteString` are never sent again.
 *
 * Calls are sent in the order in which they were made: queued calls, and calls that are sent again, go before later ones.
 */
export class ReconnectingClient<C extends Reconnectable> extends TypedCalls implements AsyncDisposable {
  readonly #callTimeout: number | undefined;
  readonly #maxAttempts: number;
  readonly #callStacks: boolean;
  readonly #clock: Clock;
  readonly #queue: CallQueue;
  readonly #manager: ConnectionManager<C>;
  /** Number of calls that were queued or may be sent again. */
  #made = 0;

  /** Creates a client. Prefer `reconnecting`. @throws RangeError for an invalid option */
  constructor(options: ReconnectingBaseOptions<C, never>, factory: ConnectionFactory<C>) {
    super();
    checkReconnectingOptions(options);
    checkOptionTypes("reconnecting", options, { open: "function" });
    checkSignal(options.signal);
    const {
      callTimeout,
      callStacks = IN_DEVELOPMENT,
      clock = factory.clock,
      maxAttempts = DEFAULT_MAX_ATTEMPTS,
      signal,
      queue,
    } = options;
    this.#callTimeout = callTimeout;
    this.#callStacks = callStacks;
    this.#maxAttempts = maxAttempts;
    this.#clock = clock;
    this.#queue = new CallQueue(clock, queue);
    this.#manager = new ConnectionManager(options, factory, () => {
      for (const call of this.#queue.takeAll()) this.#submitOrReject(call);
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
    if (reason !== undefined) return requiresAnswer ? Promise.reject(ownError(reason, name)) : undefined;
    const timeout = options.timeout ?? this.#callTimeout;
    const ready = this.#ready();
    if (ready !== undefined && !(idempotent && requiresAnswer)) return now(ready, { ...options, timeout });

    const atRejection = this.#callStacks ? captureOrigin() : AT_REJECTION;
    const origin = requiresAnswer ? atRejection : undefined;
    const begin = (resolve: ClientCall["resolve"], reject: ClientCall["reject"]) => {
      throwIfAborted(options.signal);
      const out = new ByteWriter(64);
      try {
        write(out); // invalid arguments reject now, not when there is a connection
      } catch (error) {
        throw withCaller(error, options);
      }
      const deadline = timeout === undefined ? undefined : this.#clock.now() + timeout;
      const bytes = out.length;
      const place = ++this.#made;
      let first = ready === undefined ? undefined : now;
      const send: Send = (connection, given) => {
        const sending = first ?? later(out.bytes.subarray(0, bytes));
        first = undefined;
        return sending(connection, given);
      };
      const { signal } = options;
      this.#submit({
        name,
        bytes,
        place,
        idempotent,
        deadline,
        signal,
        send,
        origin,
        resolve,
        reject,
        attempts: 0,
      });
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
    this.#queue.checkRoom(call);
    this.#queue.add(call, () => this.lastError);
  }

  #submitOrReject(call: ClientCall): void {
    try {
      this.#submit(call);
    } catch (full) {
      rejectCall(call, full);
    }
  }

  #send(call: ClientCall, connection: Reconnectable): void {
    const { deadline, signal } = call;
    call.attempts++;
    // Without a timeout of the call or the client, the connection's own `callTimeout` applies: `open` may have set one.
    const timeout = deadline === undefined ? undefined : Math.max(0, deadline - this.#clock.now());
    let answer: Promise<unknown> | undefined;
    try {
      answer = call.send(connection, { timeout, signal });
    } catch (error) {
      return rejectCall(call, error, { keepHead: true });
    }
    answer?.then(call.resolve, (error: unknown) => this.#failed(call, connection, error));
  }

  #failed(call: ClientCall, { reason }: Reconnectable, error: unknown): void {
    const isLost = reason !== undefined && isError(error) && (error === reason || error.cause === reason);
    if (!isLost || !call.idempotent || this.#manager.reason !== undefined) {
      if (error === call.signal?.reason) return call.reject(error); // an object of the program
      return rejectCall(call, error, { keepHead: true });
    }
    if (call.attempts < this.#maxAttempts) this.#submitOrReject(call);
    else if (call.attempts === 1) rejectCall(call, error, { keepHead: true });
    else rejectCall(call, lostTooOften(call, error));
  }

  /**
   * Finishes the calls in progress, then ends the client. Queued calls reject. Resolves when the client has ended.
   * @param options limits after which the connection is destroyed, and calls in progress reject
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkOptionNames("close", options, CLOSE_OPTIONS);
    checkNotNegative({ timeout: options.timeout });
    checkSignal(options.signal);
    this.#end(new ConnectionClosed("the client was closed here"));
    await Promise.all(this.#manager.connections.map((connection) => connection.close(options)));
    await this.closed;
  }

  /** Ends the client at once. Queued calls and calls in progress reject with the reason. */
  destroy(reason: Error = new ConnectionClosed("the client was destroyed here")): void {
    const error = toError(reason); // a program in JavaScript may pass anything
    this.#end(error);
    for (const connection of this.#manager.connections) connection.destroy(error);
  }

  /** Closes the client, and destroys its connection if that takes more than 10 seconds. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeout: DISPOSE_TIMEOUT_MS });
  }

  #endWith(signal: AbortSignalLike): void {
    const abort = () => this.destroy(toError(signal.reason));
    if (signal.aborted) return abort();
    void this.closed.then(limitTime(this.#clock, { signal }, abort));
  }

  #end(reason: Error): void {
    this.#manager.end(reason);
    this.#rejectQueued(reason);
  }

  #rejectQueued(reason: Error): void {
    for (const call of this.#queue.takeAll()) rejectWithOwnError(call, reason, call.name);
  }
}

function lostTooOften({ name, attempts }: ClientCall, cause: unknown): ConnectionLost {
  return new ConnectionLost(
    `${name} was sent ${attempts} times, and each connection was lost before the answer: the limit is maxAttempts`,
    { cause },
  );
}

function nothing(): void {}
