/** Clients that reconnect, over WebSockets. */
import { CONNECT_OPTIONS, type ConnectWebSocketOptions, FEATURES, open } from "./connect.ts";
import { checkOptions } from "./open.ts";
import type { WebSocketURL } from "./options.ts";
import {
  type ConnectionOpener,
  checkClientOptions,
  clientOver,
  clientTo,
  type ReconnectingBaseOptions,
  type ReconnectingClient,
} from "./reconnecting-client.ts";

/** The URL and the options of `connect`, or a function that opens each connection. */
export type ReconnectingOptions = ReconnectingBaseOptions &
  ((ConnectWebSocketOptions & { readonly url: WebSocketURL }) | ConnectionOpener);

/**
 * Connects, and connects again whenever the connection breaks, until the client is closed. Returns at once: calls are
 * queued until the first connection is ready. An invalid URL closes the client.
 * @throws RangeError, TypeError for invalid options
 */
export function reconnecting(options: ReconnectingOptions): ReconnectingClient {
  checkClientOptions(options, CONNECT_OPTIONS);
  if ("open" in options) return clientOver(options);
  const { url, signal: _ofTheClient, ...rest } = options;
  checkOptions(rest, FEATURES);
  return clientTo(options, (signal) => open(url, { ...rest, signal }));
}
