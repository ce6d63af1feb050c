/** Opening a connection over TCP or a UNIX socket. */
import {
  connect as connectSocket,
  type IpcNetConnectOpts,
  type Socket,
  type TcpNetConnectOpts,
} from "node:net";
import { withCaller } from "../core/calls/rejection.ts";
import { localAddressOf, remoteAddressOf } from "../core/carriers/socket-ends.ts";
import { ConnectFailed } from "../core/errors/transport.ts";
import { checkNotNegative } from "../core/number-option.ts";
import { checkIsObject, checkOptionNames } from "../core/option-names.ts";
import { checkOptionTypes } from "../core/option-types.ts";
import type { AbortSignalLike } from "../core/platform.ts";
import { limitTime, throwIfAborted } from "../core/time-limit.ts";
import { shownValue } from "../core/wire/value-text.ts";
import { systemClock } from "./clock.ts";
import { checkOptions, NodeConnection, type NodeConnectionOptions } from "./connection.ts";
import { adoptSocket, checkDescriptors } from "./descriptors/adopt-socket.ts";
import { checkImplicitTLS, startImplicitTLS } from "./implicit-tls.ts";
import { CONNECT_OPTIONS, OPTIONS_OF_NODE, pick, SOCKET_OPTIONS } from "./option-names.ts";
import { checkSentHeader, type SentProxyHeader, writeHeader } from "./proxy-protocol/write.ts";
import { SharedBufferSocket, SOCKETS_SHARE_A_BUFFER } from "./shared-buffer-socket.ts";
import { normalAddress } from "./socket-address.ts";
import type { TLSRole } from "./tls/options.ts";
import type { Upgraded } from "./tls/upgraded.ts";

type SocketOptionName = (typeof SOCKET_OPTIONS)[number];

/**
 * Options of {@link connect}: the address and socket options of `net.connect` (`{ port, host }`, or `{ path }` for a UNIX
 * socket) and the options of the connection. Other options of `net.connect`, for example `timeout`, throw a TypeError.
 */
export type ConnectOptions = (
  | Pick<TcpNetConnectOpts, Extract<SocketOptionName, keyof TcpNetConnectOpts>>
  | Pick<IpcNetConnectOpts, "path">
) &
  NodeConnectionOptions & {
    /**
     * Use TLS from the first byte (`tls://`), with the option `tls`, in place of StartTLS. The handshake is a part of the attempt:
     * it is limited by `limits.handshakeTimeout`, and its errors reject. Default false.
     */
    readonly implicitTLS?: boolean | undefined;
    /**
     * Role of this end in a TLS handshake. Set `"server"` at one of two ends that both connect, for example to a relay.
     * Default `"client"`.
     */
    readonly role?: TLSRole | undefined;
    /** Send a PROXY header first, to a server that requires one. `{}` sends that of a health check. Default: none. */
    readonly proxyProtocol?: SentProxyHeader | undefined;
    /** Milliseconds after which the attempt fails with ConnectFailed. Default: the operating system's limit. */
    readonly connectTimeout?: number | undefined;
    /** Signal that cancels the attempt. It has no effect on an open connection. */
    readonly signal?: AbortSignalLike | undefined;
  };

/**
 * Opens a connection over TCP or a UNIX socket. This end is the TLS client of a later StartTLS, even if the peer asks
 * for it. Invalid options reject before a socket is opened.
 * @throws PeerVerifyError, PeerRefusedCertificate, HandshakeError or HandshakeTimeout with `implicitTLS`
 * @throws ConnectFailed if the connection cannot be opened, with Node's error as `cause`
 * @throws the signal's reason when `signal` aborts
 * @throws InvalidCertificate, InvalidSignature, RangeError or TypeError for invalid options
 * @throws DescriptorsNotAvailable if `descriptors` is set and the address is not a UNIX socket, or koffi is missing
 */
