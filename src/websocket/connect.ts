/** Opens a connection over a WebSocket, or on one that is there already. */

import { ALL_FEATURES, Connection } from "../core/complete-connection.ts";
import { type ConnectionOptions, checkConnectionOptions } from "../core/connection/options.ts";
import { ConnectFailed } from "../core/errors/transport.ts";
import { checkNotNegative } from "../core/number-option.ts";
import type { AbortSignalLike } from "../core/platform.ts";
import { limitTime } from "../core/time-limit.ts";
import type { Clock } from "../core/transport.ts";
import { platformClock, platformWebSocket } from "./platform.ts";
import {
  OPEN,
  SUBPROTOCOL,
  type WebSocketConstructor,
  type WebSocketEvent,
  type WebSocketLike,
} from "./socket.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

/** How a connection over a WebSocket behaves. TLS is the URL's matter: `wss:`. */
export interface WebSocketOptions extends Omit<ConnectionOptions, "tls"> {
  /**
   * Whether the WebSocket is inside TLS, so that what demands TLS is served. Default: whether its URL is `wss:`. A
   * server's WebSocket has no URL: it says so itself.
   */
  readonly secure?: boolean | undefined;
  /** Where time comes from: for tests. Default: the platform's. */
  readonly clock?: Clock | undefined;
}

/** What `connect` takes beside the URL. */
export interface ConnectWebSocketOptions extends WebSocketOptions {
  /** Makes the WebSocket, where the platform has none of its own (Node 20: that of `ws`) or headers are to be set. */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** Milliseconds until the attempt is given up. Default: what the platform allows, which may be minutes. */
  readonly connectTimeout?: number | undefined;
  /** Aborting it gives the attempt up. Afterwards it means nothing. */
  readonly signal?: AbortSignalLike | undefined;
}

/** Text, or a `URL`. */
export type WebSocketURL = string | { readonly href: string };

/**
 * AMP on an open WebSocket, of a server (`ws`) or of a client. Nothing may have been read from it before.
 * @throws TypeError for one that is not open
 */
export function attach(socket: WebSocketLike, options: WebSocketOptions = {}): Connection {
  if (socket.readyState !== OPEN)
    throw new TypeError("the WebSocket is not open: `connect` waits for one to open");
  const { secure = socket.url?.startsWith("wss:") ?? false, clock = platformClock, ...rest } = options;
  // What is unsent is looked at in the platform's own time: no test's clock makes a socket send.
  return new Connection(new WebSocketTransport(socket, platformClock, secure), clock, rest);
}

/**
 * Finds what is wrong with options before anything is opened for them.
 * @returns what makes the WebSocket
 * @throws RangeError; TypeError, also where there is no WebSocket
 */
export function checkOptions(options: ConnectWebSocketOptions): WebSocketConstructor {
  const { connectTimeout, WebSocket: Constructor = platformWebSocket } = options;
  checkConnectionOptions(options, ALL_FEATURES);
  checkNotNegative({ connectTimeout });
  if (Constructor === undefined) {
    throw new TypeError("this platform has no WebSocket of its own: give one as the option `WebSocket`");
  }
  return Constructor;
}

/**
 * Connects to `ws:` or `wss:`, with the subprotocol `amp`.
 * @throws ConnectFailed when no connection comes about (a browser does not tell why); the signal's reason; before
 * anything is opened RangeError and TypeError for options that make no sense, and what the WebSocket throws for a URL
 * that it cannot take
 */
export async function connect(url: WebSocketURL, options: ConnectWebSocketOptions = {}): Promise<Connection> {
  const { signal, connectTimeout, WebSocket: _given, ...rest } = options;
  const { clock = platformClock } = options;
  const Constructor = checkOptions(options);
  if (signal?.aborted) throw signal.reason;
  const address = typeof url === "string" ? url : url.href;
  const socket = new Constructor(address, SUBPROTOCOL);
  return await new Promise((resolve, reject) => {
    const settle = (outcome: () => void) => {
      socket.removeEventListener("open", opened);
      socket.removeEventListener("close", failed);
      release();
      outcome();
    };
    const opened = () => {
      // In a promise of its own: what a receiver or an observer throws here rejects.
      settle(() => resolve(new Promise((attached) => attached(attach(socket, rest)))));
    };
    const failed = ({ message, error }: WebSocketEvent) => {
      const why = message || "no WebSocket could be opened";
      settle(() => reject(new ConnectFailed(`cannot connect to ${address}: ${why}`, { cause: error })));
    };
    const late = () => new ConnectFailed(`${address} did not answer within ${connectTimeout} ms`);
    const release = limitTime(clock, { timeout: connectTimeout, signal }, (cause) => {
      settle(() => reject(cause === "timeout" ? late() : signal?.reason));
      socket.close();
    });
    // This listener stays: an `error` event of `ws` that nobody hears ends the process.
    socket.addEventListener("error", failed);
    socket.addEventListener("close", failed);
    socket.addEventListener("open", opened);
  });
}

/** For a server that handles subprotocols: the one to choose, of those that the client offers, or false. */
export function chooseProtocol(offered: Iterable<string>): string | false {
  return [...offered].includes(SUBPROTOCOL) ? SUBPROTOCOL : false;
}
