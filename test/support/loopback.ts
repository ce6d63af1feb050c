/**
 * Connections over loopback sockets, on ports that the system chooses. They are closed after the test that opened them, and
 * then the test checks that no timer of a connection is left.
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
import { event, until, within } from "./within.ts";

const HOST = "127.0.0.1";

/** A connection and the peer at its other end. */
export interface Joined {
  readonly connection: NodeConnection;
  readonly peer: RawPeer;
}

/** Opens a connection with a raw peer: with `server` the connection accepts, with `client` it connects. */
export function ours(role: "server" | "client", options: NodeConnectionOptions = {}): Promise<Joined> {
  return role === "server" ? accepted(options) : opened(options);
}

async function accepted(options: NodeConnectionOptions): Promise<Joined> {
  const { port, next } = await ourServer(forListen(options));
  const [socket, connection] = await Promise.all([rawClient(port), next()]);
  return { connection, peer: new RawPeer(socket) };
}

/** A server of one connection may have one receiver. */
function forListen({ receiver, ...options }: NodeConnectionOptions): Omit<ListenOptions, "onConnection"> {
  return receiver === undefined ? options : { ...options, receiver: () => receiver };
}

async function opened(options: NodeConnectionOptions): Promise<Joined> {
  const server = await rawServer();
  const [connection, socket] = await Promise.all([ourClient(server.port, options), server.next()]);
  return { connection, peer: new RawPeer(socket) };
}

/** Does the same as `ours`, on a socket that the test can inspect. */
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

/** Resolves when this number of bytes has arrived at a socket, counted from the first, read or unread. */
export async function arrived(socket: Socket, bytes: number): Promise<void> {
  await until(() => socket.bytesRead >= bytes || socket.destroyed);
}

/** Opens two connections to each other. */
export async function pair(
  serverOptions: NodeConnectionOptions = {},
  clientOptions: NodeConnectionOptions = {},
): Promise<{ readonly server: NodeConnection; readonly client: NodeConnection }> {
  const { port, next } = await ourServer(forListen(serverOptions));
  const [client, server] = await Promise.all([ourClient(port, clientOptions), next()]);
  return { server, client };
}

/** Starts a server; `next` resolves with its next connection. */
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

/** Opens a client connection. */
export async function ourClient(
  port: number,
  options: Partial<ConnectOptions> = {},
): Promise<NodeConnection> {
  const connection = await within(connect({ ...options, host: HOST, port }), "a connection");
  tidy(connection);
  return connection;
}

/** Starts a server of sockets. Each ends its side when the peer has ended its side. */
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

/** Opens a client socket. */
export async function rawClient(port: number): Promise<Socket> {
  const socket = connectSocket({ host: HOST, port });
  onTestFinished(() => void socket.destroy());
  await event(socket, "connect");
  return socket;
}

const untidied = new Set<NodeConnection>();

/** Ends the connection after the test. Then no timer of any connection may be left. */
export function tidy(connection: NodeConnection): void {
  if (untidied.size === 0) onTestFinished(endAll);
  untidied.add(connection);
}

async function endAll(): Promise<void> {
  for (const connection of untidied) connection.destroy();
  await within(Promise.all([...untidied].map(({ closed }) => closed)), "the connections of the test to end");
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
      if (one !== undefined) return Promise.resolve(one);
      const next = new Promise<T>((resolve) => takers.push(resolve));
      return within(next, "the next connection of a server");
    },
  };
}
