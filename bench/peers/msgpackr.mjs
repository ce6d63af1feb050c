/**
 * What one writes by hand in an afternoon: msgpackr over `node:net`, a length before each message, a Map of
 * promises, and all messages of a turn in one write.
 */
import { Packr } from "msgpackr";
import { requestOf } from "../workloads/request.mjs";
import { closeSocket, openSecured, serveSecured } from "./by-hand/secured.mjs";

const LENGTH_BYTES = 4;
const packr = new Packr({ useRecords: false });

const methods = {
  sum: ({ a, b }) => ({ total: a + b }),
  echo: ({ data }) => ({ data }),
  same: (args) => args,
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

export function serve({ tls }) {
  return serveSecured(tls, (socket) => {
    const send = messages(socket, ([id, method, args]) => send([id, methods[method](args)]));
  });
}

export async function open({ port, tls, work }) {
  const socket = await openSecured(port, tls);
  const waiting = new Map();
  const send = messages(socket, ([id, result]) => {
    waiting.get(id)(result);
    waiting.delete(id);
  });
  const { method, args } = requestOf(work);
  let last = 0;
  const executor = (resolve) => {
    waiting.set(++last, resolve);
    send([last, method, args]);
  };
  return { call: () => new Promise(executor), close: () => closeSocket(socket) };
}
