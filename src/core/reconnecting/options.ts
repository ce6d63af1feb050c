/** Options and states of a reconnecting client. */
import type { Caller, CloseOptions } from "../command/types.ts";
import type { ConnectionOptions } from "../connection/options.ts";
import { checkLimit, checkNotNegative } from "../number-option.ts";
import { checkOptionNames } from "../option-names.ts";
import { checkOptionTypes } from "../option-types.ts";
import type { Signal } from "../platform.ts";
import type { Clock } from "../transport.ts";
import type { BackoffOptions } from "./backoff.ts";

/** A connection as a reconnecting client needs it. */
export interface Reconnectable extends Caller {
  /** True while new calls are sent or queued. False once the connection is closing or speaks another protocol. */
  readonly acceptsCalls: boolean;
  /** Promise of the reason why no more calls are accepted. If it resolves before the end, the next connection is opened then. */
  readonly callsEnded?: Promise<Error>;
  /** The reason why the connection ends; undefined before that. */
  readonly reason: Error | undefined;
  /** Promise of the reason why the connection ended. It never rejects. */
  readonly closed: Promise<Error>;
  /** Finishes the calls in progress, then ends the connection. */
  close(options?: CloseOptions): Promise<void>;
  /** Ends the connection at once. */
  destroy(reason?: Error): void;
}

/**
 * State of a reconnecting client.
 *
 * - `connecting`: a connection is being opened, upgraded to TLS if that is configured, and set up
 * - `connected`: calls are sent
 * - `waiting`: the client waits for the next attempt
 * - `closed`: the client has ended, and makes no more attempts
 */
export type ReconnectingState = "connecting" | "connected" | "waiting" | "closed";

/** A state change of a reconnecting client, as passed to `onStateChange`. */
export interface ReconnectingStateChange<C extends Reconnectable> {
  readonly state: ReconnectingState;
  /** The last error: why there is no connection, or why the previous one ended. Undefined before the first failure. */
  readonly error: Error | undefined;
  /** Milliseconds until the next attempt. Set only in `waiting`. */
  readonly delay?: number;
  /** The new connection. Set only in `connected`. */
  readonly connection?: C;
}

/** Limits on the calls that are queued until there is a connection. A call over a limit rejects with LimitExceeded. */
export interface QueueLimits {
  /** Number of queued calls. Default 1,000. */
  readonly maxCalls?: number | undefined;
  /** Bytes of the boxes of all queued calls. Default 1 MiB. */
  readonly maxBytes?: number | undefined;
}

/** Context of `onConnection`. */
export interface SetupContext<A = unknown> {
  /** The address of the connection, as the options or the SRV record have it. Undefined if `open` has opened the connection. */
  readonly address: A | undefined;
}

/**
 * Options of a reconnecting client over any transport.
 * @typeParam A the addresses
 */
export interface ReconnectingBaseOptions<C extends Reconnectable, A = unknown> {
  /**
   * Sets up each new connection, for example with a login. Queued calls are sent when it returns, or when its promise
   * resolves. It must make its calls on the connection that it gets, because calls on the client stay queued meanwhile,
   * after those that are queued already. If it throws or rejects, the connection is destroyed and the next attempt follows.
   */
  readonly onConnection?: ((connection: C, context: SetupContext<A>) => unknown) | undefined;
  /** Limit on the time of `onConnection`, in milliseconds. Over it, the connection is destroyed. Default 30,000. */
  readonly setupTimeout?: number | undefined;
  /**
   * Called on every state change, and for the first state. In `connected`, the queued calls were sent before. If it throws or
   * rejects, `onError` is called, and the client continues.
   */
  readonly onStateChange?: ((change: ReconnectingStateChange<C>) => void) | undefined;
  /**
   * Receives the errors that `onStateChange` throws, and those of every connection that the client opens to an address. Default:
   * as for a connection, a warning.
   */
  readonly onError?: ConnectionOptions["onError"];
  /**
   * Returns true for an error after which another attempt is useless. The client then closes with that error. If it throws,
   * the client closes with the thrown error. Default: no error is fatal.
   */
  readonly isFatalError?: ((error: Error) => boolean) | undefined;
  /** Waits between attempts. */
  readonly backoff?: BackoffOptions | undefined;
  /** Limits on the calls that are queued until there is a connection. */
  readonly queue?: QueueLimits | undefined;
  /**
   * Number of times that a call of an `idempotent` command is sent, if its connection is always lost before the answer. Then
   * the call rejects with ConnectionLost. 1: no call is sent again. Default 3.
   */
  readonly maxAttempts?: number | undefined;
  /** Default `timeout` of a call, in milliseconds. It includes the time in the queue. Default: no limit. */
  readonly callTimeout?: number | undefined;
  /** Captures the caller's stack for each call: see `callStacks` of a connection. */
  readonly callStacks?: boolean | undefined;
  /** Clock of the client, for tests. Default: the clock of the platform. */
  readonly clock?: Clock | undefined;
  /** Signal that destroys the client when it is aborted. */
  readonly signal?: Signal | undefined;
}

/** The program's own way to open connections, for example over a child process that is started again, or over SSH. */
export interface ConnectionOpener<C extends Reconnectable> {
  /**
   * Opens a connection. Errors that it throws lead to the next attempt.
   * @param signal is aborted if the client ends meanwhile. A connection that is opened after that is destroyed
   */
  readonly open: (signal: Signal) => C | PromiseLike<C>;
}

/** The part of a reconnecting client that depends on the platform. */
export interface ConnectionFactory<C extends Reconnectable, A = unknown> extends ConnectionOpener<C> {
  /** Clock of the platform. */
  readonly clock: Clock;
  /** Prepares each new connection before anything else is sent on it, for example with StartTLS. */
  readonly prepare?: ((connection: C) => Promise<void>) | undefined;
  /** Returns the address to which a connection was opened. */
  readonly addressOf?: ((connection: C) => A | undefined) | undefined;
  /** Called for each connection that was set up. */
  readonly succeeded?: ((connection: C) => void) | undefined;
}

/** Names of the {@link ReconnectingBaseOptions}. An entry point adds those of its connections, or `open`. */
export const RECONNECTING_OPTIONS = [
  "onConnection",
  "setupTimeout",
  "onStateChange",
  "onError",
  "isFatalError",
  "backoff",
  "queue",
  "maxAttempts",
  "callTimeout",
  "callStacks",
  "clock",
  "signal",
] as const;

export const QUEUE_OPTIONS = ["maxCalls", "maxBytes"] as const;

/** @throws RangeError for an invalid time or limit, TypeError for an unknown option of `queue` or a value that is not a function */
export function checkReconnectingOptions({
  callTimeout,
  setupTimeout,
  queue,
  maxAttempts,
  onConnection,
  onStateChange,
  onError,
  isFatalError,
}: ReconnectingBaseOptions<never, never>): void {
  checkOptionNames("queue", queue, QUEUE_OPTIONS);
  const { maxCalls, maxBytes } = queue ?? {};
  checkOptionTypes(
    "reconnecting",
    { onConnection, onStateChange, onError, isFatalError },
    { onConnection: "function", onStateChange: "function", onError: "function", isFatalError: "function" },
  );
  checkLimit({ maxAttempts });
  checkNotNegative({ callTimeout, setupTimeout, "queue.maxCalls": maxCalls, "queue.maxBytes": maxBytes });
}
