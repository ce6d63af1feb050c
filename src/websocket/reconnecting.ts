/** Clients that reconnect, over WebSockets. */
import type { BaseConnection as Connection } from "../core/connection/connection.ts";
import { ConnectFailed } from "../core/errors/transport.ts";
import { ReconnectingClient } from "../core/reconnecting/client.ts";
import { givingUpOnRefusals } from "../core/reconnecting/fatal-errors.ts";
import type { ConnectionOpener, ReconnectingBaseOptions } from "../core/reconnecting/options.ts";
import { type ConnectWebSocketOptions, connect } from "./connect.ts";
import { checkOptions } from "./open.ts";
import type { WebSocketURL } from "./options.ts";
import { platformClock } from "./platform.ts";

/** The URL and the options of `connect`, or a function that opens each connection. */
export type ReconnectingOptions = ReconnectingBaseOptions &
  ((ConnectWebSocketOptions & { readonly url: WebSocketURL }) | ConnectionOpener);

/**
 * Connects, and connects again whenever the connection breaks, until the client is closed. Returns at once: calls are
 * queued until the first connection is ready. An invalid URL closes the client.
 * @throws RangeError, TypeError for invalid options
 */
export function reconnecting(options: ReconnectingOptions): ReconnectingClient {
  if ("open" in options) return new ReconnectingClient(options, { clock: platformClock, open: options.open });
  const { url, signal: _ofTheClient, isFatalError, ...rest } = options;
  checkOptions(rest);
  // The WebSocket's own error for an invalid URL: every attempt would fail with it.
  const refuses = (error: unknown) => !(error instanceof ConnectFailed);
  const open = (signal: ConnectWebSocketOptions["signal"]): Promise<Connection> =>
    connect(url, { ...rest, signal });
  const way = givingUpOnRefusals(open, refuses, isFatalError);
  const behaviour = { ...options, isFatalError: way.isFatalError };
  return new ReconnectingClient(behaviour, { clock: platformClock, open: way.open });
}
