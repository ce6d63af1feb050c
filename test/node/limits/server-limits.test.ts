/** Limits over all connections of a server: hostile peers at the limit, and honest ones that continue. */
import { bigBytes, bytes, command, LimitExceeded, locator, UnsentTimeout } from "ampwire";
import { listen, type NodeConnection } from "ampwire/node";
import { flushPending, manualClock } from "ampwire/testing";
import { expect, onTestFinished, test } from "vitest";
import { ourClient, ourServer, rawClient, tidy } from "../../support/loopback.ts";
import { heldBytes } from "../../support/memory.ts";
import { bytesOf, RawPeer } from "../../support/raw-peer.ts";
import { until } from "../../support/within.ts";

const MIB = 1024 * 1024;
const Fetch = command("Fetch", { response: { data: bigBytes() } });
const Hang = command("Hang", { arguments: { data: bytes() } });
const Echo = command("Echo", { arguments: { data: bytes() }, response: { data: bytes() } });

/** Opens peers that send these bytes and never read. */
async function hostile(port: number, count: number, ask: Uint8Array): Promise<RawPeer[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const peer = new RawPeer(await rawClient(port));
      peer.socket.pause();
      peer.send(ask);
      return peer;
    }),
  );
}

/** Calls each client several times. */
async function echoes(clients: readonly NodeConnection[]): Promise<void> {
  for (let round = 0; round < 5; round++) {
    const data = new Uint8Array(100).fill(round);
    const answers = await Promise.all(clients.map((client) => client.callRemote(Echo, { data })));
    expect(answers.every((answer) => answer.data[99] === round)).toBe(true);
  }
}

const echo = Echo.responder((fields) => fields);

test("ten connections that request 15 MiB and read nothing end after unsentTimeout, and their memory is freed", async () => {
  const clock = manualClock();
  const served: NodeConnection[] = [];
  const big = Fetch.responder((_, { connection }) => {
    served.push(connection as NodeConnection); // the server's connections are of this class
    return { data: new Uint8Array(15 * MIB).fill(1) };
  });
  const { server, port } = await ourServer({ clock, locator: locator(big) });
  const before = await heldBytes();
  await hostile(port, 10, bytesOf({ _ask: "1", _command: "Fetch" }));
  await until(() => served.length === 10);
  await flushPending();
  expect((await heldBytes()) - before).toBeGreaterThan(100 * MIB);
  const reasons = Promise.all(served.map(({ closed }) => closed));
  served.length = 0;
  clock.advance(60_000);
  for (const reason of await reasons) expect(reason).toBeInstanceOf(UnsentTimeout);
  expect(server.connections.size).toBe(0);
  expect((await heldBytes()) - before).toBeLessThan(2 * MIB);
});

test("at serverLimits.maxUnsentBytes peers that do not read lose their connections after a second, and the others continue", async () => {
  const clock = manualClock();
  const fetched = new Set<NodeConnection>();
  const big = Fetch.responder((_, { connection }) => {
    fetched.add(connection as NodeConnection); // the server's connections are of this class
    return { data: new Uint8Array(8 * MIB) };
  });
  const { server, port } = await ourServer({
    locator: locator(big, echo),
    clock,
    serverLimits: { maxUnsentBytes: 20 * MIB },
  });
  const honest = await Promise.all(Array.from({ length: 50 }, () => ourClient(port)));
  await hostile(port, 20, bytesOf({ _ask: "1", _command: "Fetch" }));
  await echoes(honest);
  await until(() => fetched.size === 20);
  await flushPending();
  expect([...fetched].some((connection) => connection.reason !== undefined)).toBe(false);
  for (let second = 0; second < 3; second++) {
    clock.advance(1000);
    await flushPending();
  }
  const ended = [...fetched].filter((connection) => connection.reason !== undefined);
  expect(ended.length).toBeGreaterThan(10);
  expect(ended.length).toBeLessThan(20);
  for (const { reason } of ended) {
    expect(reason).toBeInstanceOf(LimitExceeded);
    expect(reason?.message).toContain("serverLimits.maxUnsentBytes");
  }
  await echoes(honest);
  expect(server.connections.size).toBeGreaterThanOrEqual(50 + 20 - ended.length);
  expect(honest.every(({ reason }) => reason === undefined)).toBe(true);
});

test("at serverLimits.maxBytesInProgress connections over their share are not read, and the others are served", async () => {
  let hanging = 0;
  const hang = Hang.responder(() => {
    hanging++;
    return new Promise<void>(() => {});
  });
  const { port } = await ourServer({
    locator: locator(hang, echo),
    serverLimits: { maxBytesInProgress: MIB },
  });
  const honest = await Promise.all(Array.from({ length: 50 }, () => ourClient(port)));
  const size = 50_000;
  const asks = Array.from({ length: 20 }, (_, i) => ({
    _ask: String(i + 1),
    _command: "Hang",
    data: new Uint8Array(size),
  }));
  const peers = await hostile(port, 20, bytesOf(...asks));
  await until(() => hanging * size >= MIB);
  await echoes(honest);
  // At the limit, a connection without an ask in progress may still begin one.
  expect(hanging).toBeLessThanOrEqual(Math.ceil(MIB / size) + peers.length);
  expect(honest.every(({ reason }) => reason === undefined)).toBe(true);
});

test.each<[object, string]>([
  [{ maxBytesInProgress: 0 }, "serverLimits.maxBytesInProgress must be a positive number, not 0"],
  [{ maxUnsentBytes: Number.NaN }, "serverLimits.maxUnsentBytes must be a positive number, not NaN"],
  [{ maxUnsent: 1 }, 'serverLimits: unknown option "maxUnsent" (did you mean "maxUnsentBytes"?)'],
])("listen rejects the invalid serverLimits %o", async (serverLimits, message) => {
  const listening = listen({ host: "127.0.0.1", port: 0, serverLimits, onConnection: tidy });
  onTestFinished(() => listening.then((server) => server.destroy()).catch(() => {}));
  await expect(listening).rejects.toThrow(message);
});
