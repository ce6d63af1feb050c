/** Starts a server over TCP or a UNIX socket. */
import { type AddressInfo, createServer, type ServerOpts } from "node:net";
import { checkNotNegative } from "../core/number-option.ts";
import { checkIsObject, checkOptionNames } from "../core/option-names.ts";
import { checkOptionTypes } from "../core/option-types.ts";
import { type AcceptOptions, Acceptor } from "./accept.ts";
import { checkOptions } from "./connection.ts";
import { checkMaxConnectionAge } from "./connection-age.ts";
import { checkDescriptors } from "./descriptors/adopt-socket.ts";
import { checkImplicitTLS } from "./implicit-tls.ts";
import { checkListenAddress, type ListenAddress, startListening } from "./listening.ts";
import { LISTEN_OPTIONS, NET_SERVER_OPTIONS, OPTIONS_OF_NODE, pick } from "./option-names.ts";
import { Server } from "./server.ts";
import { normalAddress } from "./socket-address.ts";
import { CurrentTLS } from "./tls/current-tls.ts";

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
    AcceptOptions {}

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
    onConnection: _1,
    maxConnections,
    maxConnectionAge: _5,
    serverLimits: _2,
    receiver,
    implicitTLS: _3,
    proxyProtocol: _4,
    ...rest
  } = options;
  checkOptions(rest, "server");
  checkNotNegative({ maxConnections, backlog: rest.backlog });
  checkOptionTypes("listen", options, OPTION_TYPES);
  checkImplicitTLS(options);
  checkMaxConnectionAge(options);
  checkReceiver(receiver);
  checkDescriptors(rest.descriptors, rest.path);
  const tls = new CurrentTLS(rest.tls);
  const connectionOptions = { ...rest, tls: tls.option };
  const address = normalAddress("listen", rest);
  checkListenAddress(address);
  const acceptor = new Acceptor(options, connectionOptions, rest, () => server.listening);
  // allowHalfOpen: a peer that has ended its side still receives answers.
  // pauseOnConnect: the connection chooses how it reads before Node reads anything.
  const server = createServer(
    { noDelay: true, ...pick(rest, NET_SERVER_OPTIONS), allowHalfOpen: true, pauseOnConnect: true },
    (socket) => acceptor.accept(socket),
  );
  server.on("close", () => acceptor.stop());
  if (maxConnections !== undefined) server.maxConnections = maxConnections;
  await startListening(server, address);
  server.on("error", acceptor.report); // never removed: an `error` event without a listener ends the process
  // Node does not know the path of an inherited UNIX socket: its address is null.
  return new Server(server, server.address() ?? "", acceptor, tls);
}

/** @throws TypeError for a receiver object: it would be shared by all connections */
function checkReceiver(receiver: unknown): void {
  if (receiver === undefined || typeof receiver === "function") return;
  throw new TypeError(
    "the option receiver of listen must be a function that returns a new receiver for each connection: use `receiver: () => new MyReceiver()`",
  );
}
