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
  type SetupContext as Setup,
  type ReconnectingStateChange as StateChange,
} from "../core/reconnecting/options.ts";
import { CONNECT_TIMEOUT_MS, openInTurn, Rotation } from "../core/reconnecting/rotation.ts";
import type { WebSocketURL } from "./options.ts";

/** A reconnecting client over a WebSocket. */
export type ReconnectingClient = Client<Connection>;
/** A state change of such a client, as passed to `onStateChange`. */
export type ReconnectingStateChange = StateChange<Connection>;
/** The program's own way to open connections. */
export type ConnectionOpener = Opener<Connection>;
/** Context of `onConnection`: `address` is the URL. */
export type SetupContext = Setup<WebSocketURL>;
/** Options of such a client, apart from the address. */
export type ReconnectingBaseOptions = BaseOptions<Connection, WebSocketURL>;

/** The URL of a server, or the URLs of several servers with the same service. */
export type ServerURLs =
  | {
      /** URL of the server, with `ws:` or `wss:`. */
      readonly url: WebSocketURL;
    }
  | {
      /**
       * The client shuffles the list, then tries the URLs in turn; those that have failed in the last minute come last. One
       * attempt tries each URL once. `connectTimeout` limits the time for each URL and has the default 10,000.
       */
      readonly urls: readonly WebSocketURL[];
    };

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
export function reconnectingClient<Options extends { readonly connectTimeout?: number | undefined }>(
  options: ReconnectingBaseOptions & ((Options & ServerURLs) | ConnectionOpener),
  { optionNames, check, open }: EntryPoint<Options>,
): ReconnectingClient {
  checkIsObject("reconnecting", options);
  const hasOpener = "open" in options;
  const names = hasOpener ? ["open"] : ["url", "urls", ...optionNames];
  checkOptionNames("reconnecting", options, [...RECONNECTING_OPTIONS, ...names]);
  if (hasOpener) return new Client(options, { clock: platformClock, open: options.open });
  const {
    url,
    urls,
    signal: _ofTheClient,
    ...rest
  } = options as ReconnectingBaseOptions & Options & { url: WebSocketURL; urls?: readonly WebSocketURL[] }; // it has no `open`
  checkURLs(url, urls);
  const { connectTimeout = urls && CONNECT_TIMEOUT_MS } = rest;
  const ofConnection = { ...rest, connectTimeout } as unknown as Options; // `connect` ignores the options of the client itself
  check(ofConnection);
  const { backoff, clock = platformClock, isFatalError } = options;
  const source = new Rotation(urls ?? [url], backoff?.jitter ?? Math.random, clock);
  const factory = openInTurn<Connection, WebSocketURL>(
    source,
    (one, signal) => open(one, { ...ofConnection, signal }),
    isOptionsError,
  );
  const opener = withFatalOptionsErrors(factory.open, isOptionsError, isFatalError);
  return new Client({ ...options, ...opener }, { ...factory, ...opener, clock: platformClock });
}

/** @throws TypeError unless there is either one URL or a list of URLs */
function checkURLs(url: unknown, urls: unknown): void {
  if (urls !== undefined && (url !== undefined || !Array.isArray(urls) || urls.length === 0))
    throw new TypeError("reconnecting: urls must be an array with at least one URL, without the option url");
}

/**
 * True for an error of the WebSocket's constructor, for example for an invalid URL: the next attempt would fail in the same
 * way.
 */
function isOptionsError(error: unknown): boolean {
  return !(error instanceof ConnectFailed);
}
