/** What we need of a WebSocket: the platform's own, that of `ws`, or any other of the same shape. */
export interface WebSocketLike {
  binaryType: string;
  readonly url?: string;
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** Bytes given to `send` and not yet sent. */
  readonly bufferedAmount: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(
    type: "open" | "message" | "close" | "error",
    listener: (event: WebSocketEvent) => void,
  ): void;
  removeEventListener(
    type: "open" | "message" | "close" | "error",
    listener: (event: WebSocketEvent) => void,
  ): void;
  /** `ws` has these two; a browser has not. */
  pause?(): void;
  resume?(): void;
  /** `ws` has this: ends without the closing handshake. */
  terminate?(): void;
}

/** Opens a WebSocket. */
export type WebSocketConstructor = new (url: string, protocols: string) => WebSocketLike;

/** The fields of the platform's MessageEvent, CloseEvent and ErrorEvent that are looked at. */
export interface WebSocketEvent {
  readonly type?: string;
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
  readonly error?: unknown;
  readonly message?: string;
}

export const OPEN = 1;
export const CLOSED = 3;

/** The subprotocol that both ends ask for and agree on. */
export const SUBPROTOCOL = "amp";
