/** GoAway over sockets: servers that are replaced under load, protocol changes that cross it, and the age of connections. */
import type { Duplex } from "node:stream";
import { command, integer, locator, Unavailable } from "ampwire";
import {
  connect,
  type ListenOptions,
  listen,
  type NodeConnection,
  protocolSwitch,
  type ReconnectingOptions,
  reconnecting,
  type Server,
} from "ampwire/node";
import { manualClock } from "ampwire/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { calculator, Sum, summing } from "../core/calculator.ts";
import { testCertificates } from "../support/certificates.ts";
import { ourClient, ourServer, ours, pair, rawClient } from "../support/loopback.ts";
import { RawPeer } from "../support/raw-peer.ts";
import { rejection } from "../support/settled.ts";
import { ourWebSocketClient, ourWebSocketServer } from "../support/websockets.ts";
import { until } from "../support/within.ts";

const HOST = "127.0.0.1";
const SUM = { _command: "Sum", a: "1", b: "2" };

/** Not idempotent: a call that was sent twice would be counted twice. */
const Count = command("Count", { arguments: { n: integer() }, response: { n: integer() } });

/** Makes two calls, so that both ends know that the other knows GoAway. */
async function introduce(client: { callRemote: NodeConnection["callRemote"] }): Promise<void> {
  for (let call = 0; call < 2; call++) await client.callRemote(Sum, { a: 1, b: 2 });
}

/** Replaces the server at one address under the load of reconnecting clients. */
async function replaceUnderLoad(
  serverOptions: Partial<ListenOptions>,
  clientOptions: Partial<ReconnectingOptions>,
  idempotent: boolean,
  restart: (old: Server, start: () => Promise<Server>) => Promise<Server>,
) {
  const Called = Count.extend("Count", { idempotent });
  let executed = 0;
  let wake = () => {};
  const serve = (port: number) =>
    listen({
      ...serverOptions,
      host: HOST,
      port,
      locator: locator(
        Called.responder(async ({ n }) => {
          executed++;
          wake();
          if (n % 3 === 0) await new Promise(setImmediate);
          return { n };
        }),
      ),
    });
  let server: Server = await serve(0);
  onTestFinished(() => server.destroy());
  const { port } = server.address() as { port: number };
  let connections = 0;
  const clients = Array.from({ length: 3 }, () =>
    // The options of the test are valid together with the address.
    reconnecting({
      backoff: { initial: 5, max: 20 },
      ...clientOptions,
      host: HOST,
      port,
      onStateChange: ({ state }) => {
        if (state === "connected") connections++;
      },
    } as ReconnectingOptions),
  );
  let made = 0;
  let done = false;
  const failures: unknown[] = [];
  /** Answers that each client got since the last replacement. */
  const answers = clients.map(() => 0);
  const worker = async (index: number) => {
    const own = index % clients.length;
    while (!done) {
      const n = ++made;
      const answer = await clients[own]?.callRemote(Called, { n }).catch((error: unknown) => {
        failures.push(error);
        return { n };
      });
      expect(answer).toEqual({ n });
      answers[own] = (answers[own] ?? 0) + 1;
    }
  };
  const workers = Array.from({ length: 12 }, (_, index) => worker(index));
  for (let replacement = 0; replacement < 5; replacement++) {
    const until = executed + 150;
    answers.fill(0);
    // A client must have shown that it knows GoAway: its first calls after a start may be lost, as with any other peer.
    while (executed < until || Math.min(...answers) < 20) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    server = await restart(server, () => serve(port));
  }
  done = true;
  await Promise.all(workers);
  await Promise.all(clients.map((client) => client.close()));
  await server.close();
  return { failures, executed, made, connections };
}

/** The next server listens before the clients are asked to leave. */
async function overlapping(old: Server, start: () => Promise<Server>): Promise<Server> {
  old.stopAccepting();
  const next = await start();
  await old.close();
  return next;
}

/** There is no server for a time: the clients wait. */
async function oneAfterTheOther(old: Server, start: () => Promise<Server>): Promise<Server> {
  await old.close();
  return await start();
}

describe("a server that is replaced under load", () => {
  test.each([
    ["before the old one is closed", overlapping, false],
    ["before the old one is closed, with idempotent calls", overlapping, true],
    ["after the old one was closed", oneAfterTheOther, false],
  ] as const)(
    "no call of a reconnecting client fails, or is executed twice, if the next server starts %s",
    async (_, restart, idempotent) => {
      const { failures, executed, made, connections } = await replaceUnderLoad({}, {}, idempotent, restart);
      expect(failures).toEqual([]);
      expect(executed).toBe(made);
      expect(connections).toBe(3 * 6);
    },
  );

  test("no call of a reconnecting client fails inside verified StartTLS", async () => {
    const { server, client, authority } = await testCertificates();
    const verifyAuthorities = [authority];
    const { failures, executed, made } = await replaceUnderLoad(
      { requireTLS: "verified", tls: { localCertificate: server, verifyAuthorities } },
      { requireTLS: "verified", startTLS: { localCertificate: client, verifyAuthorities } },
      false,
      overlapping,
    );
    expect(failures).toEqual([]);
    expect(executed).toBe(made);
  });
});

