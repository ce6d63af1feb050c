/** Keeps a connection over a WebSocket up. */
import { ConnectFailed } from "../core/errors/transport.ts";
import { ReconnectingClient } from "../core/reconnecting/client.ts";
import { givingUpOnRefusals } from "../core/reconnecting/fatal-errors.ts";
import type { ConnectionOpener, ReconnectingBaseOptions } from "../core/reconnecting/options.ts";
import { type ConnectWebSocketOptions, checkOptions, connect, type WebSocketURL } from "./connect.ts";
import { platformClock } from "./platform.ts";

/** Where to, as for `connect`, and how. TLS is the URL's matter: `wss:`. */
export type ReconnectingOptions = ReconnectingBaseOptions &
  ((ConnectWebSocketOptions & { readonly url: WebSocketURL }) | ConnectionOpener);

/**
 * Connects, and connects again whenever the connection breaks, until it is closed. Comes back at once: calls wait for
 * the first connection as for any other. A URL that the WebSocket cannot take closes the client.
 * @throws RangeError, TypeError for options that make no sense
 */
export function reconnecting(options: ReconnectingOptions): ReconnectingClient {
  if ("open" in options) return new ReconnectingClient(options, { clock: platformClock, open: options.open });
  const { url, signal: _ofTheWhole, isFatalError, ...rest } = options;
  checkOptions(rest);
  // Refused by the WebSocket itself, which will do so again.
  const refuses = (error: unknown) => !(error instanceof ConnectFailed);
  const way = givingUpOnRefusals((signal) => connect(url, { ...rest, signal }), refuses, isFatalError);
  const behaviour = { ...options, isFatalError: way.isFatalError };
  return new ReconnectingClient(behaviour, { clock: platformClock, open: way.open });
}
