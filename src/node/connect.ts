/** Opens a connection: TCP or a UNIX socket. */
import {
  connect as connectSocket,
  type IpcNetConnectOpts,
  type Socket,
  type TcpNetConnectOpts,
} from "node:net";
import { ConnectFailed } from "../core/errors/transport.ts";
import { checkNotNegative } from "../core/number-option.ts";
import type { AbortSignalLike } from "../core/platform.ts";
import { limitTime } from "../core/time-limit.ts";
import { systemClock } from "./clock.ts";
import { checkOptions, NodeConnection, type NodeConnectionOptions } from "./connection.ts";
import { checkDescriptors, takeSocket } from "./descriptors/adopt-socket.ts";
import { SharedBufferSocket, SOCKETS_SHARE_A_BUFFER } from "./shared-buffer-socket.ts";

/** Where to, in Node's own terms: `{ port, host }`, or `{ path }` for a UNIX socket; and how. `onread` is ours. */
export type ConnectOptions = (Omit<TcpNetConnectOpts, "onread"> | Omit<IpcNetConnectOpts, "onread">) &
  NodeConnectionOptions & {
    /** Milliseconds until the attempt is given up. Default: what the system allows. */
    readonly connectTimeout?: number | undefined;
    /** Aborting it gives the attempt up. Afterwards it means nothing. */
    readonly signal?: AbortSignalLike | undefined;
  };

/**
 * Connects. We are the TLS client of a later StartTLS, whoever asks for it.
 * @throws ConnectFailed when nobody answers, with Node's error as `cause`; the signal's reason; before anything is
 * opened InvalidCertificate, InvalidSignature, RangeError and TypeError for options that make no sense,
 * DescriptorsNotAvailable
 */
export async function connect(options: ConnectOptions): Promise<NodeConnection> {
  const { signal, connectTimeout, ...rest } = options;
  checkOptions(rest, "client");
  checkNotNegative({ connectTimeout });
  checkDescriptors(rest.descriptors, "path" in rest ? rest.path : undefined);
  if (signal?.aborted) throw signal.reason;
  // allowHalfOpen: a peer that has ended its side still gets its answers.
  const socketOptions = { noDelay: true, ...rest, allowHalfOpen: true, onread: undefined };
  const lends = SOCKETS_SHARE_A_BUFFER && !rest.descriptors;
  const socket = lends ? SharedBufferSocket.open(socketOptions) : connectSocket(socketOptions);
  if (rest.descriptors) socket.pause(); // before it is connected: what Node reads comes without its descriptors
  await connected(socket, options);
  return new NodeConnection(takeSocket(socket, rest.descriptors), "client", rest);
}

function connected(socket: Socket, options: ConnectOptions): Promise<void> {
  const { signal, connectTimeout, clock = systemClock } = options;
  return new Promise((resolve, reject) => {
    const failed = (reason: unknown) => {
      settled();
      socket.on("error", () => {}); // what it may still say is of no interest
      socket.destroy();
      reject(reason);
    };
    const refused = (error: Error) =>
      failed(new ConnectFailed(`cannot connect to ${place(options)}: ${error.message}`, { cause: error }));
    const late = () => new ConnectFailed(`${place(options)} did not answer within ${connectTimeout} ms`);
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
  });
}

function place(options: ConnectOptions): string {
  return "path" in options && options.path !== undefined
    ? options.path
    : `${"host" in options ? (options.host ?? "localhost") : "localhost"}:${"port" in options ? options.port : ""}`;
}
