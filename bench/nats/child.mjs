/**
 * One process of the measurement over NATS: `child.mjs PEER ROLE PORT [EDGE_PORT]`. A client makes calls when it is told to, and
 * reports the CPU time. The other roles report theirs when they are asked.
 */
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { command, integer, locator } from "../../dist/index.js";
import { caller, edge, serve } from "../../dist/nats/index.js";
import { connect as connectAmp, listen } from "../../dist/node/index.js";

const [peer, role, port, edgePort] = process.argv.slice(2);
// From bench/, where all peers are installed.
const require = createRequire(import.meta.url);
const IN_FLIGHT = 64;

const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });
const responders = locator(Sum.responder(({ a, b }) => ({ total: a + b })));

async function connectNats() {
  const { connect } = require("@nats-io/transport-node");
  return await connect({ servers: `127.0.0.1:${port}` });
}

const json = { encode: (value) => JSON.stringify(value), sum: (message) => message.json() };

/** Each peer: `server` starts its worker, `client` returns a function that calls once. */
const PEERS = {
  plain: {
    async server() {
      const nats = await connectNats();
      nats.subscribe("sum", {
        queue: "sum",
        callback: (_, message) => {
          const { a, b } = json.sum(message);
          message.respond(json.encode({ total: a + b }));
        },
      });
      await nats.flush();
    },
    async client() {
      const nats = await connectNats();
      return async (a, b) =>
        json.sum(await nats.request("sum", json.encode({ a, b }), { timeout: 10_000 })).total;
    },
  },
  services: {
    async server() {
      const { Svcm } = require("@nats-io/services");
      const service = await new Svcm(await connectNats()).add({ name: "sum", version: "1.0.0" });
      service.addEndpoint("services-sum", (_, message) => {
        const { a, b } = json.sum(message);
        message.respond(json.encode({ total: a + b }));
      });
    },
    async client() {
      const nats = await connectNats();
      return async (a, b) =>
        json.sum(await nats.request("services-sum", json.encode({ a, b }), { timeout: 10_000 })).total;
    },
  },
  moleculer: {
    async broker() {
      const { ServiceBroker } = require("moleculer");
      return new ServiceBroker({
        nodeID: randomUUID(),
        transporter: `nats://127.0.0.1:${port}`,
        logger: false,
      });
    },
    async server() {
      const broker = await this.broker();
      broker.createService({ name: "calc", actions: { sum: ({ params: { a, b } }) => ({ total: a + b }) } });
      await broker.start();
    },
    async client() {
      const broker = await this.broker();
      await broker.start();
      await broker.waitForServices("calc");
      return async (a, b) => (await broker.call("calc.sum", { a, b })).total;
    },
  },
  ampwire: {
    async server() {
      await serve(await connectNats(), { service: "calc", locator: responders });
    },
    async client() {
      const calc = caller(await connectNats(), { service: "calc" });
      return async (a, b) => (await calc.callRemote(Sum, { a, b })).total;
    },
  },
  edge: {
    async server() {
      await serve(await connectNats(), { service: "edged", locator: responders });
    },
    async edge() {
      const front = await edge(await connectNats(), { service: "edged", commands: [Sum] });
      const server = await listen({
        port: 0,
        host: "127.0.0.1",
        locator: front.locator,
        onConnection: front.accept,
      });
      return server.address().port;
    },
    async client() {
      const connection = await connectAmp({ port: Number(edgePort), host: "127.0.0.1" });
      return async (a, b) => (await connection.callRemote(Sum, { a, b })).total;
    },
  },
};

const ready = await PEERS[peer][role]();
let usage = process.cpuUsage();

async function run(count) {
  let next = 0;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next < count) {
        const a = next++;
        const total = await ready(a, 1);
        if (total !== a + 1) throw new Error(`${peer}: the sum of ${a} and 1 is ${total}`);
      }
    }),
  );
}

process.on("message", async ({ calls, reset }) => {
  if (reset) usage = process.cpuUsage();
  const began = performance.now();
  if (calls) await run(calls);
  const { user, system } = process.cpuUsage(usage);
  process.send({ cpu: user + system, milliseconds: performance.now() - began });
});
process.on("unhandledRejection", (error) => {
  console.error(error);
  process.exit(1);
});
process.on("disconnect", () => process.exit());
process.send({ ready: typeof ready === "number" ? ready : true });
