/** Globals of the platform. They are declared here because the folder compiles without the types of Node and the DOM. */
import type { WebSocketConstructor } from "./socket.ts";

declare const WebSocket: WebSocketConstructor;

/** The platform's own WebSocket; undefined if it has none. */
export const platformWebSocket: WebSocketConstructor | undefined =
  typeof WebSocket === "undefined" ? undefined : WebSocket;
