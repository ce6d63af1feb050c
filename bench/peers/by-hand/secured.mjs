/** Plain sockets, or TLS from the first byte on: for protocols that know no upgrade. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { connect as connectTLS, createServer as createTLSServer } from "node:tls";

export { closeSocket } from "./stream.mjs";

/** Resolves with the port. */
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

/** A connected socket, the server's certificate verified where there is one. */
export async function openSecured(port, tls) {
  const where = { port, host: "127.0.0.1", noDelay: true };
  const socket = tls
    ? connectTLS({ ...where, ca: tls.cert, checkServerIdentity: () => undefined })
    : connect(where);
  await once(socket, tls ? "secureConnect" : "connect");
  socket.on("error", () => {});
  return socket;
}
