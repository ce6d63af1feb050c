/** The parts of a WebSocket that are used: of the platform's, of the package `ws`, or of any other with these members. */
import type { UnsharedBytes } from "../core/platform.ts";
export interface WebSocketLike {
  binaryType: string;
  readonly url?: string;
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** Bytes passed to `send` that were not sent yet. */
  readonly bufferedAmount: number;
  send(data: UnsharedBytes): void;
  close(code?: number, reason?: string): void;
  addEventListener(
    type: "open" | "message" | "close" | "error",
    listener: (event: WebSocketEvent) => void,
  ): void;
  removeEventListener(
    type: "open" | "message" | "close" | "error",
    listener: (event: WebSocketEvent) => void,
  ): void;
  /** Stops and restarts the delivery of messages. Only `ws` has these two. */
  pause?(): void;
  resume?(): void;
  /** Ends the connection without the closing handshake. Only `ws` has this. */
  terminate?(): void;
}

/** Constructor that begins to open a WebSocket. */
export type WebSocketConstructor = new (url: string, protocols: string) => WebSocketLike;

/** The fields that are used of the platform's MessageEvent, CloseEvent and ErrorEvent. */
export interface WebSocketEvent {
  readonly type?: string;
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
  readonly error?: unknown;
  readonly message?: string;
}

/** Values of `readyState`. */
export const OPEN = 1;
export const CLOSED = 3;

/** The subprotocol that the client offers and the server selects. */
export const SUBPROTOCOL = "amp";

/** Longest message that is sent. More bytes are split, so that the peer's `maxPayload` need not depend on what is sent. */
export const MAX_MESSAGE_BYTES = 64 * 1024;
