/** AMP over a WebSocket: browsers, Node, and servers made with `ws`. */

export {
  attach,
  type ConnectWebSocketOptions,
  chooseProtocol,
  connect,
  type WebSocketOptions,
} from "./connect.ts";
export { SUBPROTOCOL, type WebSocketConstructor, type WebSocketEvent, type WebSocketLike } from "./socket.ts";
