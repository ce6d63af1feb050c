/** A server over TCP or a UNIX socket. */
import {
  type AddressInfo,
  createServer,
  type Server as NetServer,
  type ServerOpts,
  type Socket,
} from "node:net";
import type { Duplex } from "node:stream";
import type { CloseOptions } from "../core/command/types.ts";
import type { BoxReceiver } from "../core/connection/box-interfaces.ts";
import { DISPOSE_TIMEOUT_MS, kernelOf } from "../core/connection/connection.ts";
import { reportError } from "../core/connection/report.ts";
import { LimitExceeded } from "../core/errors/caller.ts";
import { toError } from "../core/errors/to-error.ts";
import { ConnectionClosed } from "../core/errors/transport.ts";
import { checkNotNegative } from "../core/number-option.ts";
import { guardedObserver } from "../core/observer.ts";
import { CLOSE_OPTIONS, checkIsObject, checkOptionNames } from "../core/option-names.ts";
import { checkOptionTypes } from "../core/option-types.ts";
import { ReportLimiter } from "../core/serving/report-limiter.ts";
import { type ServerLimits, serverBudgets } from "../core/serving/server-limits.ts";
import type { Address } from "../core/transport.ts";
import { systemClock } from "./clock.ts";
import { checkOptions, NodeConnection, type NodeConnectionOptions } from "./connection.ts";
import { checkMaxConnectionAge, limitAge } from "./connection-age.ts";
import { adoptSocket, checkDescriptors } from "./descriptors/adopt-socket.ts";
import { diagnostics } from "./diagnostics.ts";
import { checkImplicitTLS, startImplicitTLS } from "./implicit-tls.ts";
import { checkListenAddress, type ListenAddress, startListening } from "./listening.ts";
import { LISTEN_OPTIONS, NET_SERVER_OPTIONS, OPTIONS_OF_NODE, pick } from "./option-names.ts";
import type { ProxyProtocolOptions } from "./proxy-protocol/options.ts";
import { HeaderReceiver } from "./proxy-protocol/receive.ts";
import { SharedBufferSocket } from "./shared-buffer-socket.ts";
import { normalAddress, remoteAddressOf } from "./socket-address.ts";
import type { KnownAddresses, Upgraded } from "./stream-transport.ts";
import { CurrentTLS } from "./tls/current-tls.ts";
import type { TLSOptions, TLSProvider } from "./tls/options.ts";

const OPTION_TYPES = {
  onConnection: "function",
  serverLimits: "object",
  implicitTLS: "boolean",
  reusePort: "boolean",
  unlinkStale: "boolean",
  exclusive: "boolean",
  ipv6Only: "boolean",
  readableAll: "boolean",
  writableAll: "boolean",
  noDelay: "boolean",
  keepAlive: "boolean",
} as const;

/**
 * Options of {@link listen}: the address as for `net.Server.listen` (`{ port, host }`, or `{ path }` for a UNIX socket), the
 * options `noDelay` (default true), `keepAlive` and `keepAliveInitialDelay` of `net.createServer` for each accepted socket, and
 * the options of each connection.
 */
export interface ListenOptions
  extends ListenAddress,
    Pick<ServerOpts, (typeof NET_SERVER_OPTIONS)[number]>,
    Omit<NodeConnectionOptions, "receiver"> {
  /**
   * Returns the receiver of a new connection: an object that gets every box, in place of calls and responders. It is called once
   * for each connection, because a shared receiver would answer to the wrong peer. If it throws, that connection is closed and
   * `onError` is called.
   */
  readonly receiver?: (() => BoxReceiver) | undefined;
  /**
   * Called with every new connection, before the connection reads its first box. The function may call the peer, and may
   * return a promise. If it throws or rejects, that connection is destroyed with the error, and `onError` is called.
   */
  readonly onConnection?: ((connection: NodeConnection) => unknown) | undefined;
  /**
   * Use TLS from the first byte (`tls://`), with the option `tls`, in place of StartTLS. A failed handshake is reported to
   * `onError`, and `limits.handshakeTimeout` applies. Default false.
   */
  readonly implicitTLS?: boolean | undefined;
  /**
   * Require a PROXY header (version 1 or 2) before the first byte of each connection, from these balancers only. It precedes
   * TLS from the first byte and StartTLS. A connection without it is closed, and reported to `onError` as InvalidProxyHeader.
   */
  readonly proxyProtocol?: ProxyProtocolOptions | undefined;
  /** Maximum number of open connections; further ones are closed at once. Default: no limit. */
  readonly maxConnections?: number | undefined;
  /**
   * Milliseconds after which an open connection is closed, with a jitter of 10 %, so that its client connects again through the
   * balancer. The client is first asked to begin no more calls: no call fails, and a reconnecting client opens the next
   * connection before the old one has ended. A client that does not know `ampwire.GoAway` keeps its connection. Default: no
   * limit.
   */
  readonly maxConnectionAge?: number | undefined;
  /** Limits on what all connections take together. `limits` are those of each connection. */
  readonly serverLimits?: ServerLimits | undefined;
}

