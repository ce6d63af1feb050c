/** Clients that reconnect, over WebSockets. */
import { CONNECT_OPTIONS, type ConnectWebSocketOptions, FEATURES, open } from "./connect.ts";
import { checkOptions } from "./open.ts";
import {
  type ConnectionOpener,
  type EntryPoint,
  type ReconnectingBaseOptions,
  type ReconnectingClient,
  reconnectingClient,
  type ServerURLs,
} from "./reconnecting-client.ts";

/** The URL or several URLs, and the options of `connect`; or a function that opens each connection. */
export type ReconnectingOptions = ReconnectingBaseOptions &
  ((ConnectWebSocketOptions & ServerURLs) | ConnectionOpener);

const ENTRY_POINT: EntryPoint<ConnectWebSocketOptions> = {
  optionNames: CONNECT_OPTIONS,
  check: (options) => void checkOptions(options, FEATURES),
  open,
};

/**
 * Connects, and connects again whenever the connection breaks, until the client is closed. Returns at once: calls are
 * queued until the first connection is ready. An invalid URL closes the client.
 * @throws RangeError, TypeError for invalid options
 */
export function reconnecting(options: ReconnectingOptions): ReconnectingClient {
  return reconnectingClient(options, ENTRY_POINT);
}
