/** A connection to NATS that breaks, and comes back to another server: what may be sent then, and what is still known. */
import { ConnectionClosed, command, integer, locator, ResponderLost, TLSRequired, unicode } from "ampwire";
import { caller, clientAt, edge, NoResponders, serve } from "ampwire/nats";
import { connectedPair, flushPending, type MemoryNatsConnection } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { deferred } from "../support/deferred.ts";
import { rejection, settling } from "../support/settled.ts";
import { Secret, SumOnce } from "./support/commands.ts";
import { calculator, network } from "./support/network.ts";

const SecretNote = command("SecretNote", {
  arguments: { text: unicode() },
  requiresAnswer: false,
  requireTLS: true,
});
const secrets = locator(Secret.responder(() => ({ text: "s" })));

/** Returns a connection, and a function that rejects one of its subscriptions as a NATS server whose configuration has changed. */
function rejecting(connection: MemoryNatsConnection) {
  const rejections = new Map<string, () => void>();
  const subscribe = connection.subscribe.bind(connection);
  connection.subscribe = (subject, options) => {
    const subscription = subscribe(subject, options);
    rejections.set(subject, () => subscription.reject(new Error(`no permission for ${subject}`)));
    return subscription;
  };
  return { connection, reject: (subject: string) => rejections.get(subject)?.() };
}

describe("a command with requireTLS", () => {
  test("a call waits while the encrypted connection to NATS is broken, and is made when it is back", async () => {
    const { nats, work, clock } = network();
    await work({ locator: secrets });
    const far = nats.connect({ server: "nats.example:4222", tls: true });
    const calc = caller(far, { service: "calc", clock });
    far.disconnect();
    await flushPending();
    const answer = calc.callRemote(Secret);
    await flushPending();
    expect(calc.waiting).toBe(1);
    far.reconnect();
    expect(await answer).toEqual({ text: "s" });
  });

  test("a call that waits is rejected with TLSRequired if the next server is reached in plaintext", async () => {
    const { nats, work, clock } = network();
    let served = 0;
    await work({
      locator: locator(
        Secret.responder(() => {
          served++;
          return { text: "s" };
        }),
      ),
    });
    const options = { server: "nats-1.example:4222", tls: true };
    const far = nats.connect(options);
    const calc = caller(far, { service: "calc", clock });
    expect(await calc.callRemote(Secret)).toEqual({ text: "s" });
    far.disconnect();
    await flushPending();
    const error = rejection(calc.callRemote(Secret));
    options.tls = false; // a server in place of the other one, which an attacker may be
    far.reconnect();
    expect(await error).toBeInstanceOf(TLSRequired);
    expect(served).toBe(1);
  });

  test("a command without an answer that waits is dropped and reported if the next server is reached in plaintext", async () => {
    const { nats, work, clock } = network();
    const served: string[] = [];
    await work({ locator: locator(SecretNote.responder(({ text }) => void served.push(text))) });
    const options = { server: "nats-1.example:4222", tls: true };
    const far = nats.connect(options);
    const errors: unknown[] = [];
    const front = await edge(far, {
      service: "calc",
      commands: [SecretNote],
      clock,
      onError: (error) => void errors.push(error),
    });
    const [client, b] = connectedPair({}, { locator: front.locator }, { clock, fakeTLS: true });
    front.accept(b);
    await client.startTLS();
    client.callRemote(SecretNote, { text: "first" });
    await flushPending();
    far.disconnect();
    await flushPending();
    client.callRemote(SecretNote, { text: "second" });
    await flushPending();
    options.tls = false;
    far.reconnect();
    await flushPending();
    expect(served).toEqual(["first"]);
    expect(errors).toMatchObject([{ code: "TLS_REQUIRED" }]);
  });
});

describe("silence", () => {
  test("a caller with a short silence learns of a lost worker in time, although another one has a long silence", async () => {
    const { nats, work, advance, clock } = network();
    await work({ heartbeat: 1e9, locator: locator(SumOnce.responder(() => new Promise(() => {}))) });
    const connection = nats.connect();
    const [long, short] = [60_000, 500].map((silence) =>
      caller(connection, { service: "calc", silence, clock }),
    );
    const [a, b] = [long, short].map((one) =>
      settling(one?.callRemote(SumOnce, { a: 1, b: 2 }) as Promise<unknown>),
    );
    await advance(600);
    expect([a?.how, b?.how]).toEqual([[], ["rejected"]]);
    clock.advance(60_000);
    await flushPending();
    expect(a?.how).toEqual(["rejected"]);
  });
});

