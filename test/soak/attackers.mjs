/**
 * Hostile peers, in a process of their own. Each attacks in one way: it does its worst on a new connection, pauses for up
 * to a second, and does it again. The process ends when its parent disconnects.
 */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { constants, setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Box, encodeBox } from "ampwire";
import { WebSocket } from "ws";

const { port, webSocketPort, count, only } = JSON.parse(process.env.SOAK_ATTACK);

// The attackers share the machine with their victim. They take its CPU time only by what they send.
setPriority(constants.priority.PRIORITY_LOW);

const KIBIBYTE = 1024;
/** Milliseconds after which an attack ends if the server has not ended it. */
const LONGEST_ATTACK = 20_000;

const ask = (name, fields = {}, tag = "1") => encodeBox(new Box({ _ask: tag, _command: name, ...fields }));

/** Returns at least `bytes` of different boxes. */
function manyOf(make, bytes) {
  const boxes = [];
  for (let length = 0; length < bytes; length += boxes.at(-1).length) boxes.push(make(String(boxes.length)));
  return Buffer.concat(boxes);
}

const echoes = manyOf(
  (tag) => ask("Echo", { data: new Uint8Array(60_000), delay: "0" }, tag),
  KIBIBYTE * KIBIBYTE,
);
const manyAsks = manyOf((tag) => ask("Items", { items: "" }, tag), 100 * KIBIBYTE);
/** Lists of 32,000 empty elements. */
const emptyElements = manyOf((tag) => ask("Items", { items: new Uint8Array(64_000) }, tag), 640_000);
const unknown = manyOf((tag) => ask(`Unknown${tag}`, {}, tag), 512 * KIBIBYTE);
const longNames = manyOf((tag) => ask("x".repeat(60_000) + tag, {}, tag), 512 * KIBIBYTE);
const callBacks = manyOf((tag) => ask("CallBack", { count: "4" }, tag), 20 * KIBIBYTE);
const startTLS = ask("StartTLS");
/** Part of a box: keys and values that never end. */
const endless = Buffer.concat(
  Array.from({ length: 16 }, (_, index) => Buffer.concat([key(`k${index}`), value(60_000)])),
);
/** The beginning of a TLS handshake: a record that announces more bytes than follow. */
const halfHello = Buffer.from("16030102000100", "hex");

function key(text) {
  return Buffer.concat([Buffer.of(0, text.length), Buffer.from(text)]);
}

function value(length) {
  const bytes = Buffer.alloc(2 + length);
  bytes.writeUInt16BE(length);
  return bytes;
}

async function openSocket() {
  const socket = connectSocket({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

async function openWebSocket() {
  const socket = new WebSocket(`ws://127.0.0.1:${webSocketPort}`, "amp", { perMessageDeflate: false });
  socket.on("error", () => {});
  await once(socket, "open");
  return socket;
}

/** Resolves when the server has closed the connection, or when the attack has lasted long enough. */
async function closed(socket, milliseconds = LONGEST_ATTACK) {
  const timer = new AbortController();
  await Promise.race([once(socket, "close"), sleep(milliseconds, undefined, timer).catch(() => {})]);
  timer.abort();
}

/** Sends bytes once, and reads what comes or does not read at all. */
async function send(bytes, { reads, milliseconds }) {
  const socket = await openSocket();
  if (reads) socket.resume();
  else socket.pause();
  socket.write(bytes);
  await closed(socket, milliseconds);
  socket.destroy();
}

/** Sends the bytes again and again. */
async function repeatedly(bytes, times, pause) {
  const socket = await openSocket();
  socket.resume();
  for (let turn = 0; turn < times && !socket.destroyed; turn++) {
    if (!socket.write(bytes)) await Promise.race([once(socket, "drain"), closed(socket, 2000)]);
    await sleep(pause);
  }
  socket.destroy();
}

async function webSocketMessages(bytes, times, { reads }) {
  const socket = await openWebSocket();
  if (!reads) socket.pause();
  for (let turn = 0; turn < times && socket.readyState === WebSocket.OPEN; turn++) {
    socket.send(bytes);
    await sleep(200);
  }
  await closed(socket, reads ? 1000 : LONGEST_ATTACK);
  socket.terminate();
}

/** All attacks by name. */
const ATTACKS = {
  "does not read": () => send(echoes, { reads: false }),
  "asks over the limits": () => send(manyAsks, { reads: true, milliseconds: 3000 }),
  "lists of empty elements": () => send(emptyElements, { reads: true, milliseconds: 3000 }),
  "an endless box": () => repeatedly(endless, 4, 100),
  "slow bytes": () => repeatedly(Buffer.of(0), 100, 200),
  "slow boxes": () => repeatedly(ask("Unknown"), 100, 200),
  "StartTLS without a handshake": () => send(startTLS, { reads: true }),
  "StartTLS with half a handshake": () => send(Buffer.concat([startTLS, halfHello]), { reads: true }),
  "TLS from the first byte": () => send(halfHello, { reads: true }),
  "unknown commands": () => repeatedly(unknown, 2, 500),
  "long unknown names": () => repeatedly(longNames, 2, 500),
  "calls that are never answered": () => send(callBacks, { reads: true }),
  "another protocol": () => send(Buffer.from("GET / HTTP/1.1\r\n\r\n"), { reads: true }),
  reconnects: async () => {
    for (let turn = 0; turn < 10; turn++) {
      const socket = await openSocket();
      if (turn % 2 === 0) socket.resetAndDestroy();
      else socket.end(ask("Sum", { a: "1", b: "2" }));
    }
  },
  "WebSocket: unknown commands": () => webSocketMessages(unknown, 2, { reads: true }),
  "WebSocket: does not read": () => webSocketMessages(echoes, 1, { reads: false }),
  "WebSocket: an endless message": async () => {
    const socket = await openWebSocket();
    for (let turn = 0; turn < 64 && socket.readyState === WebSocket.OPEN; turn++) {
      socket.send(new Uint8Array(60_000), { fin: false });
      await sleep(20);
    }
    socket.terminate();
  },
  "WebSocket: reconnects": async () => {
    for (let turn = 0; turn < 5; turn++) (await openWebSocket()).terminate();
  },
};

const rounds = Object.fromEntries(Object.keys(ATTACKS).map((name) => [name, 0]));
const names = only === undefined ? Object.keys(ATTACKS) : [only];

async function attacker(index) {
  const name = names[index % names.length];
  await sleep(randomInt(1000));
  while (process.connected) {
    try {
      await ATTACKS[name]();
      rounds[name]++;
    } catch {
      // The server may refuse the connection.
    }
    await sleep(randomInt(1000));
  }
}

process.on("message", () => process.send(rounds));
process.on("disconnect", () => process.exit());
process.send("ready");
for (let index = 0; index < count; index++) void attacker(index);
