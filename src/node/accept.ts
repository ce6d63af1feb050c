/** Accepts sockets for a server: the PROXY header, TLS from the first byte, and the connection. */
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { remoteAddressOf } from "../core/carriers/socket-ends.ts";
import type { BoxReceiver } from "../core/connection/box-interfaces.ts";
import { kernelOf } from "../core/connection/connection.ts";
import { reportError } from "../core/connection/report.ts";
import { LimitExceeded } from "../core/errors/caller.ts";
import { toError } from "../core/errors/to-error.ts";
import { guardedObserver } from "../core/observer.ts";
import { ReportLimiter } from "../core/serving/report-limiter.ts";
import { type ServerLimits, serverBudgets } from "../core/serving/server-limits.ts";
import type { Address, Clock } from "../core/transport.ts";
import { ConnectionClock } from "./clock.ts";
import { type ConnectionOrigin, NodeConnection, type NodeConnectionOptions } from "./connection.ts";
import { limitAge } from "./connection-age.ts";
import { adoptSocket } from "./descriptors/adopt-socket.ts";
import { diagnostics } from "./diagnostics.ts";
import { startImplicitTLS } from "./implicit-tls.ts";
import type { ListenAddress } from "./listening.ts";
import type { ProxyProtocolOptions } from "./proxy-protocol/options.ts";
import { HeaderReceiver } from "./proxy-protocol/receive.ts";
import { setRef } from "./set-ref.ts";
import { SharedBufferSocket } from "./shared-buffer-socket.ts";
import type { KnownAddresses } from "./stream-transport.ts";
import type { Upgraded } from "./tls/upgraded.ts";

/** Options of the accepted connections. */
export interface AcceptOptions extends Omit<NodeConnectionOptions, "receiver"> {
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

/** Sockets and connections that a server has accepted. */
export interface Accepted {
  readonly connections: Set<NodeConnection>;
  /** Sockets that are not connections yet: their PROXY header is incomplete, or their TLS handshake is under way. */
  readonly handshakes: Set<Duplex>;
  /** @param refs false: the sockets and connections, also later ones, do not keep the process running */
  setRef(refs: boolean): void;
}

/** Makes connections of the sockets of one server. */
export class Acceptor implements Accepted {
  readonly connections = new Set<NodeConnection>();
  readonly handshakes = new Set<Duplex>();
  #refs = true;
  /** Clock of handshakes and reports. */
  readonly #clock: Clock;
  /** Reports an error that belongs to no connection. */
  readonly report: (error: unknown, remoteAddress?: Address) => void;
  readonly #options: AcceptOptions;
  readonly #connectionOptions: NodeConnectionOptions;
  readonly #origin: ConnectionOrigin;
  readonly #reports: ReportLimiter;
  readonly #headers: HeaderReceiver | undefined;
  readonly #isListening: () => boolean;

