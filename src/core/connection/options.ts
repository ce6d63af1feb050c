/** How a connection behaves. */

import type { AmpConnection } from "../command/types.ts";
import type { Observer } from "../observer.ts";
import type { ResponderLocator } from "../serving/locator.ts";
import type { TLSOptions } from "../transport.ts";
import type { LimitOptions } from "../wire/box-limits.ts";
import type { BoxReceiver } from "./box-interfaces.ts";
import type { HeartbeatOptions } from "./heartbeat-options.ts";

/** What `connect`, `listen` and `attach` take beside an address. */
export interface ConnectionOptions {
  /** Who answers the peer's asks. Default: nobody. */
  readonly locator?: ResponderLocator | undefined;
  /**
   * Takes the boxes as they come, in place of a locator: for protocols of your own making. Answers are among them, so the
   * connection itself makes no calls that want one.
   */
  readonly receiver?: BoxReceiver | undefined;
  /** What our side presents and demands on StartTLS, where the call or the responder does not say. */
  readonly tls?: TLSOptions | undefined;
  /** Refuse, in both directions, whatever is asked in plaintext, other than to start TLS. Default false. */
  readonly requireTLS?: boolean | undefined;
  /** Bounds on what the peer may cost us. */
  readonly limits?: LimitOptions | undefined;
  /** Milliseconds that a call may take where it does not say. Default: no bound. */
  readonly callTimeout?: number | undefined;
  /**
   * Asks a silent peer for a sign of life, and destroys the connection when there is none: keepalive for AMP. Any peer
   * answers, without knowing of it. Not to be had together with `receiver`. Default: none.
   */
  readonly heartbeat?: HeartbeatOptions | undefined;
  /** Close the connection when a responder throws what its command does not declare, as Twisted does. Default true. */
  readonly closeOnUndeclaredError?: boolean | undefined;
  /**
   * Hears of errors that nobody else hears of: what a responder threw and its command does not declare, what it
   * returned and cannot be sent, an unknown command that wanted no answer; of a server also why a connection could not be
   * accepted. The peer is never told their text.
   */
  readonly onError?: ((error: unknown, about: ErrorContext) => void) | undefined;
  /** Hears of every call and change: for tracing and metrics. On Node this is `node:diagnostics_channel`. */
  readonly observer?: Observer | undefined;
}

/** Where an error came up. */
export interface ErrorContext {
  /** The command that was being served. Undefined where there was none. */
  readonly command: string | undefined;
  /** Undefined for an error of the server itself, which could not accept one. */
  readonly connection: AmpConnection | undefined;
}
