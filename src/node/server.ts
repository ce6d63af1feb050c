/** A server: its address, its open connections, and its end. */
import type { AddressInfo, Server as NetServer } from "node:net";
import type { CloseOptions } from "../core/command/types.ts";
import { DISPOSE_TIMEOUT_MS } from "../core/connection/connection.ts";
import { ConnectionClosed } from "../core/errors/transport.ts";
import { checkNotNegative } from "../core/number-option.ts";
import { CLOSE_OPTIONS, checkOptionNames } from "../core/option-names.ts";
import { checkSignal } from "../core/time-limit.ts";
import type { Accepted } from "./accept.ts";
import type { NodeConnection } from "./connection.ts";
import type { CurrentTLS } from "./tls/current-tls.ts";
import type { TLSOptions, TLSProvider } from "./tls/options.ts";

/** A server and its open connections. `listen` creates it. */
export class Server<Address extends AddressInfo | string = AddressInfo | string> implements AsyncDisposable {
  readonly #server: NetServer;
  readonly #address: Address;
  readonly #accepted: Accepted;
  readonly #tls: CurrentTLS;

  constructor(server: NetServer, address: Address, accepted: Accepted, tls: CurrentTLS) {
    this.#server = server;
    this.#address = address;
    this.#accepted = accepted;
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
    return this.#accepted.connections;
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
    checkSignal(options.signal);
    this.#stop();
    await Promise.all([...this.#accepted.connections].map((connection) => connection.close(options)));
  }

  /** Keeps the process running as long as the server listens or a connection is open: the default. Returns the server. */
  ref(): this {
    this.#server.ref();
    this.#accepted.setRef(true);
    return this;
  }

  /** Lets the process exit although the server and its connections, also later ones, are open. Returns the server. */
  unref(): this {
    this.#server.unref();
    this.#accepted.setRef(false);
    return this;
  }

  #stop(): void {
    this.stopAccepting();
    for (const socket of this.#accepted.handshakes) socket.destroy();
  }

  /** Stops accepting connections and ends every open connection immediately. */
  destroy(reason: Error = new ConnectionClosed("the server was stopped")): void {
    this.#stop();
    for (const connection of this.#accepted.connections) connection.destroy(reason);
  }

  /** Closes the server, and destroys the connections that are open after 10 seconds. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeout: DISPOSE_TIMEOUT_MS });
  }
}
