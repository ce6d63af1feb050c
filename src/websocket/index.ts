/** AMP over a WebSocket: browsers, Node, and servers made with `ws`. */

export type { BackoffOptions } from "../core/reconnecting/backoff.ts";
export type { QueueLimits, ReconnectingState } from "../core/reconnecting/options.ts";
export {
  attach,
  type ConnectWebSocketOptions,
  chooseProtocol,
  connect,
  type WebSocketOptions,
  type WebSocketURL,
} from "./connect.ts";
export {
  type ConnectionOpener,
  type ReconnectingBaseOptions,
  type ReconnectingClient,
  type ReconnectingOptions,
  type ReconnectingStateChange,
  reconnecting,
} from "./reconnecting.ts";
export { SUBPROTOCOL, type WebSocketConstructor, type WebSocketEvent, type WebSocketLike } from "./socket.ts";
