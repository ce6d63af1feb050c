/** maxConnections at the limit and above it, and after a connection has ended. */
import { once } from "node:events";
import { expect, test } from "vitest";
import { ourServer, rawClient } from "../../support/loopback.ts";
import { RawPeer } from "../../support/raw-peer.ts";
import { ended } from "../../support/settled.ts";
import { until } from "../../support/within.ts";

const UNKNOWN = { _ask: "1", _command: "Unknown" };

async function answers(peer: RawPeer): Promise<boolean> {
  peer.send(UNKNOWN);
  return (await peer.box())?._error === "1";
}

test("a connection over the limit is closed at once, the others continue, and a new one may come after an end", async () => {
  const { server, port } = await ourServer({ maxConnections: 3 });
  const peers = await Promise.all(Array.from({ length: 3 }, async () => new RawPeer(await rawClient(port))));
  for (const peer of peers) expect(await answers(peer)).toBe(true);
  const late = new RawPeer(await rawClient(port));
  await ended(late);
  expect(late.received).toHaveLength(0);
  expect(server.connections.size).toBe(3);
  peers[0]?.finish();
  await peers[0]?.closed;
  await until(() => server.connections.size !== 3);
  expect(await answers(new RawPeer(await rawClient(port)))).toBe(true);
  expect(await answers(peers[1] as RawPeer)).toBe(true);
});

test("many connections over the limit leave nothing behind", async () => {
  const { server, port } = await ourServer({ maxConnections: 2 });
  const kept = [new RawPeer(await rawClient(port)), new RawPeer(await rawClient(port))];
  for (const peer of kept) expect(await answers(peer)).toBe(true);
  for (let round = 0; round < 20; round++) {
    const flood = await Promise.all(Array.from({ length: 20 }, () => rawClient(port)));
    await Promise.all(flood.map((socket) => (socket.destroyed ? undefined : once(socket.resume(), "close"))));
  }
  expect(server.connections.size).toBe(2);
  for (const peer of kept) expect(await answers(peer)).toBe(true);
});

test("by default the number of connections is not limited", async () => {
  const { server, port } = await ourServer();
  const peers = await Promise.all(Array.from({ length: 60 }, async () => new RawPeer(await rawClient(port))));
  for (const peer of peers) expect(await answers(peer)).toBe(true);
  expect(server.connections.size).toBe(60);
});
