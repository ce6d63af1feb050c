/** Clients of an edge on real sockets: large values, and a client that does not read. */
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { Box, bigBytes, command, encodeBox, locator, unicode } from "ampwire";
import { clientAt, edge, natsPeer, serve, topic } from "ampwire/nats";
import { connect, listen } from "ampwire/node";
import { memoryNats } from "ampwire/testing";
import { expect, test } from "vitest";
import { within } from "../support/within.ts";

const Join = command("Join", { arguments: { topic: unicode() } });
const Picture = command("Picture", { arguments: { data: bigBytes() }, requiresAnswer: false });

const Answered = command("Answered", { arguments: { data: bigBytes() }, response: { data: bigBytes() } });
const WhereAmI = command("WhereAmI", { response: { address: unicode() } });

test("large values reach a client: commands of a topic, and calls from anywhere with and without an answer", async () => {
  const nats = memoryNats();
  const worker = await serve(nats.connect(), {
    service: "calc",
    locator: locator(
      Answered.responder(({ data }) => ({ data })),
      WhereAmI.responder(async (_, { connection }) => {
        await natsPeer(connection).join("pictures");
        return { address: natsPeer(connection).address ?? "" };
      }),
    ),
  });
  const front = await edge(nats.connect(), { service: "calc", commands: [Answered, WhereAmI] });
  const { locator: served, accept } = front;
  const server = await listen({ port: 0, host: "127.0.0.1", locator: served, onConnection: accept });
  const sizes: number[] = [];
  let wake = () => {};
  const client = await connect({
    port: server.address().port,
    host: "127.0.0.1",
    locator: locator(
      Answered.responder(({ data }) => ({ data })),
      Picture.responder(({ data }) => {
        sizes.push(data.length);
        wake();
      }),
    ),
  });
  const { address } = await client.callRemote(WhereAmI);
  const everywhere = [clientAt(nats, address), topic(nats, { service: "calc", topic: "pictures" })];
  const lengths = [10, 20_000, 100_000, 900_000];
  for (const length of lengths) {
    const data = new Uint8Array(length);
    for (const to of everywhere) {
      const next = new Promise<void>((resolve) => {
        wake = resolve;
      });
      to.callRemote(Picture, { data });
      await within(next, `a command of ${length} bytes`);
    }
    expect((await clientAt(nats, address).callRemote(Answered, { data })).data).toHaveLength(length);
    expect((await client.callRemote(Answered, { data })).data).toHaveLength(length);
  }
  expect(sizes).toEqual(lengths.flatMap((length) => [length, length]));
  await client.close();
  await server.close();
  await front.close();
  await worker.close();
});

/** Events that may fill the buffers of the system for one socket. */
const MOST_EVENTS = 500;

test("a client whose socket is not read is closed at maxUnsentBytes, and another client gets every event", async () => {
  const nats = memoryNats();
  const worker = await serve(nats.connect(), {
    service: "calc",
    locator: locator(
      Join.responder(async ({ topic: name }, { connection }) => {
        await natsPeer(connection).join(name);
      }),
    ),
  });
  const front = await edge(nats.connect(), { service: "calc", commands: [Join] });
  const server = await listen({
    port: 0,
    host: "127.0.0.1",
    locator: front.locator,
    onConnection: front.accept,
    limits: { maxUnsentBytes: 1024 * 1024 },
  });
  const { port } = server.address();

  const stalled = connectSocket(port, "127.0.0.1");
  stalled.write(encodeBox(new Box({ _ask: "1", _command: "Join", topic: "pictures" })));
  await once(stalled, "readable"); // its answer: from here on the test reads nothing
  const [atEdge] = server.connections;

  let received = 0;
  let wake = () => {};
  const reader = await connect({
    port,
    host: "127.0.0.1",
    locator: locator(
      Picture.responder(() => {
        received++;
        wake();
      }),
    ),
  });
  await reader.callRemote(Join, { topic: "pictures" });
  const pictures = topic(nats, { service: "calc", topic: "pictures" });
  const data = new Uint8Array(128 * 1024);
  let sent = 0;
  for (; atEdge?.state === "open" && sent < MOST_EVENTS; sent++) {
    const next = new Promise<void>((resolve) => {
      wake = resolve;
    });
    pictures.callRemote(Picture, { data });
    await within(next, "the reader to receive an event");
  }
  expect([atEdge?.state, received, front.clients]).toEqual(["closed", sent, 1]);
  expect(atEdge?.reason?.message).toMatch(/maxUnsentBytes/);
  stalled.destroy();
  await reader.close();
  await server.close();
  await front.close();
  await worker.close();
});
