/**
 * Plain sockets, and StartTLS written by hand: an ask, an answer, then node:tls on the same socket. Key and certificates
 * are passed to each connection as in Node's documentation. With `keepsContexts` each end makes one secure context and
 * uses it for all connections.
 */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { connect as connectTLS, createSecureContext, TLSSocket } from "node:tls";
import { boxBytes } from "./boxes.mjs";

const ASK = boxBytes({ _ask: "1", _command: "StartTLS" });
const ANSWER = boxBytes({ _answer: "1" });

/** Starts a server and resolves with its port. With `tls`, each socket is served after its upgrade. */
export async function serveSockets({ tls, options }, serveSocket) {
  const material = tls && { key: tls.key, cert: tls.cert, minVersion: "TLSv1.2" };
  const settings = options.keepsContexts ? { secureContext: createSecureContext(material) } : material;
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    if (tls === undefined) return serveSocket(socket);
    socket.once("data", () => {
      socket.pause();
      socket.write(ANSWER);
      const secured = new TLSSocket(socket, { isServer: true, ...settings });
      secured.on("error", () => {});
      serveSocket(secured);
    });
  });
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 });
  await once(server, "listening");
  return { port: server.address().port };
}

let cached;

/** Connects and resolves with the socket. With `tls`, it is upgraded and the certificate of the server is verified. */
export async function openSocket({ port, tls, options }) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  socket.on("error", () => {});
  if (tls === undefined) return socket;
  socket.write(ASK);
  await once(socket, "data");
  socket.pause();
  const trusted = { ca: tls.cert, minVersion: "TLSv1.2" };
  if (options.keepsContexts) cached ??= { secureContext: createSecureContext(trusted) };
  const secured = connectTLS({
    socket,
    ...(cached ?? trusted),
    rejectUnauthorized: true,
    checkServerIdentity: () => undefined,
  });
  await once(secured, "secureConnect");
  return secured;
}

export function closeSocket(socket) {
  return new Promise((resolve) => {
    socket.once("close", resolve);
    socket.end();
    socket.resume();
  });
}
