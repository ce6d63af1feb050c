/** Options that both entry points for WebSockets have. */
import type { AbortSignalLike } from "../core/platform.ts";
import type { Clock } from "../core/transport.ts";
import type { WebSocketConstructor } from "./socket.ts";

/** URL of a WebSocket: text or a `URL`. */
export type WebSocketURL = string | { readonly href: string };

/** Options that are about the WebSocket. */
export interface SocketOptions {
  /**
   * True if the WebSocket is inside TLS, so that commands that require TLS are allowed. Default: true if its URL begins
   * with `wss:`. A server's WebSocket has no URL, so a server sets it.
   */
  readonly secure?: boolean | undefined;
  /** Source of time, for tests. Default: the platform's. */
  readonly clock?: Clock | undefined;
}

/** Names of the {@link SocketOptions}. */
export const SOCKET_OPTIONS = ["secure", "clock"] as const;

/** Options that are about opening the WebSocket. */
export interface OpenOptions {
  /** Class of the WebSocket. Default: the platform's. Node 20 has none: pass that of the package `ws`. */
  readonly WebSocket?: WebSocketConstructor | undefined;
  /** Milliseconds after which the attempt fails. Default: the platform's limit, which may be minutes. */
  readonly connectTimeout?: number | undefined;
  /** Cancels the attempt when aborted. It has no effect on an open connection. */
  readonly signal?: AbortSignalLike | undefined;
}

/** Names of the {@link OpenOptions}. */
export const OPEN_OPTIONS = ["WebSocket", "connectTimeout", "signal"] as const;
