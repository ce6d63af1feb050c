/** Properties of a connection: id, addresses, the process at the other end, and unsent bytes. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type AmpConnection, bigBytes, command, locator, type ResponderContext } from "ampwire";
import { connect, listen, type NodeConnection } from "ampwire/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { attached, ourClient, ourServer, pair, tidy } from "../support/loopback.ts";
import { ended, rejection } from "../support/settled.ts";
import { unixPlace } from "../support/unix-place.ts";
import { until } from "../support/within.ts";

/** Records a connection, and ends it after the test. */
function keep(connection: NodeConnection, accepted: NodeConnection[]): void {
  tidy(connection);
  accepted.push(connection);
}

const HOST = "127.0.0.1";
const Ping = command("Ping");
const Fail = command("Fail");
const Put = command("Put", { arguments: { data: bigBytes() } });

test("connections have different ids, in onConnection, in the context, in server.connections and in diagnostics", async () => {
  const ids: string[] = [];
  const opened = (message: unknown) => ids.push((message as { connection: AmpConnection }).connection.id);
  subscribe("ampwire:connection:open", opened);
  onTestFinished(() => void unsubscribe("ampwire:connection:open", opened));
  const contexts: ResponderContext[] = [];
  const errors: (string | undefined)[] = [];
  const server = await listen({
    host: HOST,
    port: 0,
    closeOnUndeclaredError: false,
    locator: locator(
      Ping.responder((_, context) => void contexts.push(context)),
      Fail.responder(() => {
        throw new Error("for onError");
      }),
    ),
    onConnection: (connection) => void ids.push(connection.id),
    onError: (_, { connection }) => void errors.push(connection?.id),
  });
  onTestFinished(() => server.destroy());
  const client = await connect({ host: HOST, port: server.address().port });
  tidy(client);
  await client.callRemote(Ping);
  await rejection(client.callRemote(Fail));
  const [accepted] = server.connections;
  expect(ids).toHaveLength(3);
  expect(new Set(ids)).toEqual(new Set([client.id, accepted?.id]));
  expect(client.id).not.toBe(accepted?.id);
  expect(client.id).toMatch(/^c\d+$/);
  expect(contexts[0]?.connection.id).toBe(accepted?.id);
  expect(errors).toEqual([accepted?.id]);
});

describe("addresses", () => {
  test("both ends of a TCP connection know both addresses, in TLS and the peer's after the end too", async () => {
    const { server, client } = await pair();
    expect(client.remoteAddress).toEqual(server.localAddress);
    expect(server.remoteAddress).toEqual(client.localAddress);
    expect(client.remoteAddress).toEqual({ address: HOST, port: expect.any(Number), family: "IPv4" });
    const { remoteAddress } = server;
    await client.startTLS();
    expect(server.remoteAddress).toEqual(remoteAddress);
    client.destroy();
    await ended(server);
    expect(server.remoteAddress).toEqual(remoteAddress);
  });

  test("both ends of a UNIX socket know the server's path, and an attached pipe has no addresses", async () => {
    const path = unixPlace();
    const accepted: NodeConnection[] = [];
    const server = await listen({ path, onConnection: (connection) => keep(connection, accepted) });
    onTestFinished(() => server.destroy());
    const client = await connect({ path });
    tidy(client);
    await until(() => accepted.length > 0);
    expect([client.remoteAddress, client.localAddress]).toEqual([path, undefined]);
    expect([accepted[0]?.remoteAddress, accepted[0]?.localAddress]).toEqual([undefined, path]);
  });
});

describe.runIf(process.platform === "linux")("peerCredentials", () => {
  test.each([[{}], [{ descriptors: true }]])(
    "both ends of a UNIX socket know the process at the other end, with %o",
    async (options) => {
      const path = unixPlace();
      const accepted: NodeConnection[] = [];
      const server = await listen({
        ...options,
        path,
        onConnection: (connection) => keep(connection, accepted),
      });
      onTestFinished(() => server.destroy());
      const client = await connect({ ...options, path });
      tidy(client);
      await until(() => accepted.length > 0);
      const own = { uid: process.getuid?.(), gid: process.getgid?.(), pid: process.pid };
      expect(client.peerCredentials).toEqual(own);
      expect(accepted[0]?.peerCredentials).toEqual(own);
      client.destroy();
      await ended(client);
      expect(client.peerCredentials).toBeUndefined();
    },
  );

  test("a TCP connection has no peerCredentials", async () => {
    const { port } = await ourServer();
    expect((await ourClient(port)).peerCredentials).toBeUndefined();
  });
});

describe("unsentBytes and drained()", () => {
  const SIZE = 12 * 1024 * 1024;

  test("drained() resolves when the peer has read everything, and unsentBytes is 0 then", async () => {
    const { connection, peer } = await attached("server", { limits: { maxUnsentBytes: 2 * SIZE } });
    expect(connection.unsentBytes).toBe(0);
    await connection.drained();
    peer.socket.pause();
    const call = rejection(connection.callRemote(Put, { data: new Uint8Array(SIZE) }));
    let drained = false;
    const waiting = connection.drained().then(() => {
      drained = true;
    });
    await new Promise(setImmediate);
    expect(connection.unsentBytes).toBeGreaterThan(SIZE / 2);
    expect(drained).toBe(false);
    peer.socket.resume();
    await waiting;
    expect(connection.unsentBytes).toBe(0);
    connection.destroy();
    await call;
  });

  test("drained() resolves when the connection ends", async () => {
    const { connection, peer } = await attached("server", { limits: { maxUnsentBytes: 2 * SIZE } });
    peer.socket.pause();
    const call = rejection(connection.callRemote(Put, { data: new Uint8Array(SIZE) }));
    const waiting = connection.drained();
    connection.destroy();
    await waiting;
    await connection.drained();
    await call;
  });

  test("bytes that are queued for an upgrade count as unsent until they are sent", async () => {
    const { client, server } = await pair({ locator: locator(Ping.responder(() => {})) });
    const upgrade = client.startTLS();
    const call = client.callRemote(Ping);
    await Promise.resolve();
    expect(client.unsentBytes).toBeGreaterThan(0);
    await client.drained();
    expect(client.secure).toBe(true);
    expect(client.unsentBytes).toBe(0);
    await Promise.all([upgrade, call]);
    expect(server.secure).toBe(true);
  });
});
