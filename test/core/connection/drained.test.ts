/** unsentBytes and drained(): bytes that the peer has not taken, and the wait for them. */
import { Connection, type ConnectionOptions, command, locator, unicode } from "ampwire";
import { connectedPair, flushPending, manualClock, memoryTransports, scriptedPeer } from "ampwire/testing";
import { expect, test } from "vitest";
import { ended, settling } from "../../support/settled.ts";

const Tell = command("Tell", { arguments: { text: unicode() }, requiresAnswer: false });
const Ping = command("Ping");
const text = "x".repeat(1_000);

/** A connection with unsent bytes, whose peer does not read. */
async function behind(options: ConnectionOptions = {}) {
  const joined = scriptedPeer(options, { capacity: 100 });
  joined.peer.transport.pause();
  joined.connection.callRemote(Tell, { text });
  await flushPending();
  return joined;
}

test("every drained() resolves when the peer has read everything, and not before", async () => {
  const { connection, peer } = await behind();
  const waits = [settling(connection.drained()), settling(connection.drained())];
  await flushPending();
  expect(waits.map(({ how }) => how)).toEqual([[], []]);
  const unsent = connection.unsentBytes;
  expect(unsent).toBeGreaterThan(900);
  connection.callRemote(Tell, { text: "" });
  expect(connection.unsentBytes).toBeGreaterThan(unsent);
  peer.transport.resume();
  await Promise.all(waits.map(({ over }) => over));
  expect(connection.unsentBytes).toBe(0);
  expect(waits.map(({ how }) => how)).toEqual([["resolved"], ["resolved"]]);
});

test("drained() waits for boxes that are gathered until a peer that is far behind has read", async () => {
  const [transport, other] = memoryTransports({ capacity: 100 });
  const connection = new Connection(transport, manualClock());
  for (let call = 0; call < 2; call++) connection.callRemote(Tell, { text: "x".repeat(40_000) });
  connection.callRemote(Tell, { text });
  const wait = settling(connection.drained());
  // The peer reads one chunk at a time.
  other.start({ received: () => other.pause(), ended() {}, drained() {}, lost() {} });
  await flushPending();
  expect([connection.unsentBytes > 0, ...wait.how]).toEqual([true]);
  other.resume();
  await wait.over;
  expect(connection.unsentBytes).toBe(0);
});

test("drained() resolves at once if nothing waits, and after it sends what this turn has gathered", async () => {
  const { connection, peer } = scriptedPeer();
  await connection.drained();
  connection.callRemote(Tell, { text: "now" });
  expect(connection.unsentBytes).toBeGreaterThan(0);
  const drained = connection.drained();
  expect(connection.unsentBytes).toBe(0);
  await drained;
  await peer.expect({ _command: "Tell", text: "now" });
});

test("drained() resolves when the connection closes, although its last bytes are still on their way", async () => {
  const { connection, peer } = await behind();
  const before = settling(connection.drained());
  void connection.close();
  await before.over;
  expect([connection.state, connection.unsentBytes > 0]).toEqual(["closed", true]);
  await settling(connection.drained()).over;
  peer.transport.resume();
  await peer.expect({ _command: "Tell", text });
  await peer.expectEnd();
  peer.end();
  await ended(connection);
});

test("drained() resolves when the connection is destroyed", async () => {
  const { connection } = await behind();
  const before = settling(connection.drained());
  connection.destroy();
  await before.over;
  await settling(connection.drained()).over;
});

test("bytes that are queued for an upgrade count as unsent until they are sent", async () => {
  const [client] = connectedPair({}, { locator: locator(Ping.responder(() => {})) }, { fakeTLS: true });
  const upgrade = client.startTLS();
  const call = client.callRemote(Ping);
  await Promise.resolve();
  expect(client.unsentBytes).toBeGreaterThan(0);
  await settling(client.drained()).over;
  expect([client.secure, client.unsentBytes]).toEqual([true, 0]);
  await Promise.all([upgrade, call]);
});
