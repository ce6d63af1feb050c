/**
 * A worker or an edge of the soak over NATS: `nats-process.mjs worker SERVERS`, `nats-process.mjs edge SERVERS PORT`. A worker tells
 * its parent which calls it executes. If it is killed, a report may be lost: the counts are never too high. On SIGTERM both drain.
 */
import { connect } from "@nats-io/transport-node";
import { locator } from "ampwire";
import { edge, serve } from "ampwire/nats";
import { listen } from "ampwire/node";
import { Again, Crash, Once } from "./nats-commands.mjs";

const [role, servers, port] = process.argv.slice(2);
const nats = await connect({
  servers: servers.split(","),
  maxReconnectAttempts: -1,
  waitOnFirstConnect: true,
  reconnectTimeWait: 50,
  pingInterval: 2_000,
});

if (role === "worker") {
  const respond = async ({ id, ms }) => {
    process.send({ executed: id });
    await new Promise((resolve) => setTimeout(resolve, ms));
    return { id };
  };
  const worker = await serve(nats, {
    service: "soak",
    maxAsksInProgress: 50,
    locator: locator(
      Once.responder(respond),
      Again.responder(respond),
      Crash.responder(({ id }) => {
        process.send({ executed: id }, () => process.kill(process.pid, "SIGKILL"));
        return new Promise(() => {});
      }),
    ),
  });
  process.once("SIGTERM", async () => {
    await worker.close();
    await nats.close();
    process.disconnect();
  });
  process.send({ ready: true });
} else {
  const front = await edge(nats, { service: "soak", commands: [Once, Again] });
  const server = await listen({
    port: Number(port),
    host: "127.0.0.1",
    locator: front.locator,
    onConnection: front.accept,
  });
  process.once("SIGTERM", async () => {
    await server.close();
    await front.close();
    await nats.close();
    process.disconnect();
  });
  process.send({ ready: server.address().port });
}
process.on("disconnect", () => process.exit()); // no process outlives the soak
