/** Server of the soak, in a process of its own. It exits when its parent disconnects. */
import { setTimeout as sleep } from "node:timers/promises";
import { locator } from "ampwire";
import { listen, PrivateCertificate } from "ampwire/node";
import { CallBack, Cut, Declared, Echo, Fail, Report, Sum } from "./commands.mjs";
import { longestStall, memoryMB } from "./measures.mjs";

let served = 0;

const certificate = PrivateCertificate.loadPEM(process.env.SOAK_CERTIFICATE);
const server = await listen({
  port: 0,
  host: "127.0.0.1",
  tls: { localCertificate: certificate },
  requireTLS: true,
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
    Cut.responder((_, { connection }) => connection.destroy()),
    Report.responder(() => {
      const stallMs = longestStall();
      const report = { served, stallMs, heapMB: memoryMB(), connections: server.connections.size };
      served = 0;
      return report;
    }),
  ),
  onError: (error) => {
    // Callers that are cut off during a call back are expected.
    if (error.fault !== "transport") console.error("server:", error);
  },
});
process.send(server.address().port);
process.on("disconnect", () => process.exit());
