/** The ends of workers, callers, edges, clients and subscriptions: what is in progress finishes, and each end can come twice. */
import {
  ConnectionClosed,
  type ConnectionOptions,
  command,
  Health,
  health,
  InvalidSignature,
  integer,
  locator,
  quitBox,
  type ResponderLocator,
  Unavailable,
  unicode,
} from "ampwire";
import {
  caller,
  type EdgeOptions,
  edge,
  type NatsConnectionLike,
  type NatsPeer,
  natsPeer,
  serve,
  subscribe,
  topic,
} from "ampwire/nats";
import { connect, listen, reconnecting } from "ampwire/node";
import { connectedPair, flushPending } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { deferred } from "../support/deferred.ts";
import { rejection, settling } from "../support/settled.ts";
import { News, Note, Sum, SumOnce } from "./support/commands.ts";
import { type Network, network } from "./support/network.ts";

const Join = command("Join", { arguments: { topic: unicode() } });
const Wait = command("Wait");
const Quit = command("Quit", { response: { n: integer() }, responseType: quitBox });
const Count = command("Count", { response: { n: integer() } });

const COMMANDS = [Sum, Join, Wait, Quit, Count];

/** Starts an edge, and returns a function that connects a client. */
async function startEdge({ nats, clock }: Network, options: Partial<EdgeOptions> = {}) {
  const connection = nats.connect();
  const front = await edge(connection, { service: "calc", commands: COMMANDS, clock, ...options });
  return {
    front,
    connection,
    connect(client: ConnectionOptions = {}) {
      const [a, b] = connectedPair(client, { locator: front.locator }, { clock });
      front.accept(b);
      return a;
    },
  };
}

/** Starts an edge with a server on loopback: connections in memory do not know GoAway. */
async function listenAtEdge(connection: NatsConnectionLike, options: Partial<EdgeOptions> = {}) {
  const front = await edge(connection, { service: "calc", commands: COMMANDS, ...options });
  const server = await listen({
    port: 0,
    host: "127.0.0.1",
    locator: front.locator,
    onConnection: front.accept,
  });
  return { front, server, address: { host: "127.0.0.1", port: server.address().port } };
}

