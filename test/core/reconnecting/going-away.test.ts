/** A reconnecting client whose peer asks GoAway: when it opens the next connection, and what it asks the program. */
import { type Connection, Unavailable } from "ampwire";
import { reconnecting } from "ampwire/node";
import { manualClock, type ScriptedPeer, scriptedPeer } from "ampwire/testing";
import { expect, test } from "vitest";
import { kept } from "../../support/reconnecting/kept.ts";
import { SUM, Sum, TOTAL } from "../calculator.ts";

/** A client of scripted peers. The clock of the connections never advances. */
function clientOf(onConnection?: (connection: Connection) => unknown) {
  const peers: ScriptedPeer[] = [];
  const fatal: Error[] = [];
  const clock = manualClock();
  const open = () => {
    const { connection, peer } = scriptedPeer({}, { role: "client", clock });
    peers.push(peer);
    return connection;
  };
  const made = kept<Connection>(
    // The client only needs the part of a connection that every transport has.
    (options) => reconnecting({ ...options, open } as unknown as Parameters<typeof reconnecting>[0]) as never,
    {
      onConnection,
      isFatalError: (error) => {
        fatal.push(error);
        return false;
      },
    },
  );
  const goAway = (peer: ScriptedPeer | undefined) => peer?.send({ _ask: "g", _command: "ampwire.GoAway" });
  return { ...made, peers, fatal, goAway };
}

test("after a connection that lasted, the next one is opened at once, and isFatalError is not called", async () => {
  const { become, changes, client, clock, fatal, goAway, peers } = clientOf();
  await become("connected");
  const before = client.callRemote(Sum, { a: 1, b: 2 });
  clock.advance(50);
  goAway(peers[0]);
  await become("connected");
  expect(changes.map(({ state }) => state)).toEqual(["connecting", "connected", "connecting", "connected"]);
  const after = client.callRemote(Sum, { a: 1, b: 2 });
  await peers[1]?.expect(SUM);
  peers[1]?.send(TOTAL);
  expect(await after).toEqual({ total: 3 });
  await peers[0]?.expect(SUM, { _answer: "g" });
  peers[0]?.send(TOTAL);
  expect(await before).toEqual({ total: 3 });
  await peers[0]?.expectEnd();
  expect(client.lastError).toBeInstanceOf(Unavailable);
  expect(fatal).toEqual([]);
});

test("a peer that asks GoAway at once is not flooded with connections", async () => {
  const { become, client, clock, fatal, goAway, peers } = clientOf();
  await become("connected");
  const waiting = become("waiting");
  goAway(peers[0]);
  expect(await waiting).toMatchObject({ delay: 100 });
  expect(peers).toHaveLength(1);
  const connected = become("connected");
  clock.advance(100);
  await connected;
  expect(fatal).toEqual([]);
  expect(client.connection?.acceptsCalls).toBe(true);
});

test("a GoAway while a connection is set up leads to the next attempt, and no call is sent on that connection", async () => {
  const { become, client, clock, fatal, goAway, peers } = clientOf(async (connection) => {
    if (peers.length > 1) return;
    goAway(peers[0]);
    await connection.callsEnded;
  });
  const answer = client.callRemote(Sum, { a: 1, b: 2 });
  await become("waiting");
  const connected = become("connected");
  clock.advance(100);
  await connected;
  await peers[1]?.expect(SUM);
  peers[1]?.send(TOTAL);
  expect(await answer).toEqual({ total: 3 });
  expect(fatal).toEqual([]);
});
