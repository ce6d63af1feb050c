/** AMP over WebSockets for a page that only calls: the smallest program. */

export type { HeartbeatOptions } from "../../core/connection/options.ts";
export type { BackoffOptions } from "../../core/reconnecting/backoff.ts";
export type { QueueLimits, ReconnectingState } from "../../core/reconnecting/options.ts";
export type { WebSocketURL } from "../options.ts";
export type {
  ConnectionOpener,
  ReconnectingBaseOptions,
  ReconnectingClient,
  ReconnectingStateChange,
  ServerURLs,
  SetupContext,
} from "../reconnecting-client.ts";
export type { WebSocketConstructor, WebSocketEvent, WebSocketLike } from "../socket.ts";
export { type CallingOptions, connect, type Heartbeat, heartbeat } from "./connect.ts";
export { type ReconnectingOptions, reconnecting } from "./reconnecting.ts";
