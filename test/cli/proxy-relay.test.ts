/** A proxy between ampwire peers relays calls, ends of streams, and bytes that are not AMP. */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { locator } from "ampwire";
import { describe, expect, test } from "vitest";
import * as commands from "../support/commands.ts";
import { ourClient, ourServer, rawClient, rawServer } from "../support/loopback.ts";
import { netServers, noRoom } from "../support/net-servers.ts";
import { bytesOf, RawPeer } from "../support/raw-peer.ts";
import { peerLocator } from "../support/responders.ts";
import { quietly, watchedProxy } from "./proxy-support.ts";

const HOST = "127.0.0.1";
const ASK = { _ask: "1", _command: "Sum", a: "13", b: "81" };
const ANSWER = { _answer: "1", total: "94" };

async function betweenOurs() {
  const { port } = await ourServer({ locator: peerLocator() });
  const watched = await watchedProxy({ host: HOST, port });
  const client = await ourClient(watched.port, { locator: peerLocator() });
  return { client, watched };
}

async function betweenRaw(options: Parameters<typeof watchedProxy>[1] = {}) {
  const upstream = await rawServer();
  const watched = await watchedProxy({ host: HOST, port: upstream.port }, options);
  const [client, server] = await Promise.all([rawClient(watched.port), upstream.next()]);
  client.allowHalfOpen = server.allowHalfOpen = true;
  return { client, server, watched };
}

describe("a relay", () => {
  test("a relay forwards calls in both directions, and pairs each with its answer", async () => {
    const { client, watched } = await betweenOurs();
    expect(await client.callRemote(commands.Sum, { a: 13n, b: 81n })).toEqual({ total: 94n });
    expect(await client.callRemote(commands.CallBack, { n: 1n })).toEqual({ total: 0n });
    client.callRemote(commands.Notify, { message: "x" });
    await client.close();
    await watched.until(({ kind }) => kind === "closed");
    expect(watched.summary()).toEqual([
      "opened",
      "client asks Sum",
      "server answers Sum",
      "client asks CallBack",
      "server asks Sum",
      "client answers Sum",
      "server answers CallBack",
      "client asks Notify",
      "client asks ampwire.GoAway",
      "server answers ampwire.GoAway",
      "client ended",
      "server ended",
      "closed",
    ]);
  });

  test("a relay forwards errors with their code", async () => {
    const { client, watched } = await betweenOurs();
    await expect(client.callRemote(commands.Divide, { numerator: 1n, denominator: 0n })).rejects.toThrow(
      "division by zero",
    );
    const failure = await watched.until((one) => one.kind === "box" && one.meaning.kind === "error");
    expect(failure).toMatchObject({
      from: "server",
      meaning: { ask: { name: "Divide" }, code: "ZERO_DIVISION", description: "division by zero" },
    });
  });

  test("a relay forwards answers out of order, each with its own response time", async () => {
    const { client, watched } = await betweenOurs();
    await Promise.all([
      client.callRemote(commands.Slow, { milliseconds: 80 }),
      client.callRemote(commands.Sum, { a: 1n, b: 1n }),
    ]);
    const took = watched.traffic.flatMap((one) =>
      one.kind === "box" && one.meaning.kind === "answer"
        ? [[one.meaning.ask?.name, (one.meaning.took ?? 0) >= 75]]
        : [],
    );
    expect(took).toEqual([
      ["Sum", false],
      ["Slow", true],
    ]);
  });

  test("a relay forwards each piece of a box at once", async () => {
    const { client, server, watched } = await betweenRaw();
    const bytes = bytesOf(ASK);
    const far = new RawPeer(server);
    client.write(bytes.subarray(0, 7));
    while (far.received.length < 7) await delay(1);
    expect(watched.summary()).toEqual(["opened"]);
    client.write(bytes.subarray(7));
    expect(await far.box()).toEqual(ASK);
  });

  test("a relay forwards the end of one side, and what the other side sends after it", async () => {
    const { client, server, watched } = await betweenRaw();
    const near = new RawPeer(client);
    const far = new RawPeer(server);
    near.send(ASK);
    client.end();
    expect(await far.box()).toEqual(ASK);
    while (!far.ended) await delay(1);
    far.send(ANSWER);
    expect(await near.box()).toEqual(ANSWER);
    expect(near.ended).toBe(false);
    server.end();
    await near.closed;
    await watched.until(({ kind }) => kind === "closed");
    expect(watched.summary().slice(1)).toEqual([
      "client asks Sum",
      "client ended",
      "server answers Sum",
      "server ended",
      "closed",
    ]);
  });

  test("a relay ends one side when the connection to the other is reset", async () => {
    const { client, server, watched } = await betweenRaw();
    const ended = once(client.resume(), "end");
    server.resetAndDestroy();
    await ended;
    client.end();
    expect(await watched.until(({ kind }) => kind === "closed")).toMatchObject({
      reason: { message: expect.stringContaining("ECONNRESET") },
    });
  });

  test("a relay forwards bytes that are not AMP, and still reads answers in the other direction", async () => {
    const { client, server, watched } = await betweenRaw();
    const near = new RawPeer(client);
    const far = new RawPeer(server);
    near.send(ASK, Buffer.from("GET / HTTP/1.1\r\n"));
    near.send(Buffer.from("more"));
    expect(await far.box()).toEqual(ASK);
    far.send(ANSWER);
    expect(await near.box()).toEqual(ANSWER);
    const all = bytesOf(ASK, Buffer.from("GET / HTTP/1.1\r\nmore"));
    while (far.received.length < all.length) await delay(1);
    expect(far.received).toEqual(all);
    expect(watched.summary().slice(1, 3)).toEqual(["client asks Sum", expect.stringContaining("raw GET /")]);
    expect(watched.summary()).toContain("server answers Sum");
  });

  test("a relay forwards an incomplete box at the end as raw bytes", async () => {
    const { client, watched } = await betweenRaw();
    client.end(bytesOf(ASK).subarray(0, 12));
    await watched.until(({ kind }) => kind === "ended");
    expect(watched.summary()).toEqual(["opened", "client raw \0\x04_ask\0\x011\0\x08_", "client ended"]);
  });

  test("a relay parses no boxes after a protocol switch that the schema contains", async () => {
    const switching = new Map([[commands.SwitchToLine.name, commands.SwitchToLine]]);
    const { client, server, watched } = await betweenRaw({ commands: switching });
    const near = new RawPeer(client);
    const far = new RawPeer(server);
    near.send({ _ask: "1", _command: commands.SwitchToLine.name });
    await far.box();
    far.send({ _answer: "1" }, ASK);
    await watched.until((one) => one.kind === "raw" && one.from === "server");
    near.send(ASK);
    await watched.until((one) => one.kind === "raw" && one.from === "client");
  });

  test("a relay reads no more than the other side accepts", async () => {
    const { client, server } = await betweenRaw();
    server.pause();
    const chunk = bytesOf({ _command: "Upload", data: Buffer.alloc(60_000) });
    let sent = 0;
    while (client.write(chunk) || (await drainedWithin(client, 300))) sent += chunk.length;
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    let received = 0;
    server.on("data", (bytes) => {
      received += bytes.length;
    });
    const total = sent + chunk.length;
    server.resume();
    while (received < total) await delay(5);
    expect(received).toBe(total);
  });
});

