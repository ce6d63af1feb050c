/** Traces calls through the diagnostics channels. The server and the client contain no tracing code. */
import { setTimeout as pause } from "node:timers/promises";
import { command, integer, locator } from "ampwire";
import { connect, listen } from "ampwire/node";
import { consoleTracer } from "./console-tracer.mjs";
import { traceCalls } from "./tracing.mjs";

traceCalls(consoleTracer);

class TooMuch extends Error {}
const Work = command("Work", { arguments: { milliseconds: integer() }, errors: { TOO_MUCH: TooMuch } });

const server = await listen({
  host: "127.0.0.1",
  port: 0,
  locator: locator(
    Work.responder(async ({ milliseconds }) => {
      if (milliseconds > 1000) throw new TooMuch("more than a second");
      await pause(milliseconds);
    }),
  ),
});
const connection = await connect({ host: "127.0.0.1", port: server.address().port });
await connection.callRemote(Work, { milliseconds: 50 });
await connection.callRemote(Work, { milliseconds: 5_000 }).catch(() => {});
await connection.startTLS();
await connection.callRemote(Work, { milliseconds: 20 });
await connection.close();
await server.close();
