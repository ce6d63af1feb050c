/** Connections over WebSockets that call and serve. */
import type { BaseConnection as Connection } from "../core/connection/connection.ts";
import type { FeatureSet } from "../core/connection/feature.ts";
import type { LimitOptions } from "../core/connection/limits.ts";
import type { ConnectionOptions } from "../core/connection/options.ts";
import { reportError } from "../core/connection/report.ts";
import { LimitExceeded } from "../core/errors/caller.ts";
import { boxReceiver } from "../core/features/box-receiver.ts";
import { boxTimeout } from "../core/features/box-timeout.ts";
import { goAway } from "../core/features/go-away.ts";
import { liveness } from "../core/features/liveness.ts";
import { unsentWatch } from "../core/features/unsent-watch.ts";
import { CONNECTION_OPTIONS, checkOptionNames } from "../core/option-names.ts";
import { platformClock } from "../core/platform-clock.ts";
import { ReportLimiter } from "../core/serving/report-limiter.ts";
import { serving } from "../core/serving/serving.ts";
import { SharedBudget, type SharedBudgets } from "../core/serving/shared-budget.ts";
import { checkOptions, connectionOn, openWebSocket } from "./open.ts";
import {
  OPEN_OPTIONS,
  type OpenOptions,
  SOCKET_OPTIONS,
  type SocketOptions,
  type WebSocketURL,
} from "./options.ts";
import type { WebSocketLike } from "./socket.ts";

/** Features of a connection that `connect` opens. */
export const FEATURES: FeatureSet = [boxReceiver, boxTimeout, liveness, goAway];
/** Features of a connection on any WebSocket. The peer may be a client that does not read. Not spread: bundlers would keep it. */
const ATTACHED_FEATURES: FeatureSet = [boxReceiver, boxTimeout, liveness, unsentWatch, goAway];

/** The latest `onError` of `attach`. It receives the number of reports that were dropped. */
let latest: WebSocketOptions["onError"];
/** Strangers can open any number of WebSockets: violations of the protocol on those of all servers share a rate limit. */
const SHARED: SharedBudgets = {
  inProgress: /* @__PURE__ */ new SharedBudget(Number.POSITIVE_INFINITY),
  unsent: /* @__PURE__ */ new SharedBudget(Number.POSITIVE_INFINITY),
  reports: /* @__PURE__ */ new ReportLimiter(platformClock, (count) =>
    reportError(latest, new LimitExceeded(`${count} more violations of the protocol were not reported`), {
      command: undefined,
      connection: undefined,
    }),
  ),
};

/** Options of a connection over a WebSocket. There are none for StartTLS: the URL selects TLS by `wss:`. */
export interface WebSocketOptions extends Omit<ConnectionOptions, "tls">, SocketOptions {}

/** Options of `connect`. */
export interface ConnectWebSocketOptions extends Omit<WebSocketOptions, "limits">, OpenOptions {
  /**
   * Limits on what the server can cost this end. `connect` does not enforce `unsentTimeout`, so that a page does not load its
   * code: a heartbeat notices a server that is gone. To have it, open the WebSocket yourself and `attach` to it.
   */
  readonly limits?: Omit<LimitOptions, "unsentTimeout"> | undefined;
}

/** Names of the {@link WebSocketOptions}. */
export const ATTACH_OPTIONS: readonly string[] = [
  ...CONNECTION_OPTIONS.filter((name) => name !== "tls"),
  ...SOCKET_OPTIONS,
];
/** Names of the {@link ConnectWebSocketOptions}. */
export const CONNECT_OPTIONS: readonly string[] = [...ATTACH_OPTIONS, ...OPEN_OPTIONS];

/**
 * Makes a connection on an open WebSocket of a client or of a server (`ws`). Call it before the first message arrives: on
 * a server in the `connection` event.
 * @throws TypeError if the WebSocket is not open; RangeError, TypeError for invalid options
 */
export function attach(socket: WebSocketLike, options: WebSocketOptions = {}): Connection {
  checkOptionNames("attach", options, ATTACH_OPTIONS);
  latest = options.onError;
  return connectionOn(socket, options, serving, ATTACHED_FEATURES, SHARED);
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
  const { WebSocket: _class, connectTimeout: _timeout, signal: _signal, ...rest } = options;
  return await openWebSocket(checkOptions(options, FEATURES), url, options, (socket) =>
    connectionOn(socket, rest, serving, FEATURES),
  );
}
