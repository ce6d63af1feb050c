/** Listens at an address, and makes a connection of whatever comes. */
import { once } from "node:events";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";
import { createServer as createTLSServer } from "node:tls";
import { attach, listen, type NodeConnection, type NodeConnectionOptions } from "../../node/index.ts";
import { UsageError } from "../cli-error.ts";
import { type Address, addressText, type InternetAddress } from "./address.ts";
import { serverOptions } from "./tls-socket.ts";

export interface Listening {
  /** Where, with the port that was got. */
  readonly address: string;
  /** Finishes what is in progress. */
  close(): Promise<void>;
}

export interface ListeningOptions extends NodeConnectionOptions {
  readonly onConnection?: (connection: NodeConnection) => void;
}

/** @throws Node's error when the address cannot be had */
export async function listenAt(address: Address, options: ListeningOptions): Promise<Listening> {
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
  if (tls === false || tls.localCertificate === undefined) {
    throw new UsageError(
      "TLS from the first byte needs a certificate",
      "--cert FILE; ampwire certificate issue makes one",
    );
  }
  const connections = new Set<NodeConnection>();
  const sockets = new Set<Socket>(); // below TLS: those too whose handshake is not done
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
  // As `listen` has it: one that nobody hears ends the process.
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
  return (server.address() as AddressInfo).port; // it listens on TCP
}
