/** What `reconnecting` takes. */
import type { StartTLSOptions } from "../../core/command/amp-connection.ts";
import type { Clock } from "../../core/transport.ts";
import type { ConnectOptions } from "../connect.ts";
import type { NodeConnection } from "../connection.ts";
import type { BackoffOptions } from "./backoff.ts";

/**
 * `connecting`: a connection is being opened, turned to TLS and set up. `connected`: calls go out. `waiting`: until the
 * next attempt. `closed`: for good.
 */
export type ReconnectingState = "connecting" | "connected" | "waiting" | "closed";

/** Tells of a new state. */
export interface ReconnectingChange {
  readonly state: ReconnectingState;
  /** Why there is no connection, or was none before this one; undefined as long as nothing has failed. */
  readonly error: Error | undefined;
  /** `waiting` only: milliseconds until the next attempt. */
  readonly delay?: number;
  /** `connected` only. */
  readonly connection?: NodeConnection;
}

/** Bounds on the calls that wait for a connection. A call past them rejects with LimitExceeded. */
export interface WaitingLimits {
  /** Default 1,000. */
  readonly maxCalls?: number | undefined;
  /** Bytes of their boxes. Default 1 MiB. */
  readonly maxBytes?: number | undefined;
}

export interface ReconnectingBehaviour {
  /** Start TLS on every connection, before anything else. Calls wait for it: none is ever sent in plaintext. */
  readonly startTLS?: StartTLSOptions | undefined;
  /**
   * Sets up every connection (a login, say), perhaps with a promise; inside TLS where `startTLS` is given; the calls that wait go out when it
   * is done. Make its calls on the connection that it is given. When it fails, the connection is destroyed and the
   * next attempt follows.
   */
  readonly onConnection?: ((connection: NodeConnection) => unknown) | undefined;
  /** Milliseconds that `onConnection` may take. Default 30,000. */
  readonly setupTimeout?: number | undefined;
  readonly onStateChange?: ((change: ReconnectingChange) => void) | undefined;
  /** Says of an error that trying again is in vain: the client closes with it. Default: none is. */
  readonly giveUpOn?: ((error: Error) => boolean) | undefined;
  readonly backoff?: BackoffOptions | undefined;
  readonly waiting?: WaitingLimits | undefined;
  /** Milliseconds that a call may take where it does not say, the wait for a connection included. Default: no bound. */
  readonly callTimeout?: number | undefined;
  /** Default: Node's time. */
  readonly clock?: Clock | undefined;
}

/** Opens a connection in a way of your own: over a child process that is started anew, over SSH. */
export interface OwnWay {
  /** @param signal aborts when the client is closed meanwhile */
  readonly open: (signal: AbortSignal) => NodeConnection | PromiseLike<NodeConnection>;
}

/** Where to, as for `connect`, and how. Aborting `signal` destroys the client. */
export type ReconnectingOptions = ReconnectingBehaviour & (ConnectOptions | OwnWay);
