/** Receives the PROXY header of accepted sockets, before they become connections. */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { remoteAddressOf } from "../../core/carriers/socket-ends.ts";
import { toError } from "../../core/errors/to-error.ts";
import { ReportLimiter } from "../../core/serving/report-limiter.ts";
import type { Address, Clock } from "../../core/transport.ts";
import { SharedBufferSocket } from "../shared-buffer-socket.ts";
import type { KnownAddresses } from "../stream-transport.ts";
import { InvalidProxyHeader, type ParsedHeader } from "./header.ts";
import { DEFAULT_HEADER_TIMEOUT_MS, type ProxyProtocolOptions, trustedBalancers } from "./options.ts";
import { parseHeader } from "./parse.ts";

export interface HeaderReceiverOptions {
  readonly path?: string | undefined;
  readonly port?: number | undefined;
  readonly descriptors?: unknown;
  readonly clock: Clock;
  /** Sockets that are not connections yet. Sockets in it are destroyed when the server stops. */
  readonly waiting: Set<Duplex>;
  readonly report: (error: unknown) => void;
}

/** Receives headers for one server. Refused connections are reported, 20 a second at most. */
export class HeaderReceiver {
  readonly #isTrusted: (socket: Socket) => boolean;
  readonly #timeout: number;
  readonly #options: HeaderReceiverOptions;
  readonly #limiter: ReportLimiter;

  /** @throws TypeError, RangeError, DescriptorsNotAvailable for invalid options */
  constructor(given: ProxyProtocolOptions, options: HeaderReceiverOptions) {
    this.#isTrusted = trustedBalancers(given, options);
    this.#timeout = given.timeout ?? DEFAULT_HEADER_TIMEOUT_MS;
    this.#options = options;
    this.#limiter = new ReportLimiter(options.clock, (count) =>
      options.report(
        new InvalidProxyHeader(
          `${count} more connections were refused in one second, for such reasons as those reported`,
        ),
      ),
    );
  }

  /**
   * Reads the header of a socket that nothing was read from.
   * @param start called with a paused stream, which begins after the header
   */
  receive(socket: Socket, start: (stream: Socket, addresses: KnownAddresses) => void): void {
    const { clock, path, waiting } = this.#options;
    const balancer = remoteAddressOf(socket);
    // A TCP connection that its peer has reset already, as some health checks do: no header can come.
    if (balancer === undefined && socket.localAddress !== undefined) return void socket.destroy();
    if (!this.#isTrusted(socket)) {
      socket.destroy();
      this.#refused(balancer, "the address is not in proxyProtocol.from");
      return;
    }
    const stream = SharedBufferSocket.adopt(socket);
    let received: Uint8Array = Buffer.alloc(0);
    const settled = () => {
      clock.clearTimeout(timer);
      stream.off("data", onData).off("end", onEnd).off("error", onError).off("close", settled);
      waiting.delete(stream);
    };
    const refuse = (why: unknown) => {
      settled();
      stream.on("error", () => {}).destroy(); // an `error` event without a listener would end the process
      if (why !== undefined) this.#refused(balancer, why);
    };
    const onData = (chunk: Uint8Array) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      let parsed: ParsedHeader | undefined;
      try {
        parsed = parseHeader(received);
      } catch (error) {
        return refuse(error);
      }
      if (parsed === undefined) return;
      settled();
      stream.pause();
      if (received.length > parsed.length) stream.unshift(received.subarray(parsed.length));
      const proxy = { ...parsed.header, balancer };
      start(stream, { local: proxy.destination ?? path, remote: proxy.source, proxy });
    };
    // A balancer may check a server by a connection without any byte. That is not reported.
    const ended = (why: unknown) => refuse(received.length > 0 ? why : undefined);
    const onEnd = () => ended("it ended within its PROXY header");
    const onError = (error: Error) => ended(error);
    const timer = clock.setTimeout(
      () => refuse(`its PROXY header was not complete after ${this.#timeout} ms`),
      this.#timeout,
    );
    waiting.add(stream);
    // `close` alone: the server was stopped.
    stream.on("data", onData).on("end", onEnd).on("error", onError).on("close", settled);
  }

  /** Reports what was not reported yet, and clears the timer. */
  stop(): void {
    this.#limiter.end();
  }

  #refused(balancer: Address | undefined, why: unknown): void {
    if (!this.#limiter.admit()) return;
    const from = typeof balancer === "object" ? `${balancer.address} port ${balancer.port}` : "a UNIX socket";
    const message = `the connection from ${from} was refused: ${typeof why === "string" ? why : toError(why).message}`;
    this.#options.report(new InvalidProxyHeader(message, typeof why === "string" ? {} : { cause: why }));
  }
}
