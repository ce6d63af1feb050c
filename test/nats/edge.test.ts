/** Edges over a NATS server in memory: connections of clients in memory, workers, calls back and topics. */
import {
  Box,
  CallTimeout,
  type Connection,
  ConnectionLost,
  type ConnectionOptions,
  command,
  encodeBox,
  InvalidSignature,
  integer,
  locator,
  ResponderLost,
  StartTLS,
  TLSRequired,
  TooLong,
  Unavailable,
  UnhandledCommand,
  UnknownRemoteError,
  unicode,
} from "ampwire";
import {
  clientAt,
  type EdgeOptions,
  edge,
  type NatsEdge,
  NoResponders,
  natsPeer,
  serve,
  subscribe,
  topic,
} from "ampwire/nats";
import { PrivateCertificate } from "ampwire/node";
import { connectedPair, fakeCertificate, flushPending, type MemoryNatsConnection } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { rejection, settling } from "../support/settled.ts";
import {
  Broken,
  Divide,
  Echo,
  Get,
  News,
  NoSuchKey,
  Note,
  Secret,
  Sum,
  SumOnce,
  WhoAmI,
  YourName,
  ZeroDivision,
} from "./support/commands.ts";
import { calculator, type Network, network } from "./support/network.ts";

const COMMANDS = [Sum, SumOnce, Divide, Echo, Get, Note, Secret, WhoAmI];

interface Front {
  readonly front: NatsEdge;
  readonly connection: MemoryNatsConnection;
  /** Connects a client. The second connection is that of the edge. */
  connect(options?: ConnectionOptions, server?: ConnectionOptions): [client: Connection, server: Connection];
}

async function startEdge({ nats, clock }: Network, options: Partial<EdgeOptions> = {}): Promise<Front> {
  const connection = nats.connect();
  const front = await edge(connection, { service: "calc", commands: COMMANDS, clock, ...options });
  return {
    front,
    connection,
    connect(client = {}, server = {}) {
      const [a, b] = connectedPair(client, { locator: front.locator, ...server }, { clock, fakeTLS: true });
      front.accept(b);
      return [a, b];
    },
  };
}

