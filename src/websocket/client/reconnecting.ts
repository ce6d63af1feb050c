/** Clients that reconnect and only call, over WebSockets. */
import {
  type ConnectionOpener,
  type ReconnectingBaseOptions,
  type ReconnectingClient,
  reconnectingClient,
  type ServerURLs,
} from "../reconnecting-client.ts";
import { CALLING_OPTIONS, type CallingOptions, checkCallingOptions, open } from "./connect.ts";

/** The URL or several URLs, and the options of `connect`; or a function that opens each connection. */
export type ReconnectingOptions = ReconnectingBaseOptions &
  ((CallingOptions & ServerURLs) | ConnectionOpener);

/**
 * Connects, and connects again whenever the connection breaks, until the client is closed. Calls are queued until the
 * first connection is ready.
 * @throws RangeError, TypeError for invalid options
 */
export function reconnecting(options: ReconnectingOptions): ReconnectingClient {
  return reconnectingClient<CallingOptions>(options, {
    optionNames: CALLING_OPTIONS,
    check: checkCallingOptions,
    open,
  });
}
