/** Types and code that both `reconnecting` functions for WebSockets share. */
import type { BaseConnection as Connection } from "../core/connection/connection.ts";
import { ConnectFailed } from "../core/errors/transport.ts";
import { checkOptionNames } from "../core/option-names.ts";
import { ReconnectingClient as Client } from "../core/reconnecting/client.ts";
import { withFatalOptionsErrors } from "../core/reconnecting/fatal-errors.ts";
import {
  type ReconnectingBaseOptions as BaseOptions,
  type ConnectionOpener as Opener,
  RECONNECTING_OPTIONS,
  type ReconnectingStateChange as StateChange,
} from "../core/reconnecting/options.ts";
import { platformClock } from "./platform.ts";

/** A reconnecting client over a WebSocket. */
export type ReconnectingClient = Client<Connection>;
/** A state change of such a client, as passed to `onStateChange`. */
export type ReconnectingStateChange = StateChange<Connection>;
/** The program's own way to open connections. */
export type ConnectionOpener = Opener<Connection>;
/** Options of such a client, apart from the address. */
export type ReconnectingBaseOptions = BaseOptions<Connection>;

/**
 * Checks the names of all options of a client: with `open`, those of the client only.
 * @param ofConnection names of the options of `connect`
 * @throws TypeError for an unknown option
 */
export function checkClientOptions(options: object, ofConnection: readonly string[]): void {
  const more = options !== null && "open" in options ? ["open"] : ["url", ...ofConnection];
  checkOptionNames("reconnecting", options, [...RECONNECTING_OPTIONS, ...more]);
}

/** Creates a client from a function that opens each connection. */
export function clientOver(options: ReconnectingBaseOptions & ConnectionOpener): ReconnectingClient {
  return new Client(options, { clock: platformClock, open: options.open });
}

/** Creates a client whose `open` is `connect`. The WebSocket's own error for an invalid URL closes the client. */
export function clientTo(
  options: ReconnectingBaseOptions,
  open: ConnectionOpener["open"],
): ReconnectingClient {
  // An error of the WebSocket's constructor: the next attempt would fail in the same way.
  const isOptionsError = (error: unknown) => !(error instanceof ConnectFailed);
  return clientOver({ ...options, ...withFatalOptionsErrors(open, isOptionsError, options.isFatalError) });
}