describe("calls of clients", () => {
  test("a call of a client is executed by a worker", async () => {
    const net = network();
    await net.work();
    const [client] = (await startEdge(net)).connect();
    expect(await client.callRemote(Sum, { a: 13, b: 81 })).toEqual({ total: 94 });
    const many = Array.from({ length: 50 }, (_, a) => client.callRemote(Sum, { a, b: 1 }));
    expect((await Promise.all(many)).map(({ total }) => total)).toEqual(many.map((_, a) => a + 1));
  });

  test("a declared error passes through the edge with its data", async () => {
    const net = network();
    await net.work({
      locator: locator(
        calculator(),
        Get.responder(({ key }) => {
          throw new NoSuchKey("not found", { key });
        }),
      ),
    });
    const [client] = (await startEdge(net)).connect();
    const error = await rejection(client.callRemote(Divide, { numerator: 1, denominator: 0 }));
    expect(error).toBeInstanceOf(ZeroDivision);
    expect(error.message).toBe("cannot divide by zero");
    expect(await rejection(client.callRemote(Get, { key: "k" }))).toMatchObject({ key: "k" });
    expect(client.state).toBe("open");
  });

  test("an error code that the client does not declare arrives with its code", async () => {
    const net = network();
    await net.work();
    const [client] = (await startEdge(net)).connect();
    const Undeclared = command("Divide", { arguments: { numerator: integer(), denominator: integer() } });
    const error = await rejection(client.callRemote(Undeclared, { numerator: 1, denominator: 0 }));
    expect(error).toMatchObject({ errorCode: "ZERO_DIVISION", description: "cannot divide by zero" });
  });

  test("a fatal error closes the client's connection after it has arrived", async () => {
    const net = network();
    await net.work();
    const [client] = (await startEdge(net)).connect();
    expect(await rejection(client.callRemote(Divide, { numerator: 1, denominator: -1 }))).toBeInstanceOf(
      Broken,
    );
    await client.closed;
  });

  test("an undeclared error closes the client's connection, unless the edge or the worker says otherwise", async () => {
    for (const [onEdge, onWorker, state] of [
      [undefined, undefined, "closed"],
      [false, undefined, "open"],
      [undefined, false, "open"],
    ] as const) {
      const net = network();
      await net.work({ closeOnUndeclaredError: onWorker });
      const [client] = (await startEdge(net, { closeOnUndeclaredError: onEdge })).connect();
      const error = await rejection(client.callRemote(Divide, { numerator: 1, denominator: -2 }));
      expect(error).toBeInstanceOf(UnknownRemoteError);
      expect(error.message).not.toContain("secret");
      await flushPending();
      expect(client.state).toBe(state);
    }
  });

  test("a command that the edge does not list is not forwarded", async () => {
    const net = network();
    let served = 0;
    const Hidden = command("Hidden");
    await net.work({ locator: locator(Hidden.responder(() => void served++)) });
    const [client] = (await startEdge(net)).connect();
    expect(await rejection(client.callRemote(Hidden))).toBeInstanceOf(UnhandledCommand);
    expect(served).toBe(0);
  });

  test("a command that the edge serves itself comes first", async () => {
    const net = network();
    await net.work();
    const { front, connect } = await startEdge(net);
    const own = locator(
      Sum.responder(() => ({ total: -1 })),
      front.locator,
    );
    const [client] = connect({}, { locator: own });
    expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: -1 });
    expect(await client.callRemote(SumOnce, { a: 1, b: 2 })).toEqual({ total: 3 });
    expect(own.names?.()?.toSorted()).toEqual(COMMANDS.map(({ name }) => name).toSorted());
  });

  test("a client without a worker gets Unavailable, which means not executed", async () => {
    const net = network();
    const [client] = (await startEdge(net, { patience: 0 })).connect();
    expect(await rejection(client.callRemote(SumOnce, { a: 1, b: 2 }))).toBeInstanceOf(Unavailable);
  });

  test("a client whose worker is lost gets ResponderLost, and its connection stays open", async () => {
    const net = network();
    const worker = net.nats.connect();
    const never = locator(SumOnce.responder(() => new Promise(() => {})));
    await serve(worker, { service: "calc", clock: net.clock, locator: never });
    const [client] = (await startEdge(net)).connect();
    const error = rejection(client.callRemote(SumOnce, { a: 1, b: 2 }));
    await flushPending();
    worker.disconnect();
    await net.advance(3_100);
    expect(await error).toBeInstanceOf(ResponderLost);
    expect(client.state).toBe("open");
  });

  test("a client whose call is not answered in time gets CallTimeout", async () => {
    const net = network();
    await net.work({ locator: locator(SumOnce.responder(() => new Promise(() => {}))) });
    const [client] = (await startEdge(net, { callTimeout: 500 })).connect();
    const error = rejection(client.callRemote(SumOnce, { a: 1, b: 2 }));
    await net.advance(600);
    expect(await error).toBeInstanceOf(CallTimeout);
  });

  test("a client whose box is too large for NATS gets TooLong", async () => {
    const net = network({ maxPayload: 10_000 });
    await net.work();
    const [client] = (await startEdge(net)).connect();
    expect(await rejection(client.callRemote(Echo, { data: new Uint8Array(10_000) }))).toBeInstanceOf(
      TooLong,
    );
    expect(client.state).toBe("open");
  });

  test("a command without an answer reaches a worker", async () => {
    const net = network();
    const notes: string[] = [];
    await net.work({ locator: locator(Note.responder(({ text }) => void notes.push(text))) });
    const [client] = (await startEdge(net)).connect();
    client.callRemote(Note, { text: "hello" });
    await flushPending();
    expect(notes).toEqual(["hello"]);
  });

  test("a connection that was not accepted is accepted with its first call", async () => {
    const net = network();
    await net.work();
    const { front } = await startEdge(net);
    const [client] = connectedPair({}, { locator: front.locator }, { clock: net.clock });
    expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
    expect(front.clients).toBe(1);
  });

  test("the signals of a client's asks are aborted when it disconnects", async () => {
    const net = network();
    const reasons: unknown[] = [];
    await net.work({
      locator: locator(
        SumOnce.responder((_, { signal, connection }) => {
          signal.addEventListener("abort", () => reasons.push(signal.reason));
          void connection.closed.then((reason) => reasons.push(reason));
          return new Promise(() => {});
        }),
      ),
    });
    const [client] = (await startEdge(net)).connect();
    void rejection(client.callRemote(SumOnce, { a: 1, b: 2 }));
    await flushPending();
    client.destroy();
    await flushPending();
    expect(reasons).toHaveLength(2);
    for (const reason of reasons) expect(reason).toBeInstanceOf(ConnectionLost);
  });
});

