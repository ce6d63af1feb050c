/** AMP over a WebSocket: browsers, Node, and servers made with `ws`. */

export type { BackoffOptions } from "../core/reconnecting/backoff.ts";
export type { ReconnectingClient } from "../core/reconnecting/client.ts";
export type {
  ConnectionOpener,
  QueueLimits,
  ReconnectingBaseOptions,
  ReconnectingState,
  ReconnectingStateChange,
} from "../core/reconnecting/options.ts";
export {
  attach,
  type ConnectWebSocketOptions,
  chooseProtocol,
  connect,
  type WebSocketOptions,
  type WebSocketURL,
} from "./connect.ts";
export { type ReconnectingOptions, reconnecting } from "./reconnecting.ts";
export { SUBPROTOCOL, type WebSocketConstructor, type WebSocketEvent, type WebSocketLike } from "./socket.ts";
