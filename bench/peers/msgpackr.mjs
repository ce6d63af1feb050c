/**
 * What one writes by hand in an afternoon: msgpackr over `node:net`, a length before each message, a Map of
 * promises, and all messages of a turn in one write.
 */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { connect as connectTLS, createServer as createTLSServer } from "node:tls";
import { Packr } from "msgpackr";
import { closeSocket } from "./by-hand/stream.mjs";

const LENGTH_BYTES = 4;
const packr = new Packr({ useRecords: false });

const methods = {
  sum: ({ a, b }) => ({ total: a + b }),
  echo: ({ data }) => ({ data }),
};

/** Sends and receives messages on a socket. */
function messages(socket, received) {
  let unwritten = [];
  let rest;
  const flush = () => {
    socket.write(unwritten.length === 1 ? unwritten[0] : Buffer.concat(unwritten));
    unwritten = [];
  };
  socket.on("data", (chunk) => {
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at + LENGTH_BYTES <= bytes.length) {
      const end = at + LENGTH_BYTES + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      received(packr.unpack(bytes.subarray(at + LENGTH_BYTES, end)));
      at = end;
    }
    rest = at === bytes.length ? undefined : bytes.subarray(at);
  });
  return (message) => {
    const packed = packr.pack(message);
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    length.writeUInt32BE(packed.length);
    if (unwritten.length === 0) queueMicrotask(flush);
    unwritten.push(length, packed);
  };
}

export async function serve({ tls }) {
  const serveSocket = (socket) => {
    socket.on("error", () => {});
    const send = messages(socket, ([id, method, args]) => send([id, methods[method](args)]));
  };
  const server = tls
    ? createTLSServer({ key: tls.key, cert: tls.cert, noDelay: true }, serveSocket)
    : createServer({ noDelay: true }, serveSocket);
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 });
  await once(server, "listening");
  return { port: server.address().port };
}

export async function open({ port, tls, work: { kind, bytes } }) {
  const where = { port, host: "127.0.0.1", noDelay: true };
  const socket = tls
    ? connectTLS({ ...where, ca: tls.cert, checkServerIdentity: () => undefined })
    : connect(where);
  await once(socket, tls ? "secureConnect" : "connect");
  socket.on("error", () => {});
  const waiting = new Map();
  const send = messages(socket, ([id, result]) => {
    waiting.get(id)(result);
    waiting.delete(id);
  });
  let last = 0;
  const call = (method, args) =>
    new Promise((resolve) => {
      waiting.set(++last, resolve);
      send([last, method, args]);
    });
  const data = kind === "echo" ? new Uint8Array(bytes).fill(0x61) : undefined;
  return {
    call: data === undefined ? () => call("sum", { a: 13, b: 81 }) : () => call("echo", { data }),
    close: () => closeSocket(socket),
  };
}
