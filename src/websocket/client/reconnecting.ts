/** Clients that reconnect and only call, over WebSockets. */
import type { WebSocketURL } from "../options.ts";
import {
  type ConnectionOpener,
  checkClientOptions,
  clientOver,
  clientTo,
  type ReconnectingBaseOptions,
  type ReconnectingClient,
} from "../reconnecting-client.ts";
import { CALLING_OPTIONS, type CallingOptions, checkCallingOptions, open } from "./connect.ts";

/** The URL and the options of `connect`, or a function that opens each connection. */
export type ReconnectingOptions = ReconnectingBaseOptions &
  ((CallingOptions & { readonly url: WebSocketURL }) | ConnectionOpener);

/**
 * Connects, and connects again whenever the connection breaks, until the client is closed. Returns at once: calls are
 * queued until the first connection is ready. An invalid URL closes the client.
 * @throws RangeError, TypeError for invalid options
 */
export function reconnecting(options: ReconnectingOptions): ReconnectingClient {
  checkClientOptions(options, CALLING_OPTIONS);
  if ("open" in options) return clientOver(options);
  const { url, signal: _ofTheClient, ...rest } = options;
  checkCallingOptions(rest);
  return clientTo(options, (signal) => open(url, { ...rest, signal }));
}
