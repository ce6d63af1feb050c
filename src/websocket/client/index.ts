/** AMP over WebSockets for a page that only calls: the smallest program. */

export type { HeartbeatOptions } from "../../core/connection/heartbeat-options.ts";
export type { WebSocketURL } from "../options.ts";
export type { WebSocketConstructor, WebSocketEvent, WebSocketLike } from "../socket.ts";
export { type CallingOptions, connect, type Heartbeat, heartbeat } from "./connect.ts";