describe("a first use of a connection that is broken", () => {
  test("a call waits for the connection, and does not count as lost", async () => {
    const { nats, work, clock } = network();
    await work();
    const connection = nats.connect();
    connection.disconnect();
    const answer = caller(connection, { service: "calc", clock }).callRemote(SumOnce, { a: 1, b: 2 });
    await flushPending();
    connection.reconnect();
    expect(await answer).toEqual({ total: 3 });
  });
});

describe("a NATS connection that is closed permanently", () => {
  test("a client of the edge gets Unavailable for later calls and for those that wait, and ResponderLost for those in progress", async () => {
    const { nats, clock, work } = network();
    await work({ locator: locator(SumOnce.responder(() => new Promise(() => {}))) });
    const connection = nats.connect();
    const front = await edge(connection, { service: "calc", commands: [SumOnce], clock });
    const [client, b] = connectedPair({}, { locator: front.locator }, { clock });
    front.accept(b);
    const code = async () =>
      (await rejection(client.callRemote(SumOnce, { a: 1, b: 2 }))) as { code?: string };
    const inProgress = code();
    await flushPending();
    connection.disconnect();
    await flushPending();
    const waiting = code();
    await flushPending();
    await connection.close();
    const codes = await Promise.all([inProgress, waiting, code()]);
    expect(codes.map((error) => error.code)).toEqual(["RESPONDER_LOST", "UNAVAILABLE", "UNAVAILABLE"]);
  });
});

describe("permissions", () => {
  test("an inbox that the server has refused is tried again when the connection comes back", async () => {
    let isPermitted = false;
    const { nats, work, clock } = network();
    await work();
    const connection = nats.connect({ maySubscribe: () => isPermitted });
    const calc = caller(connection, { service: "calc", clock, patience: 0 });
    expect(await rejection(calc.callRemote(SumOnce, { a: 1, b: 2 }))).toBeInstanceOf(ResponderLost);
    expect(await rejection(calc.callRemote(SumOnce, { a: 1, b: 2 }))).toBeInstanceOf(NoResponders);
    isPermitted = true;
    connection.disconnect();
    connection.reconnect();
    await flushPending();
    expect(await calc.callRemote(SumOnce, { a: 1, b: 2 })).toEqual({ total: 3 });
  });

  test("an inbox that the server has refused is looked at again, without a call that cannot be answered", async () => {
    let isPermitted = false;
    const { nats, work, clock } = network();
    let served = 0;
    const sum = SumOnce.responder(({ a, b }) => {
      served++;
      return { total: a + b };
    });
    await work({ locator: locator(sum) });
    const calc = caller(nats.connect({ maySubscribe: () => isPermitted }), { service: "calc", clock });
    const fails = () => rejection(calc.callRemote(SumOnce, { a: 1, b: 2 }));
    expect(await fails()).toBeInstanceOf(ResponderLost); // it was sent before the refusal arrived
    for (let i = 0; i < 3; i++) {
      clock.advance(1_000);
      expect(await fails()).toBeInstanceOf(NoResponders);
      await flushPending();
    }
    isPermitted = true;
    clock.advance(1_000);
    await fails();
    await flushPending();
    expect(served).toBe(1);
    expect(await calc.callRemote(SumOnce, { a: 1, b: 2 })).toEqual({ total: 3 });
  });

  test("a worker whose subscription is rejected while it runs reports it, and subscribes again", async () => {
    const { nats, call, clock, advance } = network();
    const { connection, reject } = rejecting(nats.connect());
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const worker = await serve(connection, { service: "calc", locator: calculator(), clock, onError });
    const sum = () => call({ patience: 0 }).callRemote(SumOnce, { a: 1, b: 2 });
    reject("calc.call.SumOnce");
    await rejection(sum());
    expect(errors).toMatchObject([{ message: "no permission for calc.call.SumOnce" }]);
    await advance(30_000);
    expect(await sum()).toEqual({ total: 3 });
    reject("calc.call.SumOnce");
    await worker.close();
    await advance(30_000);
    expect(connection.subscriptionCount).toBe(0);
  });

  test("no timer of a rejected subscription is left when the NATS connection is closed", async () => {
    const { nats, clock } = network();
    const { connection, reject } = rejecting(nats.connect());
    await serve(connection, { service: "calc", locator: calculator(), clock, onError: () => {} });
    await edge(connection, { service: "calc", commands: [], clock, onError: () => {} });
    reject("calc.call.SumOnce");
    expect(clock.pending).toBe(1);
    await connection.close();
    await flushPending();
    expect(clock.pending).toBe(0);
  });

  test("an edge whose subscription is rejected while it runs reports it, and subscribes again", async () => {
    const { nats, clock, advance } = network();
    const { connection, reject } = rejecting(nats.connect());
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const front = await edge(connection, { service: "calc", commands: [], clock, onError });
    const [, b] = connectedPair({ locator: calculator() }, { locator: front.locator }, { clock });
    front.accept(b);
    const subject = `calc.client.${front.id}.*`;
    const far = clientAt(nats.connect(), `calc.${front.id}.1`, { clock });
    reject(subject);
    await flushPending();
    expect(errors).toMatchObject([{ message: `no permission for ${subject}` }]);
    expect(await rejection(far.callRemote(SumOnce, { a: 1, b: 2 }))).toBeInstanceOf(NoResponders);
    await advance(30_000);
    expect(await far.callRemote(SumOnce, { a: 1, b: 2 })).toEqual({ total: 3 });
    front.destroy();
  });

  test("a worker reports an answer that the server does not permit", async () => {
    const { nats, call, clock } = network();
    const errors: unknown[] = [];
    const connection = nats.connect({ mayPublish: (subject) => !subject.startsWith("_INBOX") });
    await serve(connection, {
      service: "calc",
      locator: calculator(),
      clock,
      onError: (error) => void errors.push(error),
    });
    const calc = call();
    const unanswered = rejection(calc.callRemote(SumOnce, { a: 1, b: 2 }));
    await flushPending();
    expect(errors).toMatchObject([
      {
        message: expect.stringMatching(
          /does not permit the worker to publish to _INBOX\..*: set allow_responses/,
        ),
      },
    ]);
    calc.destroy();
    await unanswered;
  });

  test("an edge reports what it may not publish, and its client does not see the subject", async () => {
    const { nats, clock, work } = network();
    await work();
    const errors: Error[] = [];
    const connection = nats.connect({ mayPublish: () => false });
    const front = await edge(connection, {
      service: "calc",
      commands: [SumOnce],
      clock,
      onError: (error) => void errors.push(error as Error),
    });
    const [client, b] = connectedPair({}, { locator: front.locator }, { clock });
    front.accept(b);
    const error = await rejection(client.callRemote(SumOnce, { a: 1, b: 2 }));
    expect(error).toMatchObject({ code: "UNAVAILABLE" });
    expect(error.message).not.toContain("calc.edge");
    client.destroy();
    await flushPending();
    expect(errors.map(({ message }) => message)).toEqual([
      "the NATS server does not permit this user to publish to calc.edge.SumOnce",
      expect.stringContaining("the NATS server does not permit the edge to publish to calc.gone."),
    ]);
  });
});

