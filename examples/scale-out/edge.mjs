/** One edge for AMP clients: node edge.mjs NATS_SERVER PORT. */
import { connect } from "@nats-io/transport-node";
import { edge } from "ampwire/nats";
import { listen } from "ampwire/node";
import { Sum } from "./commands.mjs";

const [servers = "127.0.0.1:4222", port = "1234"] = process.argv.slice(2);
const nats = await connect({ servers, maxReconnectAttempts: -1 });
const front = await edge(nats, { service: "calc", commands: [Sum] });
const server = await listen({
  host: "127.0.0.1",
  port: Number(port),
  locator: front.locator,
  onConnection: front.accept,
});
process.once("SIGTERM", async () => {
  await server.close();
  await front.close();
  await nats.close();
});
console.log(`edge listens on port ${server.address().port}`);
