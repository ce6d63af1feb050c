/** Reconnecting client over a WebSocket. */
import type { Connection } from "../core/complete-connection.ts";
import { ConnectFailed } from "../core/errors/transport.ts";
import type { AbortSignalLike } from "../core/platform.ts";
import { ReconnectingClient as Client } from "../core/reconnecting/client.ts";
import { withFatalOptionsErrors } from "../core/reconnecting/fatal-errors.ts";
import type {
  ReconnectingBaseOptions as BaseOptions,
  ConnectionOpener as Opener,
  ReconnectingStateChange as StateChange,
} from "../core/reconnecting/options.ts";
import { type ConnectWebSocketOptions, checkOptions, connect, type WebSocketURL } from "./connect.ts";
import { platformClock } from "./platform.ts";

/** A reconnecting client over a WebSocket. */
export type ReconnectingClient = Client<Connection>;
/** A state change of such a client, as passed to `onStateChange`. */
export type ReconnectingStateChange = StateChange<Connection>;
/** The program's own way to open connections. */
export type ConnectionOpener = Opener<Connection>;
/** Options of such a client, apart from the address. */
export type ReconnectingBaseOptions = BaseOptions<Connection>;

/** Options of `reconnecting`: a URL and the options of `connect`, or `open`. For TLS, use a `wss:` URL. */
export type ReconnectingOptions = ReconnectingBaseOptions &
  ((ConnectWebSocketOptions & { readonly url: WebSocketURL }) | ConnectionOpener);

/**
 * Creates a client that connects, and connects again whenever its connection ends, until the client is closed. Returns at
 * once: calls are queued until there is a connection. A URL that the WebSocket rejects closes the client.
 * @throws RangeError, TypeError for an invalid option
 */
export function reconnecting(options: ReconnectingOptions): ReconnectingClient {
  if ("open" in options) return new Client(options, { clock: platformClock, open: options.open });
  const { url, signal: _ofTheWhole, isFatalError, ...rest } = options;
  checkOptions(rest);
  // An error of the WebSocket's constructor: the next attempt would fail in the same way.
  const isOptionsError = (error: unknown) => !(error instanceof ConnectFailed);
  const open = (signal: AbortSignalLike) => connect(url, { ...rest, signal });
  const fatal = withFatalOptionsErrors(open, isOptionsError, isFatalError);
  return new Client(
    { ...options, isFatalError: fatal.isFatalError },
    { clock: platformClock, open: fatal.open },
  );
}
