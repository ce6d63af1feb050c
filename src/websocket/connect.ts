/** Connections over WebSockets that call and serve. */
import type { BaseConnection as Connection } from "../core/connection/connection.ts";
import type { FeatureSet } from "../core/connection/feature.ts";
import { expectFrequentCalls } from "../core/connection/frequent-calls.ts";
import type { LimitOptions } from "../core/connection/limits.ts";
import type { ConnectionOptions } from "../core/connection/options.ts";
import { boxReceiver } from "../core/features/box-receiver.ts";
import { boxTimeout } from "../core/features/box-timeout.ts";
import { goAway } from "../core/features/go-away.ts";
import { liveness } from "../core/features/liveness.ts";
import { locatorOption } from "../core/features/locator-option.ts";
import { unsentWatch } from "../core/features/unsent-watch.ts";
import { CONNECTION_OPTIONS, checkOptionNames } from "../core/option-names.ts";
import type { ServerLimits } from "../core/serving/server-limits.ts";
import { serving } from "../core/serving/serving.ts";
import { ADDRESS_OPTIONS, type AddressOptions, addressesOf } from "./addresses.ts";
import { checkOptions, connectionOn, openWebSocket } from "./open.ts";
import {
  OPEN_OPTIONS,
  type OpenOptions,
  SOCKET_OPTIONS,
  type SocketOptions,
  type WebSocketURL,
} from "./options.ts";
import { sharedBudgets } from "./shared.ts";
import type { WebSocketLike } from "./socket.ts";

/** Features of a connection that `connect` opens. */
export const FEATURES: FeatureSet = [locatorOption, boxReceiver, boxTimeout, liveness, goAway];
/** Features of a connection on any WebSocket. The peer may be a client that does not read. Not spread: bundlers would keep it. */
const ATTACHED_FEATURES: FeatureSet = [locatorOption, boxReceiver, boxTimeout, liveness, unsentWatch, goAway];

/** Options of a connection over a WebSocket. There are none for StartTLS: the URL selects TLS by `wss:`. */
export interface WebSocketOptions extends Omit<ConnectionOptions, "tls">, SocketOptions {}

/** Options of `attach`. */
export interface AttachWebSocketOptions extends WebSocketOptions, AddressOptions {
  /**
   * Limits on what all attached WebSockets of the process with the same `serverLimits` take together. `limits` are those of each
   * connection.
   */
  readonly serverLimits?: ServerLimits | undefined;
}

/** Options of `connect`. */
export interface ConnectWebSocketOptions extends Omit<WebSocketOptions, "limits">, OpenOptions {
  /**
   * Limits on what the server can cost this end. `connect` does not enforce `unsentTimeout`, so that a page does not load its
   * code: a heartbeat notices a server that is gone. To have it, open the WebSocket yourself and `attach` to it.
   */
  readonly limits?: Omit<LimitOptions, "unsentTimeout"> | undefined;
}

/** Names of the {@link WebSocketOptions}. */
const WEBSOCKET_OPTIONS: readonly string[] = [
  ...CONNECTION_OPTIONS.filter((name) => name !== "tls"),
  ...SOCKET_OPTIONS,
];
/** Names of the {@link AttachWebSocketOptions}. Not spread: a bundler would keep it in a page that does not attach. */
export const ATTACH_OPTIONS: readonly string[] = /* @__PURE__ */ WEBSOCKET_OPTIONS.concat(
  ADDRESS_OPTIONS,
  "serverLimits",
);
/** Names of the {@link ConnectWebSocketOptions}. */
export const CONNECT_OPTIONS: readonly string[] = [...WEBSOCKET_OPTIONS, ...OPEN_OPTIONS];

/**
 * Makes a connection on an open WebSocket of a client or of a server (`ws`). Call it before the first message arrives: on
 * a server in the `connection` event.
 * @throws TypeError if the WebSocket is not open; RangeError, TypeError for invalid options
 */
export function attach(socket: WebSocketLike, options: AttachWebSocketOptions = {}): Connection {
  checkOptionNames("attach", options, ATTACH_OPTIONS);
  const { serverLimits, request, remoteAddress, ...rest } = options;
  const connection = connectionOn(socket, rest, serving, ATTACHED_FEATURES, {
    budgets: sharedBudgets(serverLimits, rest.onError),
    addresses: addressesOf({ request, remoteAddress }),
  });
  expectFrequentCalls(connection);
  return connection;
}

/**
 * Connects to a `ws:` or `wss:` URL, with the subprotocol `amp`.
 * @throws ConnectFailed if no connection is opened (a browser does not report why); the signal's reason. Before anything
 * is opened: RangeError and TypeError for invalid options, and the WebSocket's own error for an invalid URL
 */
export async function connect(url: WebSocketURL, options: ConnectWebSocketOptions = {}): Promise<Connection> {
  checkOptionNames("connect", options, CONNECT_OPTIONS);
  return await open(url, options);
}

/** Connects as {@link connect} does. Ignores unknown options. */
export async function open(url: WebSocketURL, options: ConnectWebSocketOptions): Promise<Connection> {
  const given = { ...options }; // the program may change its object while the WebSocket opens
  return await openWebSocket(checkOptions(given, FEATURES), url, given, (socket) =>
    connectionOn(socket, given, serving, FEATURES),
  );
}
