/** Connections over WebSockets that only call. */
import type { BaseConnection as Connection } from "../../core/connection/connection.ts";
import type { FeatureSet } from "../../core/connection/feature.ts";
import type { LimitOptions } from "../../core/connection/limits.ts";
import type { ConnectionOptions, HeartbeatOptions } from "../../core/connection/options.ts";
import { liveness } from "../../core/features/liveness.ts";
import { CONNECTION_OPTIONS, checkOptionNames } from "../../core/option-names.ts";
import { notServing } from "../../core/serving/not-serving.ts";
import { checkOptions, connectionOn, openWebSocket } from "../open.ts";
import {
  OPEN_OPTIONS,
  type OpenOptions,
  SOCKET_OPTIONS,
  type SocketOptions,
  type WebSocketURL,
} from "../options.ts";
import type { WebSocketConstructor } from "../socket.ts";

const NONE: FeatureSet = [];

/** Options of `connect`. */
export interface CallingOptions
  extends Omit<
      ConnectionOptions,
      "closeOnUndeclaredError" | "heartbeat" | "limits" | "locator" | "receiver" | "tls"
    >,
    OpenOptions,
    SocketOptions {
  /** Asks a silent peer for an answer: `heartbeat({ interval: 30_000 })`. Default: none. */
  readonly heartbeat?: Heartbeat | undefined;
  /** Limits on what the peer may cost this end. A page that only calls has no `boxTimeout`, `idleTimeout` or `unsentTimeout`. */
  readonly limits?: Omit<LimitOptions, "boxTimeout" | "idleTimeout" | "unsentTimeout"> | undefined;
}

/** Names of options of a connection that a page which only calls does not have. */
const OMITTED: readonly string[] = ["closeOnUndeclaredError", "locator", "receiver", "tls"];
/** Names of the {@link CallingOptions}. */
export const CALLING_OPTIONS: readonly string[] = [
  ...CONNECTION_OPTIONS.filter((name) => !OMITTED.includes(name)),
  ...SOCKET_OPTIONS,
  ...OPEN_OPTIONS,
];

/** A heartbeat for `connect`, made by {@link heartbeat}. A page that makes none loads no code for it. */
export interface Heartbeat {
  readonly options: HeartbeatOptions;
  /** @internal */
  readonly features: FeatureSet;
}

/**
 * Makes a heartbeat for the option of this name.
 * @throws RangeError for an invalid time
 */
export function heartbeat(options: HeartbeatOptions): Heartbeat {
  liveness.check?.({ heartbeat: options });
  return { options, features: [liveness] };
}

/** Options of a connection as all entry points have them, and the features that they need. */
interface Checked {
  readonly given: ConnectionOptions & SocketOptions & OpenOptions;
  readonly features: FeatureSet;
  readonly Constructor: WebSocketConstructor;
}

/**
 * Checks options before a WebSocket is opened.
 * @throws RangeError, TypeError for invalid options; TypeError if the platform has no WebSocket
 */
export function checkCallingOptions({ heartbeat, ...rest }: CallingOptions): Checked {
  const { options, features }: Partial<Heartbeat> = heartbeat ?? { features: NONE };
  if (features === undefined)
    throw new TypeError("the option heartbeat must be made by heartbeat({ interval })");
  const given = { ...rest, heartbeat: options };
  return { given, features, Constructor: checkOptions(given, features) };
}

/**
 * Connects to a `ws:` or `wss:` URL, with the subprotocol `amp`. The connection calls, and answers each ask of the peer with
 * `UNHANDLED`.
 * @throws ConnectFailed if no connection is opened (a browser does not report why); the signal's reason. Before anything
 * is opened: RangeError and TypeError for invalid options, and the WebSocket's own error for an invalid URL
 */
export async function connect(url: WebSocketURL, options: CallingOptions = {}): Promise<Connection> {
  checkOptionNames("connect", options, CALLING_OPTIONS);
  return await open(url, options);
}

/** Connects as {@link connect} does. Ignores unknown options. */
export async function open(url: WebSocketURL, options: CallingOptions): Promise<Connection> {
  const { given, features, Constructor } = checkCallingOptions(options);
  return await openWebSocket(Constructor, url, given, (socket) =>
    connectionOn(socket, given, notServing, features),
  );
}