describe("a reconnecting client whose server asks GoAway", () => {
  test("a reconnecting client opens the next connection before the old one has ended, and its call in progress is answered there", async () => {
    const calc = calculator();
    const next = await listen({ host: HOST, port: 0, locator: calc.locator });
    const old = await listen({ host: HOST, port: 0, locator: calc.locator });
    onTestFinished(() => {
      next.destroy();
      old.destroy();
    });
    let port = old.address().port;
    const opened: NodeConnection[] = [];
    const client = reconnecting({
      open: async (signal) => {
        const connection = await connect({ host: HOST, port, signal });
        opened.push(connection);
        return connection;
      },
      isFatalError: () => true,
    });
    onTestFinished(() => client.destroy());
    await introduce(client);
    const waiting = client.callRemoteString("Wait");
    await new Promise((resolve) => setTimeout(resolve, 60)); // a connection that lasted
    port = next.address().port;
    const closed = old.close();
    expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
    while (opened.length < 2) await client.callRemote(Sum, { a: 1, b: 2 });
    expect(opened.map(({ state }) => state)).toEqual(["closing", "open"]);
    expect(client.lastError).toBeInstanceOf(Unavailable);
    calc.answer("done");
    expect((await waiting).text("after")).toBe("done");
    await closed;
    await opened[0]?.closed;
    await client.close();
  });

  test("close() and destroy() of the client also end a connection that it is leaving", async () => {
    for (const end of ["close", "destroy"] as const) {
      const calc = calculator();
      const server = await listen({ host: HOST, port: 0, locator: calc.locator });
      onTestFinished(() => server.destroy());
      const client = reconnecting({ host: HOST, port: server.address().port });
      await introduce(client);
      const first = client.connection;
      const waiting = client.callRemoteString("Wait");
      await until(() => calc.waiting > 0);
      void server.close();
      await first?.callsEnded;
      const ended = end === "close" ? client.close() : client.destroy();
      if (end === "close") calc.answer("done");
      if (end === "close") expect((await waiting).text("after")).toBe("done");
      else await rejection(waiting);
      await ended;
      await first?.closed;
    }
  });
});

describe("protocol changes that cross GoAway", () => {
  test("a protocol switch of the client succeeds, and close() of the server resolves", async () => {
    const Lines = protocolSwitch("Lines");
    const streams: Duplex[] = [];
    const protocol = (stream: Duplex) => void streams.push(stream);
    const { server, client } = await pair({
      locator: locator(
        summing,
        Lines.responder(() => ({ protocol })),
      ),
    });
    await introduce(client);
    const closed = server.close();
    const stream = await client.switchProtocol(Lines, {});
    await closed;
    stream.end("bytes of the other protocol");
    const [accepted] = streams;
    let text = "";
    for await (const chunk of accepted ?? []) text += chunk;
    expect(text).toBe("bytes of the other protocol");
    stream.destroy();
    accepted?.destroy();
  });

  test("StartTLS of the client succeeds, and then both ends close", async () => {
    const { server, client } = await pair({ locator: calculator().locator });
    await introduce(client);
    const closed = server.close();
    const upgraded = client.startTLS();
    const queued = client.callRemote(Sum, { a: 1, b: 2 });
    await upgraded;
    expect(await queued).toEqual({ total: 3 });
    await closed;
    await client.closed;
  });

  test("StartTLS of the server is finished before the server closes", async () => {
    const { server, client } = await pair({ locator: calculator().locator }, { handshakeDelay: 0 });
    await introduce(client);
    const upgraded = server.startTLS();
    const closed = server.close();
    await upgraded;
    await closed;
    await client.closed;
  });
});

