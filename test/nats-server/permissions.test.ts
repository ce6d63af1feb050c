/** The permission file of examples/scale-out: each role can do its work, and nothing else. */
import { fileURLToPath } from "node:url";
import { headers } from "@nats-io/transport-node";
import { Box, encodeBox, locator } from "ampwire";
import { caller, clientAt, edge, NoResponders, natsPeer, serve, topic } from "ampwire/nats";
import { connect, listen } from "ampwire/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { News, Sum, SumOnce, WhoAmI, YourName } from "../nats/support/commands.ts";
import { connectNats, describeWithNats, NatsServer } from "../support/nats-server.ts";
import { rejection } from "../support/settled.ts";
import { within } from "../support/within.ts";

const file = fileURLToPath(new URL("../../examples/scale-out/permissions.conf", import.meta.url));
const PASSWORDS = { EDGE_PASSWORD: "e1", WORKER_PASSWORD: "w1", PROGRAM_PASSWORD: "p1" };
type Role = "edge" | "worker" | "program";

describeWithNats("the permission file", () => {
  let server: NatsServer;
  beforeAll(async () => {
    Object.assign(process.env, PASSWORDS);
    server = await NatsServer.start("-c", file);
  });
  afterAll(() => {
    for (const name of Object.keys(PASSWORDS)) delete process.env[name];
  });

  const as = (user: Role) => connectNats(server, { user, pass: `${user[0]}1` });
  const own = (role: Role) => ({ service: "calc", inboxPrefix: `_INBOX_${role}` });

  test("with the permission file the three roles work together", async () => {
    const events: string[] = [];
    const worker = await serve(await as("worker"), {
      ...own("worker"),
      heartbeat: 20,
      locator: locator(
        Sum.responder(({ a, b }) => ({ total: a + b })),
        // Several heartbeats before the answer: allow_responses must permit them.
        SumOnce.responder(async ({ a, b }) => {
          await new Promise((resolve) => setTimeout(resolve, 150));
          return { total: a + b };
        }),
        WhoAmI.responder(async (_, { connection }) => {
          await natsPeer(connection).join("weather");
          const { name } = await connection.callRemote(YourName);
          return { text: `${name} ${natsPeer(connection).address}` };
        }),
      ),
    });
    const front = await edge(await as("edge"), { ...own("edge"), commands: [Sum, SumOnce, WhoAmI] });
    const amp = await listen({
      port: 0,
      host: "127.0.0.1",
      locator: front.locator,
      onConnection: front.accept,
    });
    const heard = new Promise<void>((resolve) => {
      void connect({
        port: amp.address().port,
        host: "127.0.0.1",
        locator: locator(
          YourName.responder(() => ({ name: "me" })),
          News.responder(({ text }) => {
            events.push(text);
            resolve();
          }),
        ),
      }).then(async (client) => {
        expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
        expect(await client.callRemote(SumOnce, { a: 1, b: 2 })).toEqual({ total: 3 });
        expect(await client.callRemote(WhoAmI)).toEqual({ text: `me calc.${front.id}.1` });
        const program = await as("program");
        const calc = caller(program, own("program"));
        expect(await calc.callRemote(SumOnce, { a: 3, b: 4 })).toEqual({ total: 7 });
        const far = clientAt(program, `calc.${front.id}.1`, { inboxPrefix: "_INBOX_program" });
        expect(await far.callRemote(YourName)).toEqual({ name: "me" });
        topic(program, { service: "calc", topic: "weather" }).callRemote(News, { text: "rain" });
      });
    });
    await within(heard, "an event");
    expect(events).toEqual(["rain"]);
    await amp.close();
    await front.close();
    await worker.close(); // it would serve the asks of the next test
  });

  test("a program cannot publish as an edge", async () => {
    const program = await as("program");
    const denied = new Promise<string>((resolve) => {
      void (async () => {
        for await (const status of program.status())
          if (status.type === "error") resolve(status.error.message);
      })();
    });
    const forged = headers();
    forged.set("Amp-Connection", "edge.1");
    forged.set("Amp-Identity", '{"user":"root"}');
    program.publish("calc.edge.WhoAmI", encodeBox(new Box({ _command: "WhoAmI" })), { headers: forged });
    expect(await within(denied, "the server to reject the message")).toContain("calc.edge.WhoAmI");
  });

  test("a program cannot end the asks of a client by the reply subject of its own ask", async () => {
    const aborted: boolean[] = [];
    let serving = () => {};
    const started = new Promise<void>((resolve) => {
      serving = resolve;
    });
    const worker = await serve(await as("worker"), {
      ...own("worker"),
      locator: locator(
        Sum.responder(({ a, b }) => ({ total: a + b })),
        WhoAmI.responder(async (_, { signal }) => {
          serving();
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
          aborted.push(signal.aborted);
          return { text: "" };
        }),
      ),
    });
    const front = await edge(await as("edge"), { ...own("edge"), commands: [WhoAmI] });
    const amp = await listen({
      port: 0,
      host: "127.0.0.1",
      locator: front.locator,
      onConnection: front.accept,
    });
    const client = await connect({ port: amp.address().port, host: "127.0.0.1" });
    client.callRemote(WhoAmI).catch(() => {});
    await within(started, "the ask of the client");
    const program = await as("program");
    const ask = encodeBox(new Box({ _ask: "1", _command: "Sum", a: "1", b: "2" }));
    program.publish("calc.call.Sum", ask, { reply: `calc.gone.${front.id}.1` });
    program.publish("calc.call.Sum", new Uint8Array(3), { reply: `calc.gone.${front.id}.1` });
    const calc = caller(program, own("program"));
    for (let i = 0; i < 10; i++) await calc.callRemote(Sum, { a: 1, b: i });
    expect(aborted).toEqual([]);
    client.destroy();
    await within(worker.close(), "the ask to be aborted");
    expect(aborted).toEqual([true]);
    await amp.close();
    await front.close();
  });

  test("a call without permission is rejected at once, and names the subject", async () => {
    const error = await rejection(
      caller(await as("program"), { service: "other", inboxPrefix: "_INBOX_program" }).callRemote(Sum, {
        a: 1,
        b: 2,
      }),
    );
    expect(error).toBeInstanceOf(NoResponders);
    expect(error.message).toContain("other.call.Sum");
  });

  test("a caller with the inbox of another role is rejected, and the error names the fix", async () => {
    const calc = caller(await as("program"), { service: "calc", inboxPrefix: "_INBOX_worker" });
    const error = await rejection(calc.callRemote(Sum, { a: 1, b: 2 }));
    expect(error.message).toContain("inboxPrefix");
    expect(await rejection(calc.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(NoResponders);
  });

  test("a program cannot start as a worker or an edge", async () => {
    const program = await as("program");
    const responders = locator(Sum.responder(() => ({ total: 0 })));
    await expect(serve(program, { ...own("program"), locator: responders })).rejects.toThrow(/permit/);
    await expect(edge(program, { ...own("program"), commands: [Sum] })).rejects.toThrow(/permit/);
  });
});
