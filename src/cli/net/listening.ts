/** Listens at an address and serves AMP connections, with TLS from the first byte for `tls://`. */
import { once } from "node:events";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";
import { createServer as createTLSServer } from "node:tls";
import { attach, listen, type NodeConnection, type NodeConnectionOptions } from "../../node/index.ts";
import { UsageError } from "../cli-error.ts";
import { type Address, addressText, type InternetAddress } from "./address.ts";
import { listenFailure } from "./listen-failure.ts";
import { serverOptions } from "./tls-socket.ts";

export interface Listening {
  /** The address, with the chosen port if port 0 was requested. */
  readonly address: string;
  /** Stops listening and closes the connections after their calls in progress. */
  close(): Promise<void>;
}

export interface ListeningOptions extends Omit<NodeConnectionOptions, "receiver"> {
  readonly onConnection?: (connection: NodeConnection) => void;
}

/** @throws Failure with a hint if the address is not available */
export async function listenAt(address: Address, options: ListeningOptions): Promise<Listening> {
  try {
    return await listenOpen(address, options);
  } catch (error) {
    throw await listenFailure(address, error);
  }
}

async function listenOpen(address: Address, options: ListeningOptions): Promise<Listening> {
  if (address.kind === "tls") return listenTLS(address, options);
  if (address.kind === "unix") {
    const server = await listen({ ...options, path: address.path });
    return { address: addressText(address), close: () => server.close() };
  }
  const server = await listen({ ...options, host: address.host, port: address.port });
  return { address: addressText({ ...address, port: server.address().port }), close: () => server.close() };
}

async function listenTLS(address: InternetAddress<"tls">, options: ListeningOptions): Promise<Listening> {
  const { tls = {}, onConnection } = options;
  if (tls === false || typeof tls === "function" || tls.localCertificate === undefined) {
    throw new UsageError(
      "tls:// needs a certificate",
      "use --cert FILE; ampwire certificate issue creates the file",
    );
  }
  const connections = new Set<NodeConnection>();
  const sockets = new Set<Socket>(); // TCP sockets, including those whose handshake is not complete
  const server = createTLSServer(serverOptions(tls), (socket) => {
    socket.setNoDelay(true);
    const connection = attach(socket, { ...options, tls: false, role: "server" });
    connections.add(connection);
    void connection.closed.then(() => connections.delete(connection));
    onConnection?.(connection);
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const port = await listenOn(server, address);
  // Without a listener, an error of the server would end the process.
  server.on("error", (error) => options.onError?.(error, { command: undefined, connection: undefined }));
  return {
    address: addressText({ ...address, port }),
    async close() {
      server.close();
      await Promise.all([...connections].map((connection) => connection.close()));
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function listenOn(server: NetServer, { host, port }: InternetAddress): Promise<number> {
  server.listen({ host, port });
  await once(server, "listening");
  return (server.address() as AddressInfo).port; // a TCP server has an AddressInfo
}
