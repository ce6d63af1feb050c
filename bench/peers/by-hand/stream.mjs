/**
 * Plain sockets, and StartTLS by hand: one box asks for it, one agrees, then node:tls on the same socket, given key
 * and certificates as its documentation shows it. With `keepsContexts` what OpenSSL makes of them is made once.
 */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { connect as connectTLS, createSecureContext, TLSSocket } from "node:tls";
import { boxBytes } from "./boxes.mjs";

const ASK = boxBytes({ _ask: "1", _command: "StartTLS" });
const ANSWER = boxBytes({ _answer: "1" });

/** Serves sockets; with `tls`, each once it is upgraded. Resolves with the port. */
export async function serveSockets({ tls, options }, serveSocket) {
  const given = tls && { key: tls.key, cert: tls.cert, minVersion: "TLSv1.2" };
  const settings = options.keepsContexts ? { secureContext: createSecureContext(given) } : given;
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

let kept;

/** A connected socket; with `tls` an upgraded one, the server's certificate verified. */
export async function openSocket({ port, tls, options }) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  socket.on("error", () => {});
  if (tls === undefined) return socket;
  socket.write(ASK);
  await once(socket, "data");
  socket.pause();
  const given = { ca: tls.cert, minVersion: "TLSv1.2" };
  if (options.keepsContexts) kept ??= { secureContext: createSecureContext(given) };
  const secured = connectTLS({
    socket,
    ...(kept ?? given),
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
