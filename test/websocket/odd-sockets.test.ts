/** WebSockets that behave as those of no test server: a class in memory, whose events a test chooses. */
import { bytes, ConnectFailed, ConnectionLost, command, ProtocolError } from "ampwire";
import {
  attach,
  type ConnectWebSocketOptions,
  connect,
  reconnecting,
  type WebSocketConstructor,
  type WebSocketEvent,
  type WebSocketLike,
} from "ampwire/websocket";
import * as page from "ampwire/websocket/client";
import { expect, onTestFinished, test } from "vitest";
import { Sum } from "../core/calculator.ts";
import { ended, rejection } from "../support/settled.ts";

type EventName = "open" | "message" | "close" | "error";

/** A WebSocket without a network. */
class MemorySocket implements WebSocketLike {
  binaryType = "blob";
  readyState = 0;
  readonly bufferedAmount = 0;
  readonly url: string;
  readonly sent: Uint8Array[] = [];
  readonly #listeners: [EventName, (event: WebSocketEvent) => void][] = [];

  constructor(url: string) {
    this.url = url;
  }

  addEventListener(type: EventName, listener: (event: WebSocketEvent) => void): void {
    this.#listeners.push([type, listener]);
  }

  removeEventListener(type: EventName, listener: (event: WebSocketEvent) => void): void {
    const at = this.#listeners.findIndex((entry) => entry[0] === type && entry[1] === listener);
    if (at >= 0) this.#listeners.splice(at, 1);
  }

  emit(type: EventName, event: WebSocketEvent = {}): void {
    for (const [name, listener] of [...this.#listeners]) if (name === type) listener(event);
  }

  send(data: Uint8Array): void {
    this.sent.push(data);
  }

  close(): void {
    if (this.readyState < 2) this.readyState = 2;
    queueMicrotask(() => this.lose(1005));
  }

  open(): void {
    this.readyState = 1;
    this.emit("open");
  }

  lose(code: number): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.emit("close", { code });
  }
}

/** Returns a class for the option `WebSocket`. Its instances do `next` in a microtask. */
function socketsThat(next: (socket: MemorySocket) => void): WebSocketConstructor {
  return class extends MemorySocket {
    constructor(url: string) {
      super(url);
      queueMicrotask(() => next(this));
    }
  };
}

async function connected(options: ConnectWebSocketOptions = {}) {
  let socket: MemorySocket | undefined;
  const WebSocket = socketsThat((it) => {
    socket = it;
    it.open();
  });
  const connection = await connect("ws://test/", { WebSocket, onError() {}, ...options });
  onTestFinished(() => connection.destroy());
  return { connection, socket: socket as unknown as MemorySocket }; // set before the promise resolved
}

test("connect rejects with ConnectFailed if the WebSocket is closing when its open event comes", async () => {
  const WebSocket = socketsThat((socket) => {
    socket.readyState = 2;
    socket.emit("open");
    socket.lose(1006);
  });
  expect(await rejection(connect("ws://test/", { WebSocket }))).toBeInstanceOf(ConnectFailed);
  expect(await rejection(page.connect("ws://test/", { WebSocket }))).toBeInstanceOf(ConnectFailed);
});

test("a reconnecting client tries again after a WebSocket that was closing when its open event came", async () => {
  let attempts = 0;
  const WebSocket = socketsThat((socket) => {
    attempts++;
    if (attempts > 1) return socket.open();
    socket.readyState = 2;
    socket.emit("open");
    socket.lose(1006);
  });
  const connections: unknown[] = [];
  const client = reconnecting({
    url: "ws://test/",
    WebSocket,
    backoff: { initial: 0 },
    onStateChange: ({ connection }) => connection && connections.push(connection) && client.destroy(),
  });
  await client.closed;
  expect([attempts, connections.length]).toEqual([2, 1]);
});

test.each([
  ["a Blob", new Blob(["box"])],
  ["text", "box"],
  ["null", null],
])("a message of %s closes the connection with ProtocolError", async (_, data) => {
  const { connection, socket } = await connected();
  socket.emit("message", { data });
  const reason = await ended(connection);
  expect(reason).toBeInstanceOf(ProtocolError);
  expect(reason.message).toBe("a WebSocket message was text or a Blob: AMP uses binary messages");
});

test("a WebSocket that throws when it sends loses the connection, and the call rejects", async () => {
  const { connection, socket } = await connected();
  socket.send = () => {
    throw new TypeError("not sendable");
  };
  const error = await rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
  expect(error).toBeInstanceOf(ConnectionLost);
  expect(error.message).toBe("Sum: the connection was lost: not sendable");
});

test("no value in memory of another thread reaches the WebSocket, which cannot send it", async () => {
  const Store = command("Store", { arguments: { data: bytes() }, requiresAnswer: false });
  const { connection, socket } = await connected();
  connection.callRemote(Store, { data: new Uint8Array(new SharedArrayBuffer(50_000)).fill(7) });
  await connection.drained();
  expect(socket.sent.map(({ buffer }) => buffer instanceof ArrayBuffer)).toEqual([true]);
  expect(socket.sent[0]?.filter((byte) => byte === 7)).toHaveLength(50_000);
});

test.each(["no", "false", 1, {}])("secure: %j is refused: it would count as true", async (value) => {
  const secure = value as unknown as boolean; // a program in JavaScript may pass any value
  let made = 0;
  const WebSocket = socketsThat(() => made++);
  const message = /^connection: secure must be true or false, not /;
  expect((await rejection(connect("ws://test/", { WebSocket, secure }))).message).toMatch(message);
  expect((await rejection(page.connect("ws://test/", { WebSocket, secure }))).message).toMatch(message);
  expect(() => reconnecting({ url: "ws://test/", WebSocket, secure })).toThrow(message);
  const socket = new MemorySocket("ws://test/");
  socket.readyState = 1;
  expect(() => attach(socket, { secure })).toThrow(message);
  expect(made).toBe(0);
});

test.each(["text", 5, {}, null])("the WebSocket class %j is refused", async (value) => {
  const WebSocket = value as unknown as WebSocketConstructor; // a program in JavaScript may pass any value
  expect((await rejection(connect("ws://test/", { WebSocket }))).message).toMatch(/WebSocket/);
});

test("the options of a connection are those at the time of connect, whatever the program does to its object", async () => {
  const options: ConnectWebSocketOptions & { callTimeout: number } = { callTimeout: 5 };
  let open = () => {};
  const WebSocket = socketsThat((socket) => {
    open = () => socket.open();
  });
  const connecting = connect("ws://test/", Object.assign(options, { WebSocket }));
  await Promise.resolve();
  options.callTimeout = 1e9;
  open();
  const connection = await connecting;
  onTestFinished(() => connection.destroy());
  expect((await rejection(connection.callRemote(Sum, { a: 1, b: 2 }))).message).toMatch(/within 5 ms/);
});

test.each([undefined, null, 5, {}, { href: 5 }])(
  "the URL %j is refused, and no WebSocket is made",
  async (value) => {
    const url = value as unknown as string; // a program in JavaScript may pass any value
    let made = 0;
    const WebSocket = socketsThat(() => made++);
    for (const opening of [connect(url, { WebSocket }), page.connect(url, { WebSocket })])
      expect((await rejection(opening)).message).toMatch(/^connect: the URL must be a string or a URL, not /);
    const reason = await reconnecting({ urls: [url], WebSocket }).closed;
    expect(reason.message).toMatch(/^connect: the URL must be a string or a URL, not /);
    expect(made).toBe(0);
  },
);
