/** Server of the soak, in a process of its own. It exits when its parent disconnects. */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { locator } from "ampwire";
import { listen, PrivateCertificate } from "ampwire/node";
import { attach, serverOptions } from "ampwire/websocket";
import { WebSocketServer } from "ws";
import { CallBack, Cut, Declared, Echo, Fail, Items, Report, Sum } from "./commands.mjs";
import { HOSTILE_LIMITS, SERVER_LIMITS } from "./limits.mjs";
import { longestStall, memoryMB, preferProcess } from "./measures.mjs";

/** True if hostile peers attack the server: then it has lower limits, accepts plaintext, and also serves WebSockets. */
const hostile = process.env.SOAK_HOSTILE === "1";
let served = 0;
preferProcess();

const certificate = PrivateCertificate.loadPEM(process.env.SOAK_CERTIFICATE);
const options = {
  ...(hostile ? { limits: HOSTILE_LIMITS } : {}),
  locator: locator(
    Sum.responder(({ a, b }) => {
      served++;
      return { total: a + b };
    }),
    Echo.responder(async ({ data, delay }) => {
      await sleep(delay);
      served++;
      return { data };
    }),
    Fail.responder(({ text }) => {
      served++;
      throw new Declared(text);
    }),
    CallBack.responder(async ({ count }, { connection }) => {
      const numbers = Array.from({ length: count }, (_, index) => index);
      const totals = await Promise.all(numbers.map((n) => connection.callRemote(Sum, { a: n, b: 1 })));
      served++;
      return { total: totals.reduce((sum, { total }) => sum + total, 0) };
    }),
    Items.responder(async ({ items }) => {
      // Different times, as responders have. If all ended in the same millisecond, their own work would block the event loop.
      await sleep(500 + randomInt(1000));
      return { count: items.length };
    }),
    Cut.responder((_, { connection }) => connection.destroy()),
    Report.responder(() => {
      const stallMs = longestStall();
      const report = { served, stallMs, heapMB: memoryMB(), connections: server.connections.size };
      served = 0;
      return report;
    }),
  ),
  onError: (error) => {
    // Callers that are cut off during a call back are expected, and so is anything from a hostile peer.
    if (error.fault !== "transport" && !hostile) console.error("server:", error);
  },
};
const server = await listen({
  ...options,
  ...(hostile ? { serverLimits: SERVER_LIMITS } : {}),
  port: 0,
  host: "127.0.0.1",
  tls: { localCertificate: certificate },
  requireTLS: !hostile,
});
const ports = {
  port: server.address().port,
  webSocketPort: hostile ? await listenForWebSockets() : undefined,
};
process.send(ports);
process.on("disconnect", () => process.exit());

async function listenForWebSockets() {
  const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1", ...serverOptions(options) });
  sockets.on("connection", (socket) => {
    socket.on("error", () => {}); // a message over `maxPayload`; the connection ends by itself
    attach(socket, options);
  });
  await once(sockets, "listening");
  return sockets.address().port;
}
