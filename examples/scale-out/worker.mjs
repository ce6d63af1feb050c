/** One worker of the service `calc`: node worker.mjs NATS_SERVER. */
import { connect } from "@nats-io/transport-node";
import { locator } from "ampwire";
import { serve } from "ampwire/nats";
import { Sum } from "./commands.mjs";

const [servers = "127.0.0.1:4222"] = process.argv.slice(2);
const nats = await connect({ servers, maxReconnectAttempts: -1 });
const worker = await serve(nats, {
  service: "calc",
  locator: locator(Sum.responder(({ a, b }) => ({ total: a + b, worker: String(process.pid) }))),
});
process.once("SIGTERM", async () => {
  await worker.close();
  await nats.close();
});
console.log("worker is ready");