/**
 * Starts a server. Its connections are the TLS server of a later StartTLS, even if they ask for it. If a connection cannot
 * be accepted, for example because the process has no file descriptor left, `onError` is called and the server continues.
 * @throws Node's error if the address is not available
 * @throws InvalidCertificate, InvalidSignature, RangeError or TypeError for invalid options
 * @throws DescriptorsNotAvailable if `descriptors` is set and the address is not a UNIX socket, or koffi is missing
 */
export function listen(options: ListenOptions & { readonly path: string }): Promise<Server<string>>;
export function listen(options: ListenOptions): Promise<Server<AddressInfo>>;
export async function listen(options: ListenOptions): Promise<Server> {
  checkIsObject("listen", options);
  checkOptionNames("listen", options, LISTEN_OPTIONS, OPTIONS_OF_NODE);
  const {
    onConnection,
    maxConnections,
    maxConnectionAge,
    serverLimits,
    receiver,
    implicitTLS,
    proxyProtocol,
    ...rest
  } = options;
  checkOptions(rest, "server");
  checkNotNegative({ maxConnections, backlog: rest.backlog });
  checkOptionTypes("listen", options, OPTION_TYPES);
  checkImplicitTLS(options);
  checkMaxConnectionAge(maxConnectionAge);
  checkReceiver(receiver);
  checkDescriptors(rest.descriptors, rest.path);
  const tls = new CurrentTLS(rest.tls);
  const connectionOptions = { ...rest, tls: tls.option };
  const address = normalAddress(rest);
  checkListenAddress(address);
  const connections = new Set<NodeConnection>();
  const handshakes = new Set<Duplex>();
  const unref = { value: false };
  const report = reporter(rest);
  const reports = new ReportLimiter(rest.clock ?? systemClock, (count) =>
    report(new LimitExceeded(`${count} more violations of the protocol were not reported`)),
  );
  const origin = { budgets: { ...serverBudgets(serverLimits), reports }, addresses: { local: rest.path } };
  // allowHalfOpen: a peer that has ended its side still receives answers.
  // pauseOnConnect: the connection chooses how it reads before Node reads anything.
  const open = (stream: Duplex, proxied?: KnownAddresses, upgraded?: Upgraded) => {
    const own = receiver === undefined ? connectionOptions : { ...connectionOptions, receiver: receiver() };
    const addresses = proxied ?? origin.addresses;
    const connection = new NodeConnection(stream, "server", own, { ...origin, addresses, upgraded });
    connections.add(connection);
    if (unref.value) connection.unref();
    void connection.closed.then(() => connections.delete(connection));
    if (maxConnectionAge !== undefined) limitAge(connection, maxConnectionAge);
    if (onConnection !== undefined) void runOnConnection(connection, onConnection);
  };
  const secure = async (socket: Socket, proxied?: KnownAddresses) => {
    const remoteAddress = proxied?.remote ?? remoteAddressOf(socket); // unknown after the socket has closed
    handshakes.add(socket);
    try {
      const upgraded = await startImplicitTLS(socket, "server", connectionOptions);
      open(upgraded.stream, proxied, upgraded);
    } catch (error) {
      socket.destroy();
      // The end of the server ends the handshakes too.
      if (server.listening && reports.admit()) report(error, remoteAddress);
    } finally {
      handshakes.delete(socket);
    }
  };
  const start = (socket: Socket, proxied?: KnownAddresses) => {
    let stream: Duplex = socket;
    try {
      if (implicitTLS === true) return void secure(socket, proxied);
      if (rest.descriptors) stream = adoptSocket(socket, rest.descriptors);
      else if (proxied === undefined) stream = SharedBufferSocket.adopt(socket);
      open(stream, proxied);
    } catch (error) {
      // Fails for one socket only: for example, if the process has no file descriptor left. An `error` event without a listener
      // would end the process.
      stream.on("error", () => {}).destroy();
      report(error);
    }
  };
  const headers =
    proxyProtocol === undefined
      ? undefined
      : new HeaderReceiver(proxyProtocol, {
          path: rest.path,
          descriptors: rest.descriptors,
          clock: rest.clock ?? systemClock,
          waiting: handshakes,
          report,
        });
  const server = createServer(
    { noDelay: true, ...pick(rest, NET_SERVER_OPTIONS), allowHalfOpen: true, pauseOnConnect: true },
    (socket) => {
      // Node's maxConnections counts its own sockets only, and a socket that carries descriptors is closed for Node.
      if (connections.size + handshakes.size >= (maxConnections ?? Number.POSITIVE_INFINITY))
        return void socket.destroy();
      if (headers === undefined) start(socket);
      else headers.receive(socket, start);
    },
  );
  server.on("close", () => headers?.stop());
  if (maxConnections !== undefined) server.maxConnections = maxConnections;
  await startListening(server, address);
  server.on("error", report); // never removed: an `error` event without a listener ends the process
  // Node does not know the path of an inherited UNIX socket: its address is null.
  return new Server(server, server.address() ?? "", connections, { unref, handshakes, tls });
}

