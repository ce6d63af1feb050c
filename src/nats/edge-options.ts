/** Options of `edge`. */
import type { AnyCommand } from "../core/command/types.ts";
import type { ErrorContext } from "../core/connection/options.ts";
import type { Identify } from "./edge-client.ts";
import { NATS_CALL_OPTIONS, type NatsCallOptions } from "./options.ts";

/** Options of `edge`. */
export interface EdgeOptions extends NatsCallOptions {
  /** Name of the service whose workers get the calls: letters, digits, `-` and `_`. */
  readonly service: string;
  /** Commands that clients may call. Nothing else is forwarded. */
  readonly commands: readonly AnyCommand[];
  /**
   * Returns facts about a client for the workers, besides those that TLS has proved: JSON, small because it goes with each ask.
   * Called synchronously for each ask. Responders get the result as `connection.identity`. Default: none.
   */
  readonly identify?: Identify | undefined;
  /** See `affinity` of `serve`. When the worker of a client has gone, its connection is closed. Default: any worker. */
  readonly affinity?: "connection" | undefined;
  /** False: an undeclared error of a responder does not close the client's connection. Default true, as in Twisted. */
  readonly closeOnUndeclaredError?: boolean | undefined;
  /** Milliseconds between two heartbeats for a call to a client. Default 1,000. */
  readonly heartbeat?: number | undefined;
  /**
   * Receives errors that no caller receives: invalid messages, and commands without an answer that are too large. An error
   * that `identify` throws goes to the `onError` of the connection. Default: each is a warning of the platform, 20 a second at most.
   */
  readonly onError?: ((error: unknown, about: ErrorContext) => void) | undefined;
}

export const EDGE_OPTIONS = [
  ...NATS_CALL_OPTIONS,
  "service",
  "commands",
  "identify",
  "affinity",
  "closeOnUndeclaredError",
  "heartbeat",
  "onError",
] as const;