test("the proxy closes a client if it cannot connect to the server, and reports the reason", async () => {
  const watched = await watchedProxy({ path: "/nowhere/at/all" });
  const client = await rawClient(watched.port);
  client.resume();
  await once(client, "close");
  expect(watched.traffic.at(-1)).toMatchObject({ kind: "closed", reason: { name: "ConnectFailed" } });
});

test("the proxy reports a client that it cannot accept, and continues", async () => {
  const servers = netServers();
  const { port } = await ourServer({ locator: peerLocator() });
  const errors: unknown[] = [];
  const watched = await watchedProxy({ host: HOST, port }, { onError: (error) => void errors.push(error) });
  const error = noRoom();
  servers[1]?.emit("error", error);
  expect(errors).toEqual([error]);
  const client = await ourClient(watched.port);
  expect(await client.callRemote(commands.Sum, { a: 13n, b: 81n })).toEqual({ total: 94n });
});

test("closing the proxy closes its connections", async () => {
  const { client, server, watched } = await betweenRaw();
  const ended = Promise.all([once(client.resume(), "end"), once(server.resume(), "end")]);
  await watched.proxy.close();
  await ended;
  expect(watched.summary().at(-1)).toBe("closed");
});

test("closing the proxy closes a connection whose peer does not read", async () => {
  const { client, server, watched } = await betweenRaw();
  server.pause();
  const ask = bytesOf({ _command: "Put", data: "x".repeat(60_000) });
  for (let count = 0; count < 200; count++) client.write(ask);
  await watched.until(({ kind }) => kind === "box");
  await quietly(watched);
  client.destroy();
  await watched.proxy.close();
  expect(watched.summary().at(-1)).toBe("closed");
});

test("the proxy forwards the rejection of an unknown command", async () => {
  const { port } = await ourServer({ locator: locator() });
  const watched = await watchedProxy({ host: HOST, port });
  const client = await ourClient(watched.port);
  await expect(client.callRemote(commands.NotServed, {})).rejects.toThrow(/NotServed/);
});

async function drainedWithin(socket: import("node:net").Socket, ms: number): Promise<boolean> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      once(socket, "drain", { signal: timer.signal }).then(() => true),
      delay(ms, false, { signal: timer.signal }),
    ]);
  } finally {
    timer.abort();
  }
}