describe("a peer that knows no ampwire.*", () => {
  test("a client receives the same bytes as without GoAway, except the key in the first answer", async () => {
    const { connection, peer } = await ours("server", { locator: calculator().locator });
    for (const _ask of ["1", "2"]) {
      peer.send({ _ask, ...SUM });
      expect(await peer.box()).toEqual({ _answer: _ask, total: "3" });
    }
    void connection.close();
    await peer.end();
    expect(peer.received.toString("latin1")).toBe(
      "\0\x07_answer\0\x011\0\x05total\0\x013\0\x0a_m.ampwire\0\x011\0\0" +
        "\0\x07_answer\0\x012\0\x05total\0\x013\0\0",
    );
    peer.finish();
    expect((await connection.closed).message).toBe("the connection was closed here");
  });

  test("a server receives the same bytes as without GoAway", async () => {
    const { connection, peer } = await ours("client", { locator: calculator().locator });
    for (const _answer of ["1", "2"]) {
      const answer = connection.callRemote(Sum, { a: 1, b: 2 });
      expect(await peer.box()).toEqual({ _ask: _answer, ...SUM });
      peer.send({ _answer, total: "3" });
      await answer;
    }
    void connection.close();
    await peer.end();
    const ask = (tag: string) =>
      `\0\x04_ask\0\x01${tag}\0\x08_command\0\x03Sum\0\x01a\0\x011\0\x01b\0\x012\0\0`;
    expect(peer.received.toString("latin1")).toBe(ask("1") + ask("2"));
    peer.finish();
  });

  test("a client that ends a box at any length of zero, as asyncio-amp does, reads the answers", async () => {
    const { peer } = await ours("server", { locator: calculator().locator });
    peer.send({ _ask: "1", ...SUM }, { _ask: "2", ...SUM });
    await peer.box();
    await peer.box();
    const bytes = peer.received;
    const boxes: Record<string, string>[] = [];
    let box: Record<string, string> = {};
    let key: string | undefined;
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUInt16BE(at);
      const text = bytes.toString("latin1", at + 2, at + 2 + length);
      at += 2 + length;
      if (length === 0) {
        boxes.push(box);
        box = {};
        key = undefined;
      } else if (key === undefined) key = text;
      else {
        box[key] = text;
        key = undefined;
      }
    }
    expect(boxes).toEqual([
      { _answer: "1", total: "3", "_m.ampwire": "1" },
      { _answer: "2", total: "3" },
    ]);
  });

  test("a client that reads the declared keys in order and skips the rest, as AmpJS does, reads the answers", async () => {
    const { peer } = await ours("server", { locator: calculator().locator });
    peer.send({ _ask: "1", ...SUM }, { _ask: "2", ...SUM });
    await peer.box();
    await peer.box();
    const text = peer.received.toString("latin1");
    for (const tag of ["1", "2"]) expect(text).toContain(`\0\x07_answer\0\x01${tag}\0\x05total\0\x013\0`);
    expect(text.indexOf("_m.ampwire")).toBeGreaterThan(text.indexOf("total"));
  });
});

describe("maxConnectionAge", () => {
  const AGE = 1_000_000;

  test("a connection is closed at its age, give or take a tenth, and a client moves to the next one", async () => {
    const clock = manualClock();
    const { port, next, server } = await ourServer({
      locator: calculator().locator,
      maxConnectionAge: AGE,
      clock,
    });
    const client = reconnecting({ host: HOST, port, backoff: { initial: 1, max: 1 } });
    onTestFinished(() => client.destroy());
    await introduce(client);
    const first = await next();
    clock.advance(AGE * 0.9 - 1);
    expect(first.state).toBe("open");
    for (let later = 0; later < AGE * 0.2 && first.state === "open"; later += 1_000) clock.advance(1_000);
    expect(first.state).toBe("closing");
    await next();
    expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
    await first.closed;
    expect(server.connections.size).toBe(1);
    await client.close();
  });

  test("a client that does not know GoAway keeps its connection, and is checked again", async () => {
    const clock = manualClock();
    const { port, next } = await ourServer({ locator: calculator().locator, maxConnectionAge: AGE, clock });
    const peer = new RawPeer(await rawClient(port));
    const connection = await next();
    clock.advance(AGE * 1.1 + 1);
    expect(connection.state).toBe("open");
    peer.send({ _ask: "1", ...SUM }, { _ask: "2", ...SUM, "_m.ampwire": "1" });
    await peer.box();
    await peer.box();
    for (let later = 0; later < AGE * 1.1 && connection.state === "open"; later += 1_000)
      clock.advance(1_000);
    expect(await peer.box()).toEqual({ _ask: "1", _command: "ampwire.GoAway" });
    connection.destroy();
    await connection.closed;
    await expect.poll(() => clock.pending).toBe(0);
  });

  test.each([0, -1, Number.NaN, "1000"])("maxConnectionAge: %j is refused", async (maxConnectionAge) => {
    // A JavaScript program may pass any value.
    const options = { host: HOST, port: 0, maxConnectionAge: maxConnectionAge as number };
    expect(await rejection(listen(options))).toBeInstanceOf(RangeError);
  });

  test("maxConnectionAge: Infinity sets no timer", async () => {
    const clock = manualClock();
    const { port, next } = await ourServer({ maxConnectionAge: Number.POSITIVE_INFINITY, clock });
    await ourClient(port);
    await next();
    expect(clock.pending).toBe(0);
  });
});

describe("stopAccepting()", () => {
  test("stopAccepting() refuses new connections, and those that are open continue", async () => {
    const { port, server } = await ourServer({ locator: calculator().locator });
    const client = await ourClient(port);
    await client.callRemote(Sum, { a: 1, b: 2 });
    server.stopAccepting();
    server.stopAccepting();
    expect(await rejection(connect({ host: HOST, port }))).toMatchObject({ code: "CONNECT_FAILED" });
    expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
    await server.close();
    await client.closed;
  });
});

test("close() of a WebSocket server's connection loses no call", async () => {
  const { next, url } = await ourWebSocketServer({ locator: calculator().locator });
  const client = await ourWebSocketClient(url);
  const server = await next();
  await introduce(client);
  const answers: Promise<{ total: number }>[] = [];
  const closed = server.close();
  while (client.acceptsCalls) {
    answers.push(client.callRemote(Sum, { a: 1, b: 2 }));
    await new Promise(setImmediate);
  }
  for (const answer of answers) expect(await answer).toEqual({ total: 3 });
  expect(answers.length).toBeGreaterThan(0);
  await closed;
});
