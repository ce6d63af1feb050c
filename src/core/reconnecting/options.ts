/** How a client that keeps a connection up behaves. */

import type { BaseConnection as Connection } from "../connection/connection.ts";
import { checkBounds } from "../connection/options.ts";
import type { Signal } from "../platform.ts";
import type { Clock } from "../transport.ts";
import type { BackoffOptions } from "./backoff.ts";

/**
 * `connecting`: a connection is being opened, turned to TLS where that was asked for, and set up. `connected`: calls go
 * out. `waiting`: until the next attempt. `closed`: for good.
 */
export type ReconnectingState = "connecting" | "connected" | "waiting" | "closed";

/** Tells of a new state. */
export interface ReconnectingStateChange<C extends Connection = Connection> {
  readonly state: ReconnectingState;
  /** Why there is no connection, or was none before this one; undefined as long as nothing has failed. */
  readonly error: Error | undefined;
  /** `waiting` only: milliseconds until the next attempt. */
  readonly delay?: number;
  /** `connected` only. */
  readonly connection?: C;
}

/** Bounds on the calls that wait for a connection. A call past them rejects with LimitExceeded. */
export interface QueueLimits {
  /** Default 1,000. */
  readonly maxCalls?: number | undefined;
  /** Bytes of their boxes. Default 1 MiB. */
  readonly maxBytes?: number | undefined;
}

/** What a client that keeps a connection up does, whatever carries the connection. */
export interface ReconnectingBaseOptions<C extends Connection = Connection> {
  /**
   * Sets up every connection (a login, say), perhaps with a promise; the calls that wait go out when it is done. Make
   * its calls on the connection that it is given. When it fails, the connection is destroyed and the next attempt
   * follows.
   */
  readonly onConnection?: ((connection: C) => unknown) | undefined;
  /** Milliseconds that `onConnection` may take. Default 30,000. */
  readonly setupTimeout?: number | undefined;
  /** Hears of every state, the first one included. What it throws is left to the platform to report. */
  readonly onStateChange?: ((change: ReconnectingStateChange<C>) => void) | undefined;
  /** Says of an error that trying again is in vain: the client closes with it, or with what this throws. Default: none is. */
  readonly isFatalError?: ((error: Error) => boolean) | undefined;
  /** How long to wait between attempts. */
  readonly backoff?: BackoffOptions | undefined;
  /** How many calls may wait for a connection. */
  readonly queue?: QueueLimits | undefined;
  /** Milliseconds that a call may take where it does not say, the wait for a connection included. Default: no bound. */
  readonly callTimeout?: number | undefined;
  /** Where time comes from: for tests. Default: the platform's. */
  readonly clock?: Clock | undefined;
  /** Aborting it destroys the client. */
  readonly signal?: Signal | undefined;
}

/** Opens a connection in a way of your own: over a child process that is started anew, over SSH. */
export interface ConnectionOpener<C extends Connection = Connection> {
  /** @param signal aborts when the client is closed meanwhile */
  readonly open: (signal: Signal) => C | PromiseLike<C>;
}

/** What the carrier of the connections adds. */
export interface ConnectionFactory<C extends Connection> extends ConnectionOpener<C> {
  /** The platform's. */
  readonly clock: Clock;
  /** Does what every connection needs before anything else is sent on it: StartTLS. */
  readonly prepare?: ((connection: C) => Promise<void>) | undefined;
}

/** @throws RangeError for a time or a bound that is none */
export function checkBehaviour({
  callTimeout,
  setupTimeout,
  queue: { maxCalls, maxBytes } = {},
}: ReconnectingBaseOptions<never>): void {
  checkBounds({ callTimeout, setupTimeout, maxCalls, maxBytes });
}
