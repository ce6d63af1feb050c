/**
 * The WebSocket classes of Node and of `ws` are assignable to WebSocketLike. Checked by `tsc`; dom/ checks a browser's.
 */
import type { WebSocketLike } from "ampwire/websocket";
import { connect, reconnecting } from "ampwire/websocket";
import WsWebSocket from "ws";

export const ofNode = (socket: WebSocket): WebSocketLike => socket;
export const ofWs = (socket: WsWebSocket): WebSocketLike => socket;

export const constructors = () => [
  connect("wss://example.com", { WebSocket: WsWebSocket }),
  connect("wss://example.com", { WebSocket }),
  connect(new URL("wss://example.com"), { signal: AbortSignal.timeout(5_000) }),
];

export const kept = () => [
  reconnecting({ url: "wss://example.com", WebSocket: WsWebSocket, signal: AbortSignal.timeout(5_000) }),
  reconnecting({ url: new URL("wss://example.com"), heartbeat: { interval: 30_000 } }),
  reconnecting({ open: (signal) => connect("wss://example.com", { signal }) }),
];

/** TLS is chosen by the URL: there are no options for it. */
export const refused = () => [
  // @ts-expect-error there is no StartTLS over a WebSocket, and no options for it
  connect("wss://example.com", { tls: {} }),
  // @ts-expect-error there is no StartTLS over a WebSocket
  reconnecting({ url: "wss://example.com", startTLS: {} }),
];