/** Runs `onConnection` and handles its rejection: an unhandled one would let any peer end the process. */
async function runOnConnection(
  connection: NodeConnection,
  onConnection: (connection: NodeConnection) => unknown,
): Promise<void> {
  try {
    await onConnection(connection);
  } catch (error) {
    // After the connection has ended, the error is usually that of a call that the end has rejected.
    if (connection.reason === undefined) kernelOf(connection).report(error, undefined);
    connection.destroy(toError(error));
  }
}

/** @throws TypeError for a receiver object: it would be shared by all connections */
function checkReceiver(receiver: unknown): void {
  if (receiver === undefined || typeof receiver === "function") return;
  throw new TypeError(
    "the option receiver of listen must be a function that returns a new receiver for each connection: use `receiver: () => new MyReceiver()`",
  );
}

/** Returns a function that reports an error that belongs to no connection. */
function reporter({ observer = diagnostics, onError }: NodeConnectionOptions) {
  const report = (error: unknown, remoteAddress?: Address) =>
    reportError(onError, error, { command: undefined, connection: undefined, remoteAddress });
  const guarded = guardedObserver(observer, report);
  return (error: unknown, remoteAddress?: Address) => {
    guarded?.errorReported?.(error, undefined, undefined);
    report(error, remoteAddress);
  };
}

/** A server and its open connections. {@link listen} creates it. */
export class Server<Address extends AddressInfo | string = AddressInfo | string> implements AsyncDisposable {
  readonly #server: NetServer;
  readonly #address: Address;
  readonly #connections: Set<NodeConnection>;
  /** True if new connections do not keep the process running. */
  readonly #unref: { value: boolean };
  /** Sockets whose TLS handshake is under way. */
  readonly #handshakes: ReadonlySet<Duplex>;
  readonly #tls: CurrentTLS;

  constructor(
    server: NetServer,
    address: Address,
    connections: Set<NodeConnection>,
    {
      unref,
      handshakes,
      tls,
    }: { unref: { value: boolean }; handshakes: ReadonlySet<Duplex>; tls: CurrentTLS },
  ) {
    this.#unref = unref;
    this.#handshakes = handshakes;
    this.#server = server;
    this.#address = address;
    this.#connections = connections;
    this.#tls = tls;
  }

  /**
   * Replaces the option `tls`, for example to use a renewed certificate. Handshakes that begin afterwards use the new options,
   * also on connections that are open already. Connections that use TLS stay as they are.
   * @throws InvalidCertificate or TypeError for invalid options: the server continues with the old ones
   * @throws TLSNotAvailable if the server was started with `tls: false`
   */
  setTLS(options: TLSOptions | TLSProvider): void {
    this.#tls.set(options);
  }

  /** The open connections. */
  get connections(): ReadonlySet<NodeConnection> {
    return this.#connections;
  }

  /**
   * Returns the address and port, or the path of the UNIX socket; also after the server has closed. An inherited UNIX socket
   * (`fd`) has the path `""`.
   */
  address(): Address {
    return this.#address;
  }

  /** Stops accepting connections. Those that are open continue; a TLS handshake under way is still finished. */
  stopAccepting(): void {
    this.#server.close();
  }

  /**
   * Stops accepting connections, waits for the calls in progress on every connection, then ends the connections. Clients that
   * know `ampwire.GoAway` are first asked to begin no more calls, so that none is lost: see `close()` of a connection. Streams
   * that were switched to another protocol stay open.
   * @param options limits after which the connections that are left are destroyed
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkOptionNames("close", options, CLOSE_OPTIONS);
    checkNotNegative({ timeout: options.timeout });
    this.#stop();
    await Promise.all([...this.#connections].map((connection) => connection.close(options)));
  }

  /** Keeps the process running as long as the server listens or a connection is open: the default. Returns the server. */
  ref(): this {
    this.#server.ref();
    this.#unref.value = false;
    for (const connection of this.#connections) connection.ref();
    return this;
  }

  /** Lets the process exit although the server and its connections, also later ones, are open. Returns the server. */
  unref(): this {
    this.#server.unref();
    this.#unref.value = true;
    for (const connection of this.#connections) connection.unref();
    return this;
  }

  #stop(): void {
    this.stopAccepting();
    for (const socket of this.#handshakes) socket.destroy();
  }

  /** Stops accepting connections and ends every open connection immediately. */
  destroy(reason: Error = new ConnectionClosed("the server was stopped")): void {
    this.#stop();
    for (const connection of this.#connections) connection.destroy(reason);
  }

  /** Closes the server, and destroys the connections that are open after 10 seconds. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeout: DISPOSE_TIMEOUT_MS });
  }
}