export async function connect(options: ConnectOptions): Promise<NodeConnection> {
  checkIsObject("connect", options);
  checkOptionNames("connect", options, CONNECT_OPTIONS, OPTIONS_OF_NODE);
  checkConnectOptions(options);
  const { signal, connectTimeout, implicitTLS, proxyProtocol, role = "client", ...rest } = options;
  checkDescriptors(rest.descriptors, "path" in rest ? rest.path : undefined);
  throwIfAborted(signal);
  // allowHalfOpen: a peer that has ended its side still receives answers.
  const address = normalAddress<Partial<TcpNetConnectOpts & IpcNetConnectOpts>>("connect", rest);
  if (address.port === undefined && address.path === undefined)
    throw new TypeError("connect: the option port is needed, or path for a UNIX socket");
  // Node accepts any combination of the options that the type of `options` allows.
  const socketOptions = {
    noDelay: true,
    ...pick(address, SOCKET_OPTIONS),
    allowHalfOpen: true,
  } as TcpNetConnectOpts;
  const lends = SOCKETS_SHARE_A_BUFFER && !rest.descriptors;
  const socket = lends ? SharedBufferSocket.open(socketOptions) : connectSocket(socketOptions);
  if (rest.descriptors) socket.pause(); // before it connects: Node's reads would lose descriptors
  try {
    await waitForConnect(socket, options);
  } catch (error) {
    throw withCaller(error, options);
  }
  const addresses = { remote: address.path };
  if (proxyProtocol !== undefined) {
    const ends = { source: localAddressOf(socket), destination: remoteAddressOf(socket) };
    socket.write(writeHeader(proxyProtocol, ends));
  }
  if (implicitTLS === true) {
    let upgraded: Upgraded;
    try {
      upgraded = await startImplicitTLS(socket, role, rest, signal);
    } catch (error) {
      throw withCaller(error, options);
    }
    return new NodeConnection(upgraded.stream, role, rest, { addresses, upgraded });
  }
  return new NodeConnection(adoptSocket(socket, rest.descriptors), role, rest, { addresses });
}

/**
 * Checks everything but the address and the names of the options.
 * @throws InvalidCertificate, InvalidSignature, RangeError or TypeError
 */
export function checkConnectOptions(options: ConnectOptions): void {
  const { signal: _, connectTimeout, implicitTLS: _1, proxyProtocol, role = "client", ...rest } = options;
  checkRole(role);
  checkOptions(rest, role);
  checkImplicitTLS(options);
  checkNotNegative({ connectTimeout });
  checkOptionTypes("connect", options, { noDelay: "boolean", keepAlive: "boolean", lookup: "function" });
  if (proxyProtocol !== undefined) checkSentHeader(proxyProtocol, rest.descriptors);
}

/** @throws TypeError for a value that is not a role, which a JavaScript program may pass */
function checkRole(role: unknown): void {
  if (role !== "client" && role !== "server")
    throw new TypeError(`connect: role must be "client" or "server", not ${shownValue(role)}`);
}

function waitForConnect(socket: Socket, options: ConnectOptions): Promise<void> {
  const { signal, connectTimeout, clock = systemClock } = options;
  return new Promise((resolve, reject) => {
    const failed = (reason: unknown) => {
      settled();
      socket.on("error", () => {}); // an `error` event without a listener would end the process
      socket.destroy();
      reject(reason);
    };
    const refused = (error: Error) =>
      failed(
        new ConnectFailed(`cannot connect to ${addressText(options)}: ${error.message}`, { cause: error }),
      );
    const late = () =>
      new ConnectFailed(`${addressText(options)} did not answer within ${connectTimeout} ms`);
    const release = limitTime(clock, { timeout: connectTimeout, signal }, (cause) =>
      failed(cause === "timeout" ? late() : signal?.reason),
    );
    const settled = () => {
      release();
      socket.off("error", refused);
    };
    socket.once("error", refused);
    socket.once("connect", () => {
      settled();
      resolve();
    });
    if (signal?.aborted) failed(signal.reason); // Node has called `lookup`, which aborted it
  });
}

function addressText(options: ConnectOptions): string {
  if ("path" in options && options.path !== undefined) return options.path;
  const host = ("host" in options ? options.host : undefined) ?? "localhost";
  const shown = host.includes(":") ? `[${host}]` : host;
  return `${shown}:${"port" in options ? options.port : ""}`;
}
