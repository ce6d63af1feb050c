/**
 * Connections over loopback sockets, on ports that the system chooses. Whatever a test opens here is closed after it,
 * and then no timer of a connection may be left.
 */
import { once } from "node:events";
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from "node:net";
import {
  attach,
  type ConnectOptions,
  connect,
  type ListenOptions,
  listen,
  type NodeConnection,
} from "ampwire/node";
import { expect, onTestFinished } from "vitest";
import type { NodeConnectionOptions } from "../../src/node/connection.ts";
import { pendingTimers } from "./pending-timers.ts";
import { RawPeer } from "./raw-peer.ts";

const HOST = "127.0.0.1";

/** Ours, and who is at the other end. */
export interface Joined {
  readonly connection: NodeConnection;
  readonly peer: RawPeer;
}

/** Our connection with a raw peer: `server` has accepted it, `client` has opened it. */
export function ours(role: "server" | "client", options: NodeConnectionOptions = {}): Promise<Joined> {
  return role === "server" ? accepted(options) : opened(options);
}

async function accepted(options: NodeConnectionOptions): Promise<Joined> {
  const { port, next } = await ourServer(options);
  const [socket, connection] = await Promise.all([rawClient(port), next()]);
  return { connection, peer: new RawPeer(socket) };
}

async function opened(options: NodeConnectionOptions): Promise<Joined> {
  const server = await rawServer();
  const [connection, socket] = await Promise.all([ourClient(server.port, options), server.next()]);
  return { connection, peer: new RawPeer(socket) };
}

/** The same on a socket that the test can look at. */
export async function attached(
  role: "server" | "client",
  options: NodeConnectionOptions = {},
): Promise<Joined & { readonly socket: Socket }> {
  const server = await rawServer();
  const [opened, accepted] = await Promise.all([rawClient(server.port), server.next()]);
  const [socket, other] = role === "server" ? [accepted, opened] : [opened, accepted];
  const connection = attach(socket, { role, ...options });
  tidy(connection);
  return { connection, peer: new RawPeer(other), socket };
}

/** Until so many bytes, counted from the first, have come to a socket, whether anybody reads it or not. */
export async function arrived(socket: Socket, bytes: number): Promise<void> {
  while (socket.bytesRead < bytes && !socket.destroyed) await new Promise(setImmediate);
}

/** Two of ours. */
export async function pair(
  serverOptions: NodeConnectionOptions = {},
  clientOptions: NodeConnectionOptions = {},
): Promise<{ readonly server: NodeConnection; readonly client: NodeConnection }> {
  const { port, next } = await ourServer(serverOptions);
  const [client, server] = await Promise.all([ourClient(port, clientOptions), next()]);
  return { server, client };
}

/** A server of ours; `next` is the connection that comes next. */
export async function ourServer(options: Omit<ListenOptions, "onConnection"> = {}) {
  const connections = queue<NodeConnection>();
  const server = await listen({
    ...options,
    host: HOST,
    port: 0,
    onConnection: (connection) => {
      tidy(connection);
      connections.add(connection);
    },
  });
  onTestFinished(() => server.destroy());
  return { server, port: (server.address() as AddressInfo).port, next: connections.next };
}

/** A client of ours. */
export async function ourClient(
  port: number,
  options: Partial<ConnectOptions> = {},
): Promise<NodeConnection> {
  const connection = await connect({ ...options, host: HOST, port });
  tidy(connection);
  return connection;
}

/** A server of sockets: each ends its side when the other end has ended its. */
export async function rawServer() {
  const sockets = queue<Socket>();
  const server = createServer((socket) => {
    onTestFinished(() => void socket.destroy());
    sockets.add(socket);
  });
  server.listen(0, HOST);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, next: sockets.next };
}

/** A client, as a socket. */
export async function rawClient(port: number): Promise<Socket> {
  const socket = connectSocket({ host: HOST, port });
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

const untidied = new Set<NodeConnection>();

/** Ends the connection after the test; then nothing may be left of any. */
export function tidy(connection: NodeConnection): void {
  if (untidied.size === 0) onTestFinished(endAll);
  untidied.add(connection);
}

async function endAll(): Promise<void> {
  for (const connection of untidied) connection.destroy();
  await Promise.all([...untidied].map(({ closed }) => closed));
  untidied.clear();
  expect(pendingTimers()).toBe(0);
}

function queue<T extends object>() {
  const waiting: T[] = [];
  const takers: ((one: T) => void)[] = [];
  return {
    add(one: T): void {
      const taker = takers.shift();
      if (taker === undefined) waiting.push(one);
      else taker(one);
    },
    next(): Promise<T> {
      const one = waiting.shift();
      return one === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(one);
    },
  };
}
