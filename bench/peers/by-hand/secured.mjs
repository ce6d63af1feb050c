/** Sockets, plain or with TLS from the first byte, for protocols without an upgrade. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { connect as connectTLS, createServer as createTLSServer } from "node:tls";

export { closeSocket } from "./stream.mjs";

/** Starts a server and resolves with its port. */
export async function serveSecured(tls, serveSocket) {
  const served = (socket) => {
    socket.on("error", () => {});
    serveSocket(socket);
  };
  const server = tls
    ? createTLSServer({ key: tls.key, cert: tls.cert, noDelay: true }, served)
    : createServer({ noDelay: true }, served);
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 });
  await once(server, "listening");
  return { port: server.address().port };
}

/** Connects and resolves with the socket. With `tls`, the certificate of the server is verified. */
export async function openSecured(port, tls) {
  const address = { port, host: "127.0.0.1", noDelay: true };
  const socket = tls
    ? connectTLS({ ...address, ca: tls.cert, checkServerIdentity: () => undefined })
    : connect(address);
  await once(socket, tls ? "secureConnect" : "connect");
  socket.on("error", () => {});
  return socket;
}
