/** AMP over WebSockets: in browsers, in Node, and on servers made with `ws`. */

export type { BackoffOptions } from "../core/reconnecting/backoff.ts";
export type { QueueLimits, ReconnectingState } from "../core/reconnecting/options.ts";
export type { ServerLimits } from "../core/serving/server-limits.ts";
export type { AddressOptions, UpgradeRequest } from "./addresses.ts";
export {
  type AttachWebSocketOptions,
  attach,
  type ConnectWebSocketOptions,
  connect,
  type WebSocketOptions,
} from "./connect.ts";
export type { WebSocketURL } from "./options.ts";
export { type ReconnectingOptions, reconnecting } from "./reconnecting.ts";
export type {
  ConnectionOpener,
  ReconnectingBaseOptions,
  ReconnectingClient,
  ReconnectingStateChange,
  ServerURLs,
  SetupContext,
} from "./reconnecting-client.ts";
export { chooseProtocol, serverOptions, type WebSocketServerOptions } from "./server.ts";
export { SUBPROTOCOL, type WebSocketConstructor, type WebSocketEvent, type WebSocketLike } from "./socket.ts";
