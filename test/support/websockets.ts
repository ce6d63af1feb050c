/** WebSockets of `ws` on loopback. They are closed after the test that opened them. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Connection } from "ampwire";
import {
  attach,
  type ConnectWebSocketOptions,
  connect,
  type WebSocketLike,
  type WebSocketOptions,
} from "ampwire/websocket";
import { onTestFinished } from "vitest";
import { type ServerOptions, WebSocket, WebSocketServer } from "ws";
import { ended } from "./settled.ts";
import { event, within } from "./within.ts";

const HOST = "127.0.0.1";

/**
 * Opens a client and the server's socket for it.
 * @param maxPayload maximum bytes of a message to either end
 */
export async function sockets(maxPayload = 1e8): Promise<readonly [client: WebSocket, server: WebSocket]> {
  const server = await webSocketServer({ maxPayload });
  const client = new WebSocket(server.url, "amp", { maxPayload });
  onTestFinished(() => client.terminate());
  const [[accepted]] = await Promise.all([event(server.server, "connection"), event(client, "open")]);
  return [client, accepted as WebSocket];
}

/** Starts a server, by default on a port that the system chooses. */
export async function webSocketServer(options: ServerOptions = {}) {
  const server = new WebSocketServer({ host: HOST, port: 0, ...options });
  const close = async () => {
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  await event(server, "listening");
  const address = server.address() as AddressInfo; // a TCP server has such an address
  return { server, close, port: address.port, url: `ws://${HOST}:${address.port}/` };
}

/** Starts a server on a UNIX socket: `ws+unix:PATH:/` for clients of `ws`. */
export async function webSocketServerAt(path: string, onSocket: (socket: WebSocket) => void): Promise<void> {
  const http = createServer().listen(path);
  const server = new WebSocketServer({ server: http });
  server.on("connection", onSocket);
  onTestFinished(async () => {
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => http.close(resolve));
  });
  await event(http, "listening");
}

/** Starts an AMP server. `next` resolves with its next connection. */
export async function ourWebSocketServer(options: WebSocketOptions = {}, port = 0) {
  const { server, ...rest } = await webSocketServer({ port });
  const connections: Connection[] = [];
  server.on("connection", (socket) => connections.push(attach(socket, options)));
  const next = async () => {
    while (connections.length === 0) await event(server, "connection");
    return connections.shift() as Connection; // not empty
  };
  return { ...rest, next };
}

/** Opens an AMP client. */
export async function ourWebSocketClient(
  url: string,
  options: ConnectWebSocketOptions = {},
): Promise<Connection> {
  const connection = await within(connect(url, { WebSocket, ...options }), "a connection");
  onTestFinished(async () => {
    connection.destroy();
    await ended(connection);
  });
  return connection;
}

/** Opens two connections to each other. */
export async function webSocketPair(
  serverOptions: WebSocketOptions = {},
  clientOptions: WebSocketOptions = {},
) {
  const { url, next } = await ourWebSocketServer(serverOptions);
  const [client, server] = await Promise.all([ourWebSocketClient(url, clientOptions), next()]);
  return { client, server };
}

/** Opens a connection with a socket of `ws` at the other end, as client or as server. */
export async function withRawSocket(role: "client" | "server", options: WebSocketOptions = {}) {
  const [client, server] = await sockets();
  const [mine, raw] = role === "client" ? [client, server] : [server, client];
  const connection = attach(mine, options);
  onTestFinished(async () => {
    connection.destroy();
    await ended(connection);
  });
  return { connection, raw };
}

/** Hides pause, resume and terminate. */
export function likeABrowser(socket: WebSocketLike): WebSocketLike {
  return {
    get binaryType() {
      return socket.binaryType;
    },
    set binaryType(type) {
      socket.binaryType = type;
    },
    get readyState() {
      return socket.readyState;
    },
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (data) => socket.send(data),
    close: (code, reason) => socket.close(code, reason),
    addEventListener: (type, listener) => socket.addEventListener(type, listener),
    removeEventListener: (type, listener) => socket.removeEventListener(type, listener),
  };
}
