/** Serves connections: TCP or a UNIX socket. */
import { once } from "node:events";
import {
  type AddressInfo,
  createServer,
  type ListenOptions as NetListenOptions,
  type Server as NetServer,
  type Socket,
} from "node:net";
import type { Duplex } from "node:stream";
import { toError } from "../core/errors/to-error.ts";
import { ConnectionClosed } from "../core/errors/transport.ts";
import { checkOptions, NodeConnection, type NodeConnectionOptions } from "./connection.ts";
import { checkDescriptors, takeSocket } from "./descriptors/adopt-socket.ts";
import { diagnostics } from "./diagnostics.ts";
import { SharedBufferSocket } from "./shared-buffer-socket.ts";

/** Where, in Node's own terms: `{ port, host }`, or `{ path }` for a UNIX socket; and how. */
export interface ListenOptions extends Omit<NetListenOptions, "signal">, NodeConnectionOptions {
  /**
   * Hears of every connection, before its first box: to call the peer without being asked, perhaps with a promise. When
   * it fails, the connection is destroyed with its error, and no other suffers.
   */
  readonly onConnection?: ((connection: NodeConnection) => unknown) | undefined;
  /** Connections at a time; further ones are closed at once. Default: no bound. */
  readonly maxConnections?: number | undefined;
}

/**
 * Listens. We are the TLS server of a later StartTLS, whoever asks for it. A connection that cannot be accepted, for want
 * of descriptors say, is told to `onError`, and the server goes on.
 * @throws Node's error when the address cannot be had; before that InvalidCertificate, InvalidSignature,
 * RangeError and TypeError for options that make no sense, DescriptorsNotAvailable
 */
export function listen(options: ListenOptions & { readonly path: string }): Promise<Server<string>>;
export function listen(options: ListenOptions): Promise<Server<AddressInfo>>;
export async function listen(options: ListenOptions): Promise<Server> {
  const { onConnection, maxConnections, ...rest } = options;
  checkOptions(rest, "server");
  checkDescriptors(rest.descriptors, rest.path);
  const connections = new Set<NodeConnection>();
  const report = reporter(rest);
  // allowHalfOpen: a peer that has ended its side still gets its answers.
  // pauseOnConnect: nothing is read before we say how.
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    // Node itself looks at sockets, and one that carries descriptors is not Node's any more.
    if (connections.size >= (maxConnections ?? Number.POSITIVE_INFINITY)) return void socket.destroy();
    const stream = takenOrClosed(socket, rest.descriptors, report);
    if (stream === undefined) return;
    const connection = new NodeConnection(stream, "server", rest);
    connections.add(connection);
    void connection.closed.then(() => connections.delete(connection));
    if (onConnection !== undefined) void greet(connection, onConnection);
  });
  if (maxConnections !== undefined) server.maxConnections = maxConnections;
  server.listen(addressOf(rest));
  await once(server, "listening");
  server.on("error", report); // for life: an error that nobody listens to ends the process
  // Node gives null only for a server that does not listen.
  return new Server(server, server.address() as AddressInfo | string, connections);
}

/** A peer that refuses what it is asked here must not end the process, as a rejection that nobody hears would. */
async function greet(
  connection: NodeConnection,
  onConnection: (connection: NodeConnection) => unknown,
): Promise<void> {
  try {
    await onConnection(connection);
  } catch (error) {
    connection.destroy(toError(error));
  }
}

/** The process may have no descriptor left for one more socket: then its peer cannot be served, and others go on. */
function takenOrClosed(
  socket: Socket,
  wanted: ListenOptions["descriptors"],
  report: (error: unknown) => void,
): Duplex | undefined {
  try {
    return wanted ? takeSocket(socket, wanted) : SharedBufferSocket.adopt(socket);
  } catch (error) {
    report(error);
    return undefined;
  }
}

/** Of errors that belong to no connection. What `onError` itself throws is uncaught: a mistake of the program. */
function reporter({ observer = diagnostics, onError }: NodeConnectionOptions): (error: unknown) => void {
  return (error) => {
    observer.errorReported?.(error, undefined, undefined);
    onError?.(error, { command: undefined, connection: undefined });
  };
}

/** What of the options is Node's. One that is not given must not be there: Node takes `port: undefined` for any port. */
function addressOf(options: NetListenOptions): NetListenOptions {
  const { port, host, path, backlog, exclusive, ipv6Only, readableAll, writableAll } = options;
  const address = { port, host, path, backlog, exclusive, ipv6Only, readableAll, writableAll };
  return Object.fromEntries(Object.entries(address).filter(([, value]) => value !== undefined));
}

/** What `listen` resolves with: a server, and the connections that it has accepted. */
export class Server<Address extends AddressInfo | string = AddressInfo | string> implements AsyncDisposable {
  readonly #server: NetServer;
  readonly #address: Address;
  readonly #connections: Set<NodeConnection>;

  constructor(server: NetServer, address: Address, connections: Set<NodeConnection>) {
    this.#server = server;
    this.#address = address;
    this.#connections = connections;
  }

  /** The open connections. */
  get connections(): ReadonlySet<NodeConnection> {
    return this.#connections;
  }

  /** Where it listens, or listened: address and port, or a UNIX socket's path. */
  address(): Address {
    return this.#address;
  }

  /**
   * Stops accepting, finishes the calls in progress on every connection, then ends them. Streams that were switched
   * to another protocol are no longer ours, and go on.
   */
  async close(): Promise<void> {
    this.#server.close();
    await Promise.all([...this.#connections].map((connection) => connection.close()));
  }

  /** Stops accepting and ends every connection at once. */
  destroy(reason: Error = new ConnectionClosed("the server was stopped")): void {
    this.#server.close();
    for (const connection of this.#connections) connection.destroy(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