describe("identity", () => {
  test("a worker gets the facts that the edge has found", async () => {
    const net = network();
    const seen: unknown[] = [];
    await net.work({
      locator: locator(
        WhoAmI.responder((_, { connection }) => {
          const { identity, address, secure } = natsPeer(connection);
          seen.push({ identity, secure, address });
          return { text: "" };
        }),
      ),
    });
    let user = "Zoë\nNewline";
    const { front, connect } = await startEdge(net, { identify: () => ({ user }) });
    const [client] = connect();
    await client.callRemote(WhoAmI);
    user = "second";
    await client.callRemote(WhoAmI);
    expect(seen).toEqual([
      { identity: { user: "Zoë\nNewline" }, secure: false, address: `calc.${front.id}.1` },
      { identity: { user: "second" }, secure: false, address: `calc.${front.id}.1` },
    ]);
  });

  test("the verified certificate of a client reaches the worker once it is inside TLS", async () => {
    const net = network();
    const seen: unknown[] = [];
    await net.work({
      locator: locator(
        WhoAmI.responder((_, { connection }) => {
          const { secure, tls, peerCertificate } = connection;
          seen.push([
            secure,
            tls?.protocol,
            tls?.verified,
            peerCertificate?.commonName,
            peerCertificate?.toPEM(),
          ]);
          return { text: "" };
        }),
      ),
    });
    const pem = (await PrivateCertificate.authority({ commonName: "cliënt.example" })).toPEM();
    const certificate = { ...fakeCertificate("client"), toPEM: () => pem };
    const edgeCertificate = fakeCertificate("edge");
    const { connect } = await startEdge(net);
    const [client] = connect(
      { tls: { localCertificate: certificate } },
      { tls: { localCertificate: edgeCertificate, verifyAuthorities: [certificate] } },
    );
    await client.callRemote(WhoAmI);
    await client.startTLS();
    await client.callRemote(WhoAmI);
    const [unverified] = connect(
      { tls: { localCertificate: certificate } },
      { tls: { localCertificate: edgeCertificate } },
    );
    await unverified.startTLS();
    await unverified.callRemote(WhoAmI);
    expect(seen).toEqual([
      [false, undefined, undefined, undefined, undefined],
      [true, "fake", true, "cliënt.example", pem],
      [true, "fake", false, undefined, undefined],
    ]);
  });

  test("headers on the subject of programs are not read", async () => {
    const net = network();
    const seen: unknown[] = [];
    await net.work({
      locator: locator(
        WhoAmI.responder((_, { connection }) => {
          const { identity, address, tls } = natsPeer(connection);
          seen.push(identity, address, tls);
          return { text: "" };
        }),
      ),
    });
    await startEdge(net);
    net.nats.setFault(() => undefined);
    const { headers } = await import("@nats-io/nats-core");
    const forged = headers();
    forged.set("Amp-Connection", "edge.1");
    forged.set("Amp-TLS", "TLSv1.3 x");
    forged.set("Amp-Identity", '{"user":"root"}');
    const { encodeBox } = await import("ampwire");
    net.nats.publish("calc.call.WhoAmI", encodeBox(new Box({ _ask: "1", _command: "WhoAmI" })), {
      reply: "reply.1",
      headers: forged,
    });
    await flushPending();
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  test("what identify throws closes the connection as an undeclared error, and is not sent", async () => {
    const net = network();
    await net.work();
    const errors: unknown[] = [];
    const { connect } = await startEdge(net, {
      identify: () => {
        throw new Error("no such user");
      },
    });
    const [client] = connect({}, { onError: (error) => errors.push(error) });
    const error = await rejection(client.callRemote(Sum, { a: 1, b: 2 }));
    expect(error.message).not.toContain("no such user");
    expect(errors).toHaveLength(1);
  });

  test("a command with requireTLS is served to a client inside TLS only", async () => {
    const net = network();
    await net.work({ locator: locator(Secret.responder(() => ({ text: "s" }))) });
    const [client] = (await startEdge(net)).connect();
    expect(await rejection(client.callRemoteString("Secret"))).toBeInstanceOf(TLSRequired);
    await client.startTLS();
    expect(await client.callRemote(Secret)).toEqual({ text: "s" });
  });

  test("a worker checks TLS too, if the edge has a definition of the command without requireTLS", async () => {
    const net = network();
    await net.work({ locator: locator(Secret.responder(() => ({ text: "s" }))) });
    const Lax = command("Secret", { response: { text: unicode() } });
    const [client] = (await startEdge(net, { commands: [Lax] })).connect();
    expect(await rejection(client.callRemote(Lax))).toBeInstanceOf(TLSRequired);
  });

  test("a command with requireTLS does not leave an edge over NATS without TLS", async () => {
    const net = network();
    await net.work({ locator: locator(Secret.responder(() => ({ text: "s" }))) });
    const far = net.nats.connect({ server: "nats.example:4222" });
    const front = await edge(far, { service: "calc", commands: [Secret], clock: net.clock });
    const [client] = connectedPair({}, { locator: front.locator }, { clock: net.clock, fakeTLS: true });
    await client.startTLS();
    expect(await rejection(client.callRemote(Secret))).toBeInstanceOf(TLSRequired);
  });
});

describe("calls to clients", () => {
  const callBack = locator(
    WhoAmI.responder(async (_, { connection }) => {
      const { name } = await connection.callRemote(YourName);
      return { text: `${name} at ${natsPeer(connection).address}` };
    }),
    Sum.responder(({ a, b }) => ({ total: a + b })),
  );
  const named = (name: string): ConnectionOptions => ({
    locator: locator(YourName.responder(() => ({ name }))),
  });

  test("a worker calls the client back during its call", async () => {
    const net = network();
    await net.work({ locator: callBack });
    const { front, connect } = await startEdge(net);
    const [a] = connect(named("a"));
    const [b] = connect(named("b"));
    expect(await a.callRemote(WhoAmI)).toEqual({ text: `a at calc.${front.id}.1` });
    expect(await b.callRemote(WhoAmI)).toEqual({ text: `b at calc.${front.id}.2` });
  });

  test("the address of a client reaches it from any program, and nothing after it has disconnected", async () => {
    const net = network();
    const { front, connect } = await startEdge(net);
    const [client] = connect(named("a"));
    const far = clientAt(net.nats.connect(), `calc.${front.id}.1`, { clock: net.clock });
    expect(await far.callRemote(YourName)).toEqual({ name: "a" });
    client.destroy();
    await flushPending();
    expect(await rejection(far.callRemote(YourName))).toBeInstanceOf(NoResponders);
  });

  test("a client that is lost during a call back is reported as lost, not as not executed", async () => {
    const net = network();
    const { front, connect } = await startEdge(net);
    const [client] = connect({ locator: locator(YourName.responder(() => new Promise(() => {}))) });
    const far = clientAt(net.nats.connect(), `calc.${front.id}.1`, { clock: net.clock });
    const error = rejection(far.callRemote(YourName));
    await flushPending();
    client.destroy();
    expect(await error).toBeInstanceOf(ResponderLost);
  });

  test("an error of a client arrives at the worker with its code", async () => {
    const net = network();
    const { front, connect } = await startEdge(net);
    connect();
    const far = clientAt(net.nats.connect(), `calc.${front.id}.1`, { clock: net.clock });
    expect(await rejection(far.callRemote(YourName))).toBeInstanceOf(UnhandledCommand);
  });

  test("a call to a client that takes long is kept alive by heartbeats of the edge", async () => {
    const net = network();
    const { front, connect } = await startEdge(net);
    let answer: (value: { name: string }) => void = () => {};
    connect({
      locator: locator(
        YourName.responder(
          () =>
            new Promise((resolve) => {
              answer = resolve;
            }),
        ),
      ),
    });
    const far = clientAt(net.nats.connect(), `calc.${front.id}.1`, { clock: net.clock });
    const called = far.callRemote(YourName);
    const { how } = settling(called);
    await net.advance(10_000);
    expect(how).toEqual([]);
    answer({ name: "slow" });
    expect(await called).toEqual({ name: "slow" });
  });

  test("StartTLS cannot be called on a client through its edge", () => notCalledThroughEdge(StartTLS.name));

  test("GoAway cannot be called on a client through its edge", () => notCalledThroughEdge("ampwire.GoAway"));

  async function notCalledThroughEdge(name: string): Promise<void> {
    const net = network();
    const { front, connect } = await startEdge(net);
    const [client] = connect(named("a"));
    const far = clientAt(net.nats.connect(), `calc.${front.id}.1`, { clock: net.clock });
    expect(await rejection(far.callRemoteString(name))).toMatchObject({ code: "MALFORMED_BOX" });
    await flushPending();
    expect([client.state, client.secure, client.acceptsCalls]).toEqual(["open", false, true]);
  }

  test("a command with requireTLS is not sent to a client in plaintext", async () => {
    const net = network();
    const { front, connect } = await startEdge(net);
    const [client] = connect({ locator: locator(Secret.responder(() => ({ text: "s" }))) });
    const far = clientAt(net.nats.connect(), `calc.${front.id}.1`, { clock: net.clock });
    expect(await rejection(far.callRemote(Secret))).toBeInstanceOf(TLSRequired);
    await client.startTLS();
    expect(await far.callRemote(Secret)).toEqual({ text: "s" });
  });

  test.each(["", "calc", "calc.edge", "calc.e.1.2", "calc.*.1", "calc.e.>", "a b.c.d"])(
    "the address %j is rejected",
    (address) => {
      const { nats } = network();
      expect(() => clientAt(nats, address)).toThrow(InvalidSignature);
    },
  );

  test("a responder cannot call a program back", async () => {
    const net = network();
    const errors: unknown[] = [];
    await net.work({ locator: callBack, onError: (error) => errors.push(error) });
    await rejection(net.call().callRemote(WhoAmI));
    expect(errors[0]).toBeInstanceOf(InvalidSignature);
  });

  test("a worker closes the connection of a client", async () => {
    const net = network();
    await net.work({
      locator: locator(
        WhoAmI.responder(async (_, { connection }) => {
          await connection.close();
          return { text: "bye" };
        }),
      ),
    });
    const [client] = (await startEdge(net)).connect();
    expect(await client.callRemote(WhoAmI)).toEqual({ text: "bye" });
    await client.closed;
  });

  test.each(["timeout", "signal", "aborted signal"])(
    "close() of a worker destroys the connection of a client at the limit: %s",
    async (limit) => {
      const net = network();
      const abort = new AbortController();
      const options = {
        timeout: { timeout: 100 },
        signal: { signal: abort.signal },
        "aborted signal": { signal: AbortSignal.abort() },
      }[limit];
      await net.work({
        locator: locator(
          WhoAmI.responder(async (_, { connection }) => {
            await connection.close(options);
            return await new Promise<never>(() => {}); // without a limit, close() would wait for this answer
          }),
        ),
      });
      const [client] = (await startEdge(net)).connect();
      const answer = settling(client.callRemote(WhoAmI));
      await flushPending();
      if (limit !== "aborted signal") expect(answer.how).toEqual([]);
      abort.abort();
      await net.advance(100);
      expect(answer.how).toEqual(["rejected"]);
      await client.closed;
    },
  );

  test("close() of a worker refuses invalid options", async () => {
    const net = network();
    const errors: unknown[] = [];
    await net.work({
      onError: (error) => void errors.push(error),
      locator: locator(
        WhoAmI.responder(async (_, { connection }) => {
          await connection.close({ timeout: -1 });
          return { text: "" };
        }),
      ),
    });
    const [client] = (await startEdge(net)).connect();
    await rejection(client.callRemote(WhoAmI));
    expect(errors).toMatchObject([{ message: "timeout must be a number of at least 0, not -1" }]);
  });
});

describe("topics", () => {
  const Join = command("Join", { arguments: { topic: unicode() } });
  const Leave = command("Leave", { arguments: { topic: unicode() } });
  const joining = locator(
    Join.responder(async ({ topic: name }, { connection }) => {
      await natsPeer(connection).join(name);
    }),
    Leave.responder(async ({ topic: name }, { connection }) => {
      await natsPeer(connection).leave(name);
    }),
  );
  const listener = (heard: string[]): ConnectionOptions => ({
    locator: locator(News.responder(({ text }) => void heard.push(text))),
  });

  test("a client gets the commands of the topics that it has joined, until it leaves", async () => {
    const net = network();
    await net.work({ locator: joining });
    const { front, connect } = await startEdge(net, { commands: [Join, Leave] });
    const a: string[] = [];
    const b: string[] = [];
    const [first] = connect(listener(a));
    const [second] = connect(listener(b));
    await first.callRemote(Join, { topic: "weather.north *" });
    await second.callRemote(Join, { topic: "sport" });
    const weather = topic(net.nats, { service: "calc", topic: "weather.north *", clock: net.clock });
    weather.callRemote(News, { text: "rain" });
    topic(net.nats, { service: "calc", topic: "sport", clock: net.clock }).callRemote(News, { text: "goal" });
    await flushPending();
    expect([a, b]).toEqual([["rain"], ["goal"]]);
    await first.callRemote(Leave, { topic: "weather.north *" });
    weather.callRemote(News, { text: "sun" });
    await flushPending();
    expect(a).toEqual(["rain"]);
    expect(front.topics).toBe(1);
    second.destroy();
    await flushPending();
    expect(front.topics).toBe(0);
  });

  test.each([StartTLS.name, "ampwire.GoAway"])(
    "%s on a topic is reported by the edge, and no client gets it",
    async (name) => {
      const net = network();
      await net.work({ locator: joining });
      const errors: unknown[] = [];
      const onError = (error: unknown) => void errors.push(error);
      const { connect, connection } = await startEdge(net, { commands: [Join, Leave], onError });
      const [client] = connect();
      await client.callRemote(Join, { topic: "weather" });
      connection.publish("calc.event.weather", encodeBox(new Box({ _command: name })));
      await flushPending();
      expect(errors).toMatchObject([{ code: "MALFORMED_BOX" }]);
      expect(client.acceptsCalls).toBe(true);
    },
  );

  test("no subscription is left after clients have joined topics and disconnected", async () => {
    const net = network();
    await net.work({ locator: joining });
    const { connect } = await startEdge(net, { commands: [Join] });
    const [first] = connect();
    await first.callRemote(Join, { topic: "t" });
    first.destroy();
    await flushPending();
    const before = net.nats.subscriptions;
    for (let i = 0; i < 20; i++) {
      const [client] = connect();
      await client.callRemote(Join, { topic: `t${i % 3}` });
      client.destroy();
    }
    await flushPending();
    expect(net.nats.subscriptions).toBe(before);
  });

  test("a program subscribes to a topic", async () => {
    const { nats, clock } = network();
    const heard: string[] = [];
    const errors: unknown[] = [];
    const subscription = subscribe(nats.connect(), {
      service: "calc",
      topic: "weather",
      clock,
      locator: locator(
        News.responder(({ text }) => {
          if (text === "error") throw new Error("no");
          heard.push(text);
        }),
      ),
      onError: (error) => errors.push(error),
    });
    const weather = topic(nats, { service: "calc", topic: "weather", clock });
    for (const text of ["rain", "error", "sun"]) weather.callRemote(News, { text });
    await flushPending();
    expect(heard).toEqual(["rain", "sun"]);
    expect(errors).toHaveLength(1);
    await subscription.close();
    weather.callRemote(News, { text: "snow" });
    await flushPending();
    expect(heard).toEqual(["rain", "sun"]);
  });

  test("a command with an answer cannot be called on a topic", async () => {
    const { nats, clock } = network();
    const weather = topic(nats, { service: "calc", topic: "weather", clock });
    expect(await rejection(weather.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(InvalidSignature);
  });

  test("a client that does not read is closed, and the others get the commands", async () => {
    const net = network();
    await net.work({ locator: joining });
    const { connect } = await startEdge(net, { commands: [Join] });
    const heard: string[] = [];
    const [reader] = connect(listener(heard));
    const [, slow] = connect({}, { limits: { maxUnsentBytes: 1_000 } });
    await reader.callRemote(Join, { topic: "t" });
    const [sleeper, atEdge] = connect(listener([]), { limits: { maxUnsentBytes: 2_000 } });
    await sleeper.callRemote(Join, { topic: "t" });
    Object.defineProperty(atEdge, "callRemote", {
      value: () => {
        throw new Error("maxUnsentBytes");
      },
    });
    const news = topic(net.nats, { service: "calc", topic: "t", clock: net.clock });
    for (let i = 0; i < 3; i++) news.callRemote(News, { text: String(i) });
    await flushPending();
    expect(heard).toEqual(["0", "1", "2"]);
    expect(atEdge.state).toBe("closed");
    expect(slow.state).toBe("open");
  });
});

describe("affinity", () => {
  const Count = command("Count", { response: { n: integer() } });
  const Key = command("Key", { arguments: { n: integer() }, requiresAnswer: false });
  const counting = (keys: number[] = []) =>
    locator(
      Count.responder((_, { state }) => {
        state.n = Number(state.n ?? 0) + 1;
        return { n: Number(state.n) };
      }),
      Key.responder(({ n }) => void keys.push(n)),
    );

  test("with affinity all asks of a client go to one worker, in order, and their state is kept", async () => {
    const net = network();
    const heard: number[][] = [[], [], []];
    for (const keys of heard) await net.work({ affinity: "connection", locator: counting(keys) });
    const { connect } = await startEdge(net, { affinity: "connection", commands: [Count, Key] });
    const clients = [1, 2, 3, 4].map(() => connect()[0]);
    for (const client of clients) {
      const counts = Array.from({ length: 30 }, () => client.callRemote(Count));
      expect((await Promise.all(counts)).at(-1)).toEqual({ n: 30 });
      for (let n = 0; n < 100; n++) client.callRemote(Key, { n });
    }
    await flushPending();
    expect(heard.flat()).toHaveLength(400);
    for (const keys of heard) expect(keys).toEqual(keys.map((_, index) => index % 100));
  });

  test("commands without an answer keep their order from the first one on", async () => {
    const net = network();
    const keys: number[] = [];
    for (let i = 0; i < 3; i++) await net.work({ affinity: "connection", locator: counting(keys) });
    const [client] = (await startEdge(net, { affinity: "connection", commands: [Key] })).connect();
    for (let n = 0; n < 100; n++) client.callRemote(Key, { n });
    await flushPending();
    expect(keys).toEqual(keys.map((_, index) => index));
    expect(keys).toHaveLength(100);
  });

  test("an edge with affinity reports once that a worker has none", async () => {
    const net = network();
    await net.work({ locator: counting() });
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const { connect } = await startEdge(net, { affinity: "connection", commands: [Count], onError });
    const [client] = connect();
    await Promise.all([client.callRemote(Count), client.callRemote(Count)]);
    expect(errors).toMatchObject([{ message: expect.stringContaining("set the option affinity of serve") }]);
  });

  test("the asks after a first one that takes long go to its worker with its first heartbeat", async () => {
    const net = network();
    const Wait = command("Wait", { response: { text: unicode() } });
    const Say = command("Say", { arguments: { text: unicode() } });
    for (let i = 0; i < 3; i++)
      await net.work({
        affinity: "connection",
        locator: locator(
          Wait.responder(
            (_, { state }) =>
              new Promise((resolve) => {
                state.say = (text: string) => resolve({ text });
              }),
          ),
          Say.responder(({ text }, { state }) => (state.say as (text: string) => void)(text)), // Wait has set it
        ),
      });
    const { connect } = await startEdge(net, { affinity: "connection", commands: [Wait, Say] });
    for (const text of ["a", "b", "c", "d"]) {
      const [client] = connect();
      const waiting = client.callRemote(Wait);
      const said = client.callRemote(Say, { text });
      await net.advance(2_000);
      expect(await said).toEqual({});
      expect(await waiting).toEqual({ text });
    }
  });

  test("the client's connection is closed when its worker has gone", async () => {
    const net = network();
    const worker = await net.work({ affinity: "connection", locator: counting() });
    const [client] = (await startEdge(net, { affinity: "connection", commands: [Count] })).connect();
    await client.callRemote(Count);
    worker.destroy();
    await net.work({ affinity: "connection", locator: counting() });
    expect(await rejection(client.callRemote(Count))).toBeInstanceOf(Unavailable);
    await client.closed;
  });

  test("a worker forgets the clients of an edge that has been killed", async () => {
    const net = network();
    const seen: Promise<Error>[] = [];
    await net.work({
      affinity: "connection",
      locator: locator(
        Count.responder((_, { connection }) => {
          seen.push(connection.closed);
          return { n: 1 };
        }),
      ),
    });
    const { connect, connection } = await startEdge(net, { affinity: "connection", commands: [Count] });
    const [client] = connect();
    await client.callRemote(Count);
    const { how } = settling(seen[0] as Promise<Error>);
    await net.advance(40_000);
    expect(how).toEqual([]);
    connection.disconnect();
    await net.advance(40_000);
    expect(how).toEqual(["resolved"]);
  });
});

describe("the end of an edge", () => {
  test("an edge finishes its calls in progress before it ends", async () => {
    const net = network();
    let answer: (value: { total: number }) => void = () => {};
    await net.work({
      locator: locator(
        SumOnce.responder(
          () =>
            new Promise((resolve) => {
              answer = resolve;
            }),
        ),
      ),
    });
    const { front, connect } = await startEdge(net);
    const [client] = connect();
    const called = client.callRemote(SumOnce, { a: 1, b: 2 });
    await flushPending();
    const { how } = settling(front.close());
    await flushPending();
    expect(how).toEqual([]);
    answer({ total: 3 });
    expect(await called).toEqual({ total: 3 });
    await flushPending();
    expect(how).toEqual(["resolved"]);
  });

  test("close() ends at its timeout although the NATS server hangs", async () => {
    const net = network();
    const { front, connection } = await startEdge(net);
    connection.flush = () => new Promise<void>(() => {});
    const { how } = settling(front.close({ timeout: 1_000 }));
    await net.advance(900);
    expect(how).toEqual([]);
    await net.advance(200);
    expect(how).toEqual(["resolved"]);
  });

  test("a client that disconnects while NATS is away is reported afterwards", async () => {
    const net = network();
    const reasons: unknown[] = [];
    await net.work({
      locator: locator(
        SumOnce.responder((_, { signal }) => {
          signal.addEventListener("abort", () => reasons.push(signal.reason));
          return new Promise(() => {});
        }),
      ),
    });
    const { connect, connection } = await startEdge(net);
    const [client] = connect();
    void rejection(client.callRemote(SumOnce, { a: 1, b: 2 }));
    await flushPending();
    connection.disconnect();
    await flushPending();
    client.destroy();
    await flushPending();
    connection.reconnect();
    await flushPending();
    expect(reasons).toHaveLength(1);
  });

  test("invalid options of an edge are rejected", async () => {
    const { nats } = network();
    const base = { service: "calc", commands: [Sum] };
    await expect(edge(nats, { ...base, commands: [Sum, Sum] })).rejects.toThrow(InvalidSignature);
    await expect(edge(nats, { ...base, commands: [StartTLS] })).rejects.toThrow(InvalidSignature);
    // @ts-expect-error not a command
    await expect(edge(nats, { ...base, commands: ["Sum"] })).rejects.toThrow(InvalidSignature);
    // @ts-expect-error not an array
    await expect(edge(nats, { service: "calc" })).rejects.toThrow(InvalidSignature);
    // @ts-expect-error an unknown value
    await expect(edge(nats, { ...base, affinity: true })).rejects.toThrow(InvalidSignature);
    // @ts-expect-error a misspelt option
    await expect(edge(nats, { ...base, identity: () => ({}) })).rejects.toThrow(/identify/);
  });

  test("an edge without permission for its subjects does not start", async () => {
    const { nats } = network();
    const denied = nats.connect({ maySubscribe: (subject) => !subject.startsWith("calc.client") });
    await expect(edge(denied, { service: "calc", commands: [Sum] })).rejects.toThrow(/permit/);
  });
});
