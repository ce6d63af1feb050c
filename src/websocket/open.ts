/** Opens a WebSocket and makes a connection on it, with the parts that an entry point gives. */
import { BaseConnection } from "../core/connection/connection.ts";
import type { FeatureSet } from "../core/connection/feature.ts";
import type { ServingFactory } from "../core/connection/kernel.ts";
import { DEFAULT_LIMITS } from "../core/connection/limits.ts";
import { type ConnectionOptions, checkConnectionOptions } from "../core/connection/options.ts";
import { ConnectFailed } from "../core/errors/transport.ts";
import { checkNotNegative } from "../core/number-option.ts";
import { platformClock } from "../core/platform-clock.ts";
import type { SharedBudgets } from "../core/serving/shared-budget.ts";
import { limitTime, throwIfAborted } from "../core/time-limit.ts";
import type { Transport } from "../core/transport.ts";
import { wrongType } from "../core/wire/value-text.ts";
import type { OpenOptions, SocketOptions, WebSocketURL } from "./options.ts";
import { platformWebSocket } from "./platform.ts";
import {
  OPEN,
  SUBPROTOCOL,
  type WebSocketConstructor,
  type WebSocketEvent,
  type WebSocketLike,
} from "./socket.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

/** Facts about a WebSocket that a server has accepted. */
interface Accepted {
  readonly budgets?: SharedBudgets;
  readonly addresses?: Pick<Transport, "localAddress" | "remoteAddress">;
}

/**
 * Makes a connection on an open WebSocket.
 * @throws TypeError if it is not open
 */
export function connectionOn(
  socket: WebSocketLike,
  options: ConnectionOptions & SocketOptions,
  serving: ServingFactory,
  features: FeatureSet,
  { budgets, addresses }: Accepted = {},
): BaseConnection {
  if (typeof socket?.addEventListener !== "function")
    throw new TypeError("attach: a WebSocket is needed, with the method addEventListener");
  if (socket.readyState !== OPEN)
    throw new TypeError("attach: the WebSocket is not open: use connect, or wait for its open event");
  const { secure = socket.url?.startsWith("wss:") ?? false, clock = platformClock, limits } = options;
  const { maxBufferedBytes = DEFAULT_LIMITS.maxBufferedBytes } = limits ?? {};
  // `bufferedAmount` is polled in the platform's time: the clock of a test does not make a socket send.
  const transport = new WebSocketTransport(socket, platformClock, secure, maxBufferedBytes);
  Object.assign(transport, addresses);
  return new BaseConnection(transport, clock, options, serving, features, budgets);
}

/**
 * Checks options before a WebSocket is opened.
 * @returns the class of the WebSocket
 * @throws RangeError, TypeError for invalid options; TypeError if the platform has no WebSocket
 */
export function checkOptions(
  options: ConnectionOptions & OpenOptions,
  features: FeatureSet,
): WebSocketConstructor {
  const { connectTimeout, WebSocket: Constructor = platformWebSocket } = options;
  checkConnectionOptions(options, features);
  checkNotNegative({ connectTimeout });
  if (typeof Constructor !== "function")
    throw new TypeError("this platform has no WebSocket: pass a class as the option `WebSocket`");
  return Constructor;
}

/**
 * Opens a WebSocket.
 * @param attach makes the connection, as soon as the WebSocket is open
 * @throws ConnectFailed if no connection is opened; the signal's reason; what `attach` throws
 */
export async function openWebSocket<C>(
  Constructor: WebSocketConstructor,
  url: WebSocketURL,
  { connectTimeout, signal, clock = platformClock }: OpenOptions & SocketOptions,
  attach: (socket: WebSocketLike) => C,
): Promise<C> {
  throwIfAborted(signal);
  const address = typeof url === "string" ? url : url?.href;
  if (typeof address !== "string") throw wrongType("connect: the URL", "a string or a URL", url); // of a JavaScript program
  const socket = new Constructor(address, SUBPROTOCOL);
  return await new Promise<C>((resolve, reject) => {
    const settle = (outcome: () => void) => {
      socket.removeEventListener("open", opened);
      socket.removeEventListener("close", failed);
      release();
      outcome();
    };
    const opened = () => {
      if (socket.readyState > OPEN) return; // it is being closed already: the close event follows
      // In a promise of its own, which rejects with what a receiver or an observer throws.
      settle(() => resolve(new Promise((attached) => attached(attach(socket)))));
    };
    const failed = ({ message, error }: WebSocketEvent) => {
      const why = message || "no WebSocket could be opened";
      settle(() => reject(new ConnectFailed(`cannot connect to ${address}: ${why}`, { cause: error })));
    };
    const release = limitTime(clock, { timeout: connectTimeout, signal }, (cause) => {
      const late = new ConnectFailed(`${address} did not answer within ${connectTimeout} ms`);
      settle(() => reject(cause === "timeout" ? late : signal?.reason));
      socket.close();
    });
    // This listener stays: in `ws` an `error` event without a listener ends the process.
    socket.addEventListener("error", failed);
    socket.addEventListener("close", failed);
    socket.addEventListener("open", opened);
  });
}