describe("a worker", () => {
  test("closed resolves when the NATS connection is closed permanently, and signals are aborted", async () => {
    const { nats, clock } = network();
    const connection = nats.connect();
    const aborted: unknown[] = [];
    const responders = locator(
      Wait.responder((_, { signal }) => {
        signal.addEventListener("abort", () => aborted.push(signal.reason));
        return new Promise<void>(() => {});
      }),
    );
    const worker = await serve(connection, { service: "calc", clock, locator: responders });
    caller(nats.connect(), { service: "calc", clock })
      .callRemote(Wait)
      .catch(() => {});
    await flushPending();
    await connection.close();
    expect(await worker.closed).toBeInstanceOf(ConnectionClosed);
    expect(aborted).toHaveLength(1);
    await worker.close();
  });

  test("a worker, an edge and a subscription on a closed NATS connection are rejected with ConnectionClosed", async () => {
    const { nats } = network();
    const connection = nats.connect();
    await connection.close();
    const responders = locator();
    const options = { service: "calc", locator: responders };
    expect(await rejection(serve(connection, options))).toBeInstanceOf(ConnectionClosed);
    expect(await rejection(edge(connection, { service: "calc", commands: [] }))).toBeInstanceOf(
      ConnectionClosed,
    );
    expect(() => subscribe(connection, { ...options, topic: "t" })).toThrow(ConnectionClosed);
  });

  test("close() of a worker, an edge and a subscription rejects invalid options", async () => {
    const net = network();
    const options = { service: "calc", topic: "t", locator: locator() };
    const open = [await net.work(), (await startEdge(net)).front, subscribe(net.nats, options)];
    for (const one of open) {
      const close = one.close.bind(one) as (options: unknown) => Promise<void>; // as a JavaScript program calls it
      expect((await rejection(close({ signal: 5 }))).message).toMatch(/signal must be an AbortSignal/);
      expect((await rejection(close({ timeout: Number.NaN }))).message).toMatch(/timeout must be a number/);
      expect((await rejection(close({ timout: 1 }))).message).toMatch(/did you mean "timeout"/);
    }
  });

  test("close() with affinity closes the connections of its clients, and no call fails", async () => {
    const { nats, work } = network();
    const gate = deferred();
    const responders = locator(
      Count.responder((_, { state }) => {
        state.n = Number(state.n ?? 0) + 1;
        return { n: Number(state.n) };
      }),
      Wait.responder(() => gate.promise),
    );
    const worker = await work({ affinity: "connection", locator: responders });
    const { server, address } = await listenAtEdge(nats.connect(), { affinity: "connection" });
    const client = reconnecting(address);
    for (let n = 1; n <= 3; n++) expect(await client.callRemote(Count)).toEqual({ n });
    const old = client.connection;
    const slow = client.callRemote(Wait);
    const other = await work({ affinity: "connection", locator: responders });
    const closing = worker.close();
    await old?.callsEnded;
    // The client begins no more calls on that connection, and its call in progress goes on.
    expect(await client.callRemote(Count)).toEqual({ n: 1 });
    expect([worker.inProgress, client.connection === old]).toEqual([1, false]);
    gate.resolve();
    await slow;
    await closing;
    await client.close();
    await server.close();
    await other.close();
  });

  test("close() with affinity ends although the edge of a client is gone, or NATS is away", async () => {
    const net = network();
    const responders = locator(Count.responder(() => ({ n: 1 })));
    for (const breaks of ["edge", "worker"] as const) {
      const own = net.nats.connect();
      const worker = await serve(own, {
        service: "calc",
        clock: net.clock,
        affinity: "connection",
        locator: responders,
      });
      const { connect, connection } = await startEdge(net, { affinity: "connection" });
      await connect().callRemote(Count);
      (breaks === "edge" ? connection : own).disconnect();
      await flushPending();
      const { how } = settling(worker.close());
      await net.advance(3_000);
      expect([breaks, how]).toEqual([breaks, ["resolved"]]);
    }
  });

  test("the error of a health check over NATS reaches onError", async () => {
    const { work, call } = network();
    const errors: unknown[] = [];
    const failing = health(() => {
      throw new Error("the database is away");
    });
    await work({
      locator: locator(failing),
      onError: (error, { command: name }) => errors.push([name, error]),
    });
    expect(await call().callRemote(Health)).toEqual({ status: "NOT_SERVING" });
    expect(errors).toEqual([["ampwire.Health", new Error("the database is away")]]);
  });

  test("description and metadata must be text", async () => {
    const { work } = network();
    const odd = (options: object) => rejection(work(options));
    expect((await odd({ description: 5 })).message).toMatch(/description must be a string/);
    expect((await odd({ metadata: { team: 1 } })).message).toMatch(/metadata\.team must be a string/);
  });
});

