/** Types and code that both `reconnecting` functions for WebSockets share. */
import type { BaseConnection as Connection } from "../core/connection/connection.ts";
import { ConnectFailed } from "../core/errors/transport.ts";
import { checkIsObject, checkOptionNames } from "../core/option-names.ts";
import type { AbortSignalLike } from "../core/platform.ts";
import { platformClock } from "../core/platform-clock.ts";
import { ReconnectingClient as Client } from "../core/reconnecting/client.ts";
import { withFatalOptionsErrors } from "../core/reconnecting/fatal-errors.ts";
import {
  type ReconnectingBaseOptions as BaseOptions,
  type ConnectionOpener as Opener,
  RECONNECTING_OPTIONS,
  type ReconnectingStateChange as StateChange,
} from "../core/reconnecting/options.ts";
import type { WebSocketURL } from "./options.ts";

/** A reconnecting client over a WebSocket. */
export type ReconnectingClient = Client<Connection>;
/** A state change of such a client, as passed to `onStateChange`. */
export type ReconnectingStateChange = StateChange<Connection>;
/** The program's own way to open connections. */
export type ConnectionOpener = Opener<Connection>;
/** Options of such a client, apart from the address. */
export type ReconnectingBaseOptions = BaseOptions<Connection>;

/** The parts in which the two entry points differ. */
export interface EntryPoint<Options> {
  /** Names of the options of `connect`. */
  readonly optionNames: readonly string[];
  /** @throws RangeError, TypeError for invalid options of `connect` */
  check(options: Options): void;
  open(
    url: WebSocketURL,
    options: Options & { readonly signal?: AbortSignalLike | undefined },
  ): Promise<Connection>;
}

/**
 * Creates a client that opens its connections with `open`, or with the program's own function.
 * @throws RangeError, TypeError for invalid options
 */
export function reconnectingClient<Options extends object>(
  options: ReconnectingBaseOptions & ((Options & { readonly url: WebSocketURL }) | ConnectionOpener),
  { optionNames, check, open }: EntryPoint<Options>,
): ReconnectingClient {
  checkIsObject("reconnecting", options);
  const hasOpener = "open" in options;
  const names = hasOpener ? ["open"] : ["url", ...optionNames];
  checkOptionNames("reconnecting", options, [...RECONNECTING_OPTIONS, ...names]);
  if (hasOpener) return clientOver(options as ReconnectingBaseOptions & ConnectionOpener); // it has `open`
  const {
    url,
    signal: _ofTheClient,
    ...rest
  } = options as ReconnectingBaseOptions & Options & { readonly url: WebSocketURL }; // it has no `open`
  const ofConnection = rest as unknown as Options; // the options of the client itself are ignored by `connect`
  check(ofConnection);
  // An error of the WebSocket's constructor, for example for an invalid URL: the next attempt would fail in the same way.
  const isOptionsError = (error: unknown) => !(error instanceof ConnectFailed);
  const opener = withFatalOptionsErrors(
    (signal: AbortSignalLike) => open(url, { ...ofConnection, signal }),
    isOptionsError,
    options.isFatalError,
  );
  return clientOver({ ...options, ...opener });
}

function clientOver(options: ReconnectingBaseOptions & ConnectionOpener): ReconnectingClient {
  return new Client(options, { clock: platformClock, open: options.open });
}
