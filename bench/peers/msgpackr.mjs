/**
 * msgpackr over `node:net`, written by hand: a length before each message, a Map of promises, and one write for all
 * messages of a turn. Dates are msgpackr's own; decimals are sent as text, because msgpackr has no type for them.
 *
 * `options.structures` is the mode. `none` sends each object as a map with its keys (`useRecords: false`), which any
 * implementation of MessagePack can read. `shared` sends a number for the list of keys, and both ends know the same
 * lists beforehand (`structures`). It is msgpackr's fast mode.
 */
import { Packr } from "msgpackr";
import { inTurn, requestsOf } from "../workloads/requests.mjs";
import { closeSocket, openSecured, serveSecured } from "./by-hand/secured.mjs";

const LENGTH_BYTES = 4;

function packrOf({ structures }, work) {
  return structures === "shared"
    ? new Packr({ structures: structuresOf(work) })
    : new Packr({ useRecords: false });
}

/** Returns the lists of keys of all objects that the workload sends. */
function structuresOf(work) {
  const objects = requestsOf(work).flatMap(({ args, answer }) => [args, answer]);
  const nested = objects.flatMap(({ rows = [] }) => rows);
  const lists = [...objects, ...nested].map((object) => JSON.stringify(Object.keys(object)));
  return [...new Set(lists)].map((list) => JSON.parse(list));
}

/** Sends and receives messages on a socket. */
function messages(socket, packr, received) {
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

function respondersOf({ commands = [] }) {
  return {
    Sum: ({ a, b }) => ({ total: a + b }),
    Echo: ({ data }) => ({ data }),
    ...Object.fromEntries(commands.map(({ name }) => [name, (args) => args])),
  };
}

export function serve({ tls, work, options }) {
  const packr = packrOf(options, work);
  const responders = respondersOf(work);
  return serveSecured(tls, (socket) => {
    const send = messages(socket, packr, ([id, command, args]) => send([id, responders[command](args)]));
  });
}

let shared;

export async function open({ port, tls, work, options }) {
  shared ??= { packr: packrOf(options, work), requests: requestsOf(work) };
  const { packr, requests } = shared;
  const socket = await openSecured(port, tls);
  const pending = new Map();
  const send = messages(socket, packr, ([id, result]) => {
    pending.get(id)(result);
    pending.delete(id);
  });
  let last = 0;
  let next;
  const executor = (resolve) => {
    pending.set(++last, resolve);
    send([last, next.command, next.args]);
  };
  return {
    call: inTurn(requests, (request) => {
      next = request;
      return new Promise(executor);
    }),
    close: () => closeSocket(socket),
    answers: requests.map(({ answer }) => answer),
  };
}