describe("a caller", () => {
  test("close() can be called twice while a call is in progress", async () => {
    const { work, call } = network();
    const gate = deferred<{ total: number }>();
    await work({ locator: locator(SumOnce.responder(() => gate.promise)) });
    const calc = call();
    const answer = calc.callRemote(SumOnce, { a: 1, b: 2 });
    await flushPending();
    const ends = [calc.close(), calc.close()].map((end) => settling(end).how);
    gate.resolve({ total: 3 });
    await answer;
    await flushPending();
    expect(ends).toEqual([["resolved"], ["resolved"]]);
  });

  test("a command without an answer that waits for NATS is dropped by destroy() and by its signal, and close() waits for it", async () => {
    const { nats, clock, work } = network();
    const served: string[] = [];
    await work({ locator: locator(Note.responder(({ text }) => void served.push(text))) });
    const connection = nats.connect();
    const open = () => caller(connection, { service: "calc", clock });
    const [destroyed, aborting, closing] = [open(), open(), open()];
    connection.disconnect();
    await flushPending();
    const abort = new AbortController();
    destroyed.callRemote(Note, { text: "destroyed" });
    aborting.callRemote(Note, { text: "aborted" }, { signal: abort.signal });
    closing.callRemote(Note, { text: "closing" });
    destroyed.destroy();
    abort.abort();
    const { how } = settling(closing.close());
    await flushPending();
    expect([destroyed.waiting, aborting.waiting, closing.waiting, how]).toEqual([0, 0, 1, []]);
    connection.reconnect();
    await flushPending();
    expect([served, how]).toEqual([["closing"], ["resolved"]]);
  });

  test("traceparent must return text that a header can have", async () => {
    const { work, call } = network();
    await work();
    for (const value of ["a\r\nAmp-Connection: x.1", 5, null, "é"]) {
      const calc = call({ traceparent: () => value as string }); // as a JavaScript program may return
      expect(await rejection(calc.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(InvalidSignature);
    }
  });
});

describe("an edge", () => {
  test("calls of clients are rejected as not executed after the end of the edge", async () => {
    const net = network();
    await net.work();
    const { front, connect } = await startEdge(net);
    const client = connect();
    expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
    expect(front.connected).toBe(true);
    await front.close();
    await front.close();
    expect(front.connected).toBe(false);
    expect(await rejection(client.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(Unavailable);
  });

  test("an answer of the type quitBox closes the client's connection after it has arrived", async () => {
    const net = network();
    await net.work({ locator: locator(Quit.responder(() => ({ n: 7 }))) });
    const client = (await startEdge(net)).connect();
    expect(await client.callRemote(Quit)).toEqual({ n: 7 });
    await client.closed;
  });

  test("a trace context goes with each call of a client", async () => {
    const net = network();
    await net.work();
    const seen: unknown[] = [];
    net.nats.setFault(({ subject, headers }) => {
      if (subject === "calc.edge.Sum") seen.push(headers?.get("traceparent"));
      return undefined;
    });
    let n = 0;
    const client = (await startEdge(net, { traceparent: () => `00-${++n}` })).connect();
    await client.callRemote(Sum, { a: 1, b: 2 });
    await client.callRemote(Sum, { a: 1, b: 2 });
    expect(seen).toEqual(["00-1", "00-2"]);
  });
});

describe("a client", () => {
  const joining = (more: ResponderLocator): ResponderLocator =>
    locator(
      locator(
        Join.responder(async ({ topic: name }, { connection }) => {
          await natsPeer(connection).join(name);
        }),
      ),
      more,
    );

  test("the command of a topic does not end a client that closes while it waits for an answer", async () => {
    const { nats, clock, work } = network();
    const gate = deferred();
    await work({ locator: joining(locator(Wait.responder(() => gate.promise))) });
    const { server, address } = await listenAtEdge(nats.connect());
    const client = await connect({ ...address, locator: locator(News.responder(() => {})) });
    await client.callRemote(Join, { topic: "weather" });
    const answer = client.callRemote(Wait);
    const closing = client.close();
    const [atEdge] = server.connections;
    await atEdge?.callsEnded;
    topic(nats, { service: "calc", topic: "weather", clock }).callRemote(News, { text: "rain" });
    await flushPending();
    gate.resolve();
    expect(await answer).toEqual({});
    await closing;
    await server.close();
  });

  test("closed of its connection resolves although it is read after the client has disconnected", async () => {
    const net = network();
    const peers: NatsPeer[] = [];
    await net.work({
      locator: locator(Count.responder((_, { connection }) => ({ n: peers.push(natsPeer(connection)) }))),
    });
    const { connect } = await startEdge(net);
    const [gone, stays] = [connect(), connect()];
    for (const client of [gone, stays]) await client.callRemote(Count);
    gone.destroy();
    await flushPending();
    const ends = peers.map((peer) => settling(peer.closed).how);
    await flushPending();
    expect(ends).toEqual([["resolved"], []]);
    stays.destroy();
    await flushPending();
    expect(ends).toEqual([["resolved"], ["resolved"]]);
  });

  test("closed resolves although the worker was not connected to NATS when the client disconnected", async () => {
    const net = network();
    const own = net.nats.connect();
    const peers: NatsPeer[] = [];
    await serve(own, {
      service: "calc",
      clock: net.clock,
      locator: locator(Count.responder((_, { connection }) => ({ n: peers.push(natsPeer(connection)) }))),
    });
    const client = (await startEdge(net)).connect();
    await client.callRemote(Count);
    const { how } = settling((peers[0] as NatsPeer).closed);
    own.disconnect();
    client.destroy();
    await flushPending();
    own.reconnect();
    await flushPending();
    net.clock.advance(30_000); // workers look that often
    await flushPending();
    expect(how).toEqual(["resolved"]);
  });

  test("a topic that cannot be part of a subject rejects join() at once", async () => {
    const net = network();
    const errors: unknown[] = [];
    await net.work({
      locator: locator(
        Join.responder(async ({ topic: name }, { connection }) => {
          errors.push(await rejection(natsPeer(connection).join(name)));
        }),
      ),
    });
    const client = (await startEdge(net)).connect();
    for (const name of ["", "x".repeat(2_000)]) await client.callRemote(Join, { topic: name });
    expect(errors).toEqual([expect.any(InvalidSignature), expect.any(InvalidSignature)]);
  });

  test("join() rejects if the edge may not subscribe to the topic, and works when it may", async () => {
    const net = network();
    await net.work({
      locator: joining(locator(Count.responder(() => ({ n: 1 })))),
      onError: () => {},
      closeOnUndeclaredError: false,
    });
    let permits = false;
    const connection = net.nats.connect({
      maySubscribe: (subject) => permits || !subject.includes(".event."),
    });
    const front = await edge(connection, {
      service: "calc",
      commands: [Join],
      clock: net.clock,
      onError: () => {},
    });
    const heard: string[] = [];
    const [client, atEdge] = connectedPair(
      { locator: locator(News.responder(({ text }) => void heard.push(text))) },
      { locator: front.locator },
      { clock: net.clock },
    );
    front.accept(atEdge);
    await rejection(client.callRemote(Join, { topic: "weather" }));
    expect(front.topics).toBe(0);
    permits = true;
    await client.callRemote(Join, { topic: "weather" });
    topic(net.nats, { service: "calc", topic: "weather", clock: net.clock }).callRemote(News, {
      text: "rain",
    });
    await flushPending();
    expect(heard).toEqual(["rain"]);
  });
});

test("close() of a subscription waits for its responders, up to its timeout", async () => {
  const { nats, clock, advance } = network();
  const gates = [deferred(), deferred()];
  const started: string[] = [];
  const open = () =>
    subscribe(nats, {
      service: "calc",
      topic: "weather",
      clock,
      locator: locator(
        News.responder(({ text }) => {
          started.push(text);
          return (gates[started.length - 1] as (typeof gates)[number]).promise;
        }),
      ),
    });
  const publish = () =>
    topic(nats, { service: "calc", topic: "weather", clock }).callRemote(News, { text: "rain" });
  const first = open();
  publish();
  await flushPending();
  const { how } = settling(first.close());
  await flushPending();
  expect([started, how]).toEqual([["rain"], []]);
  gates[0]?.resolve();
  await flushPending();
  expect(how).toEqual(["resolved"]);
  const second = open();
  publish();
  await flushPending();
  const late = settling(second.close({ timeout: 100 }));
  await advance(50);
  expect(late.how).toEqual([]);
  await advance(100);
  expect(late.how).toEqual(["resolved"]);
});
