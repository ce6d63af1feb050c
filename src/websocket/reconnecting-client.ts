/** Code that both `reconnecting` functions for WebSockets share. */
import type { BaseConnection as Connection } from "../core/connection/connection.ts";
import { ConnectFailed } from "../core/errors/transport.ts";
import { ReconnectingClient } from "../core/reconnecting/client.ts";
import { givingUpOnRefusals } from "../core/reconnecting/fatal-errors.ts";
import type { ConnectionOpener, ReconnectingBaseOptions } from "../core/reconnecting/options.ts";
import { platformClock } from "./platform.ts";

/** Makes a client from a function that opens each connection. */
export function clientOver(options: ReconnectingBaseOptions & ConnectionOpener): ReconnectingClient {
  return new ReconnectingClient(options, { clock: platformClock, open: options.open });
}

/** Makes a client whose `open` is `connect`. The WebSocket's own error for an invalid URL closes the client. */
export function clientTo(
  options: ReconnectingBaseOptions,
  open: ConnectionOpener<Connection>["open"],
): ReconnectingClient {
  const refuses = (error: unknown) => !(error instanceof ConnectFailed); // every attempt would fail with it
  return clientOver({ ...options, ...givingUpOnRefusals(open, refuses, options.isFatalError) });
}