  /**
   * @param options of the server, which were checked
   * @param connectionOptions of each connection, without those of the server
   * @param address at which the server listens
   * @throws TypeError, RangeError or DescriptorsNotAvailable for an invalid option `proxyProtocol`
   */
  constructor(
    options: AcceptOptions,
    connectionOptions: NodeConnectionOptions,
    address: Pick<ListenAddress, "path" | "port">,
    isListening: () => boolean,
  ) {
    const { serverLimits, proxyProtocol, descriptors, clock = new ConnectionClock() } = options;
    this.#options = options;
    this.#clock = clock;
    this.#connectionOptions = connectionOptions;
    this.#isListening = isListening;
    const report = reporter(options);
    this.report = report;
    this.#reports = new ReportLimiter(clock, (count) =>
      report(new LimitExceeded(`${count} more violations of the protocol were not reported`)),
    );
    const budgets = { ...serverBudgets(serverLimits), reports: this.#reports };
    this.#origin = { budgets, addresses: { local: address.path } };
    if (proxyProtocol !== undefined)
      this.#headers = new HeaderReceiver(proxyProtocol, {
        path: address.path,
        port: address.port,
        descriptors,
        clock,
        waiting: this.handshakes,
        report,
      });
  }

  /** Accepts a socket of which nothing was read. */
  accept(socket: Socket): void {
    // Node's maxConnections counts its own sockets only, and a socket that carries descriptors is closed for Node.
    const { maxConnections = Number.POSITIVE_INFINITY } = this.#options;
    if (this.connections.size + this.handshakes.size >= maxConnections) return void socket.destroy();
    if (!this.#refs) socket.unref();
    if (this.#headers === undefined) this.#start(socket);
    else this.#headers.receive(socket, this.#start);
  }

  setRef(refs: boolean): void {
    this.#refs = refs;
    if (this.#clock instanceof ConnectionClock) this.#clock.setRef(refs);
    const sockets = [...this.handshakes].filter((socket) => socket instanceof Socket);
    for (const one of [...sockets, ...this.connections]) setRef(one, refs);
  }

  /** Reports what was not reported yet, after the server has stopped, and clears the timers. */
  stop(): void {
    this.#headers?.stop();
    this.#reports.end();
  }

  readonly #start = (socket: Socket, proxied?: KnownAddresses): void => {
    const { implicitTLS, descriptors } = this.#options;
    let stream: Duplex = socket;
    try {
      if (implicitTLS === true) return void this.#secure(socket, proxied);
      if (descriptors) stream = adoptSocket(socket, descriptors);
      else if (proxied === undefined) stream = SharedBufferSocket.adopt(socket);
      this.#open(stream, proxied);
    } catch (error) {
      // Fails for one socket only: for example, if the process has no file descriptor left. An `error` event without a listener
      // would end the process.
      stream.on("error", () => {}).destroy();
      this.report(error);
    }
  };

  /** Opens the connection after the handshake of TLS from the first byte. */
  async #secure(socket: Socket, proxied?: KnownAddresses): Promise<void> {
    const remoteAddress = proxied?.remote ?? remoteAddressOf(socket); // unknown after the socket has closed
    this.handshakes.add(socket);
    try {
      const upgraded = await startImplicitTLS(socket, "server", {
        ...this.#connectionOptions,
        clock: this.#clock,
      });
      this.#open(upgraded.stream, proxied, upgraded);
    } catch (error) {
      socket.destroy();
      // The end of the server ends the handshakes too.
      if (this.#isListening() && this.#reports.admit()) this.report(error, remoteAddress);
    } finally {
      this.handshakes.delete(socket);
    }
  }

  #open(stream: Duplex, proxied?: KnownAddresses, upgraded?: Upgraded): void {
    const { receiver, maxConnectionAge, onConnection } = this.#options;
    const shared = this.#connectionOptions;
    const options = receiver === undefined ? shared : { ...shared, receiver: receiver() };
    const addresses = proxied ?? this.#origin.addresses;
    const connection = new NodeConnection(stream, "server", options, {
      ...this.#origin,
      addresses,
      upgraded,
    });
    this.connections.add(connection);
    if (!this.#refs) connection.unref();
    void connection.closed.then(() => this.connections.delete(connection));
    if (maxConnectionAge !== undefined) limitAge(connection, maxConnectionAge);
    if (onConnection !== undefined) void runOnConnection(connection, onConnection);
  }
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

/** Returns a function that reports an error that belongs to no connection. */
function reporter({ observer = diagnostics, onError }: AcceptOptions) {
  const report = (error: unknown, remoteAddress?: Address) =>
    reportError(onError, error, { command: undefined, connection: undefined, remoteAddress });
  const guarded = guardedObserver(observer, report);
  return (error: unknown, remoteAddress?: Address) => {
    guarded?.errorReported?.(error, undefined, undefined);
    report(error, remoteAddress);
  };
}
