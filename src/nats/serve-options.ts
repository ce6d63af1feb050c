/** Options of `serve`. */
import type { ErrorContext } from "../core/connection/options.ts";
import type { Observer } from "../core/observer.ts";
import type { ResponderLocator } from "../core/serving/locator.ts";
import { NATS_OPTIONS, type NatsOptions } from "./options.ts";

/** Options of `serve`. */
export interface ServeOptions extends NatsOptions {
  /** Name of the service: letters, digits, `-` and `_`. All workers with this name share its calls. */
  readonly service: string;
  /** Responders. `locator(...)` and `implement(...)` make one. Each command gets a subscription of its own. */
  readonly locator: ResponderLocator;
  /** Version of the program for discovery, `MAJOR.MINOR.PATCH`. Default `0.0.0`. */
  readonly version?: string | undefined;
  /** Text for discovery. Default: empty. */
  readonly description?: string | undefined;
  /** Names and texts for discovery. Default: none. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Asks in progress. At the limit the worker rejects asks, not executed, and callers try another worker. Default 1,000. */
  readonly maxAsksInProgress?: number | undefined;
  /**
   * Milliseconds between two heartbeats of an ask in progress. A caller takes the worker for lost after its `silence`, 3,000 by
   * default, so the event loop must not be blocked for longer. Default 1,000.
   */
  readonly heartbeat?: number | undefined;
  /**
   * `"connection"`: the worker takes all asks of a client whose first ask it got, in their order, and keeps `context.state` for
   * the client. The edges of the service need the same option. Default: each ask goes to any worker.
   */
  readonly affinity?: "connection" | undefined;
  /** False: an undeclared error of a responder does not close the client's connection at its edge. Default true. */
  readonly closeOnUndeclaredError?: boolean | undefined;
  /**
   * Receives errors that no caller receives: undeclared errors of responders, invalid messages, and rejected commands
   * that want no answer. The caller never sees their text. Default: each is a warning of the platform, 20 a second at most.
   */
  readonly onError?: ((error: unknown, about: ErrorContext) => void) | undefined;
  /**
   * Receives the asks of this worker, for tracing and metrics: `callStarted`, `callAnswered`, `callFailed` and `errorReported`. If it
   * throws, it is not called again, and `onError` receives the error.
   */
  readonly observer?: Observer | undefined;
}

export const SERVE_OPTIONS = [
  ...NATS_OPTIONS,
  "service",
  "locator",
  "version",
  "description",
  "metadata",
  "maxAsksInProgress",
  "heartbeat",
  "affinity",
  "closeOnUndeclaredError",
  "onError",
  "observer",
] as const;
