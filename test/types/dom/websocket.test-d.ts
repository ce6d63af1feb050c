/** A browser's WebSocket is assignable to WebSocketLike. Checked by `tsc` with the DOM's types and without Node's. */
import { attach, connect, reconnecting, type WebSocketLike } from "ampwire/websocket";

export const ofTheDOM = (socket: WebSocket): WebSocketLike => socket;

export const connections = () => [
  connect("wss://example.com", { WebSocket }),
  connect(new URL("wss://example.com"), { signal: AbortSignal.timeout(5_000) }),
  attach(new WebSocket("wss://example.com", "amp")),
];

export const kept = () => [
  reconnecting({ url: new URL("wss://example.com"), signal: AbortSignal.timeout(5_000) }),
  reconnecting({
    open: (signal) => fetch("/", { signal }).then(() => connect("wss://example.com", { signal })),
  }),
];