describe("clients that have gone", () => {
  test("with affinity, asks that wait for the first answer are not forwarded once their client has disconnected", async () => {
    const net = network();
    const served: number[] = [];
    const gate = deferred();
    const Slow = command("Slow", { arguments: { n: integer() }, response: {} });
    const worker = await net.work({
      affinity: "connection",
      locator: locator(
        Slow.responder(async ({ n }) => {
          served.push(n);
          await gate.promise;
          return {};
        }),
      ),
    });
    const front = await edge(net.nats.connect(), {
      service: "calc",
      commands: [Slow],
      clock: net.clock,
      affinity: "connection",
    });
    const [client, b] = connectedPair({}, { locator: front.locator }, { clock: net.clock });
    front.accept(b);
    for (const n of [1, 2, 3]) void rejection(client.callRemote(Slow, { n }));
    await flushPending();
    client.destroy();
    await flushPending();
    gate.resolve();
    await flushPending();
    expect(served).toEqual([1]);
    expect(worker.inProgress).toBe(0);
  });
});

describe("close() of a caller", () => {
  test("at its timeout and at its signal the calls in progress are rejected", async () => {
    const { work, call, advance } = network();
    await work({ locator: locator(SumOnce.responder(() => new Promise(() => {}))) });
    const [timed, aborted, late] = [call(), call(), call()];
    const abort = new AbortController();
    const errors = [timed, aborted, late].map((one) => rejection(one.callRemote(SumOnce, { a: 1, b: 2 })));
    await flushPending();
    const ends = [timed.close({ timeout: 100 }), aborted.close({ signal: abort.signal })];
    abort.abort();
    await advance(200);
    await Promise.all([...ends, late.close({ signal: AbortSignal.abort() })]);
    for (const error of await Promise.all(errors)) expect(error).toBeInstanceOf(ConnectionClosed);
  });

  test("invalid options are rejected", async () => {
    const { call } = network();
    await expect(call().close({ timeout: -1 })).rejects.toThrow(
      "timeout must be a number of at least 0, not -1",
    );
    await expect(call().close({ timeoutt: 1 } as never)).rejects.toThrow('did you mean "timeout"');
  });
});
