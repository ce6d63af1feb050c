/** The life of a worker: draining, discovery, permissions, state. */
import { ConnectionClosed, ConnectionLost, InvalidSignature, locator, ResponderLost } from "ampwire";
import { caller, serve } from "ampwire/nats";
import { flushPending, type MemoryMessage } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { settledAtCaller } from "../support/caller.ts";
import { deferred } from "../support/deferred.ts";
import { rejection, settling } from "../support/settled.ts";
import { Divide, Odd, Sum, SumOnce, ZeroDivision } from "./support/commands.ts";
import { calculator, type Network, network } from "./support/network.ts";

describe("draining", () => {
  test("close() answers the asks in progress, and a further call goes to another worker", async () => {
    const { work, call } = network();
    const gate = deferred();
    const slow = locator(
      SumOnce.responder(async ({ a, b }) => {
        await gate.promise;
        return { total: a + b };
      }),
    );
    const worker = await work({ locator: slow });
    const calc = call();
    const first = calc.callRemote(SumOnce, { a: 1, b: 2 });
    await flushPending();
    const { how, over } = settling(worker.close());
    await flushPending();
    expect([worker.inProgress, how]).toEqual([1, []]);
    await work();
    expect(await calc.callRemote(SumOnce, { a: 3, b: 4 })).toEqual({ total: 7 });
    gate.resolve();
    expect(await first).toEqual({ total: 3 });
    await over;
    expect(how).toEqual(["resolved"]);
  });

  test("workers that are replaced one after the other fail no call", async () => {
    const { work, call, advance } = network();
    let workers = [await work(), await work()];
    const calc = call();
    const answers: Promise<unknown>[] = [];
    for (let round = 0; round < 10; round++) {
      for (let a = 0; a < 20; a++) answers.push(calc.callRemote(SumOnce, { a, b: round }));
      const closing = workers.shift()?.close();
      workers = [...workers, await work()];
      await closing;
    }
    await advance(500);
    expect(await Promise.allSettled(answers)).toEqual(
      answers.map(() => expect.objectContaining({ status: "fulfilled" })),
    );
  });

  test("the signal closing of responders is aborted when the worker begins to close", async () => {
    const { work, call } = network();
    const worker = await work({
      locator: locator(
        SumOnce.responder(
          (_, { closing }) =>
            new Promise((resolve) => {
              closing.addEventListener("abort", () => resolve({ total: 0 }));
            }),
        ),
      ),
    });
    const answer = call().callRemote(SumOnce, { a: 1, b: 2 });
    await flushPending();
    await worker.close();
    expect(await answer).toEqual({ total: 0 });
    expect(await worker.closed).toBeInstanceOf(ConnectionClosed);
  });

  test("close() with a timeout drops the asks in progress, and aborts their signals", async () => {
    const { work, call, advance } = network();
    const reasons: unknown[] = [];
    const worker = await work({
      locator: locator(
        SumOnce.responder((_, { signal }) => {
          signal.addEventListener("abort", () => reasons.push(signal.reason));
          return new Promise(() => {});
        }),
      ),
    });
    const error = rejection(call().callRemote(SumOnce, { a: 1, b: 2 }));
    await flushPending();
    const closing = worker.close({ timeout: 1_000 });
    await advance(1_000);
    await closing;
    expect(reasons).toHaveLength(1);
    await advance(3_100);
    expect(await error).toBeInstanceOf(ResponderLost);
  });

  test("no subscription and no timer of a worker is left after its end", async () => {
    const { work, nats, clock, advance, call } = network();
    const calc = call({ patience: 0 });
    await rejection(calc.callRemote(Sum, { a: 1, b: 2 })); // opens its inbox
    const before = nats.subscriptions;
    const worker = await work();
    await calc.callRemote(Sum, { a: 1, b: 2 });
    await worker.close();
    expect(nats.subscriptions).toBe(before);
    await advance(4_000);
    expect(clock.pending).toBe(0);
  });

  test("close() ends although NATS is not connected, or is closed", async () => {
    const { nats, clock } = network();
    for (const end of ["disconnect", "close"] as const) {
      const connection = nats.connect();
      const worker = await serve(connection, { service: "calc", locator: calculator(), clock });
      connection[end]();
      await worker.close();
    }
  });
});

describe("a start", () => {
  test("a worker that may not subscribe does not start", async () => {
    const { nats, clock } = network();
    const denied = nats.connect({ maySubscribe: (subject) => !subject.startsWith("calc.edge") });
    const error = await rejection(serve(denied, { service: "calc", locator: calculator(), clock }));
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(denied.subscriptionCount).toBeLessThanOrEqual(1); // the inbox of its own calls
  });

  test("a worker without permission for discovery starts, and reports it", async () => {
    const { nats, clock, call } = network();
    const errors: unknown[] = [];
    const quiet = nats.connect({ maySubscribe: (subject) => !subject.startsWith("$SRV") });
    await serve(quiet, {
      service: "calc",
      locator: calculator(),
      clock,
      onError: (error) => errors.push(error),
    });
    expect(errors).toHaveLength(9);
    expect(await call().callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  });

  test("a worker that is not connected to NATS does not start", async () => {
    const { nats, clock } = network();
    const connection = nats.connect();
    connection.disconnect();
    const starting = serve(connection, { service: "calc", locator: calculator(), clock });
    expect(await rejection(starting)).toBeInstanceOf(ConnectionLost);
  });

  test.each(["1", "v1.0.0", "1.0", ""])("the version %j is rejected", async (version) => {
    const { nats } = network();
    const starting = serve(nats, { service: "calc", locator: calculator(), version });
    expect(await rejection(starting)).toBeInstanceOf(InvalidSignature);
  });

  test("responders keep no state from one ask to the next without affinity", async () => {
    const { work, call } = network();
    await work({
      locator: locator(
        Odd.responder((_, { state }) => {
          state.n = Number(state.n ?? 0) + 1;
          return { n: Number(state.n) };
        }),
      ),
    });
    const calc = call();
    expect([await calc.callRemote(Odd), await calc.callRemote(Odd)]).toEqual([{ n: 1 }, { n: 1 }]);
  });
});

describe("discovery", () => {
  async function ask({ nats }: Network, subject: string): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = [];
    const inbox = `reply.${subject.length}.${found.length}`;
    const subscription = nats.subscribe(inbox, {
      callback: (_, { data }: MemoryMessage) => {
        if (data.length > 0) found.push(JSON.parse(new TextDecoder().decode(data)));
      },
    });
    nats.publish(subject, new Uint8Array(0), { reply: inbox });
    await flushPending();
    subscription.unsubscribe();
    return found;
  }

  test("workers answer PING for all services, for their service, and for their id", async () => {
    const net = network();
    const worker = await net.work({ version: "1.4.0", metadata: { zone: "a" } });
    await net.work();
    const all = await ask(net, "$SRV.PING");
    expect(all).toHaveLength(2);
    expect(all[0]).toEqual({
      type: "io.nats.micro.v1.ping_response",
      name: "calc",
      id: worker.id,
      version: "1.4.0",
      metadata: { zone: "a" },
    });
    expect(await ask(net, "$SRV.PING.calc")).toHaveLength(2);
    expect(await ask(net, `$SRV.PING.calc.${worker.id}`)).toHaveLength(1);
    expect(await ask(net, "$SRV.PING.other")).toEqual([]);
  });

  test("INFO lists the commands with their subjects", async () => {
    const net = network();
    await net.work({
      description: "sums",
      locator: locator(
        Sum.responder(() => ({ total: 0 })),
        Odd.responder(() => ({ n: 0 })),
      ),
    });
    const [info] = await ask(net, "$SRV.INFO.calc");
    expect(info).toMatchObject({
      type: "io.nats.micro.v1.info_response",
      description: "sums",
      endpoints: [
        { name: "Sum", subject: "calc.call.Sum", queue_group: "calc", metadata: {} },
        { name: "a_b_c_d_e__", queue_group: "calc" },
      ],
    });
  });

  test("STATS counts the asks and the errors of each command", async () => {
    const net = network();
    await net.work();
    const calc = net.call();
    await calc.callRemote(Sum, { a: 1, b: 2 });
    await rejection(calc.callRemoteString("Sum"));
    const [stats] = await ask(net, "$SRV.STATS.calc");
    expect(stats).toMatchObject({ type: "io.nats.micro.v1.stats_response", started: expect.any(String) });
    expect(stats).toHaveProperty("endpoints.0");
    const endpoints = (stats as { endpoints: unknown[] }).endpoints;
    expect(endpoints[0]).toMatchObject({
      name: "Sum",
      num_requests: 2,
      num_errors: 1,
      last_error: "UNKNOWN",
    });
  });
});

describe("callers", () => {
  test("close() waits for the calls in progress, and later calls are rejected", async () => {
    const { work, call } = network();
    const gate = deferred<{ total: number }>();
    await work({ locator: locator(SumOnce.responder(() => gate.promise)) });
    const calc = call();
    const answer = calc.callRemote(SumOnce, { a: 1, b: 2 });
    const { how } = settling(calc.close());
    await flushPending();
    expect([how, calc.inProgress]).toEqual([[], 1]);
    expect(await rejection(calc.callRemote(SumOnce, { a: 1, b: 2 }))).toBeInstanceOf(ConnectionClosed);
    gate.resolve({ total: 9 });
    expect(await answer).toEqual({ total: 9 });
    await flushPending();
    expect(how).toEqual(["resolved"]);
  });

  test("destroy() rejects each call in progress, and later ones, with an error of its own", async () => {
    const { work, call } = network();
    await work({ locator: locator(SumOnce.responder(() => new Promise(() => {}))) });
    const calc = call();
    const summed = () => settledAtCaller(() => calc.callRemote(SumOnce, { a: 1, b: 2 }));
    const errors = [summed(), summed()];
    const reason = new Error("enough");
    calc.destroy(reason);
    const rejected = await Promise.all([...errors, summed()]);
    expect(new Set(rejected).size).toBe(3);
    for (const error of rejected) expect(error).toMatchObject({ message: "SumOnce: enough", cause: reason });
  });

  test("calls over NATS have the stack of their caller, and a declared class keeps the description", async () => {
    const { work, call } = network();
    await work();
    const calc = call();
    const error = await settledAtCaller(() => calc.callRemote(Divide, { numerator: 1, denominator: 0 }));
    expect(error).toMatchObject({ message: "cannot divide by zero" });
    expect(error.stack).toMatch(/^\w+: Divide: \w+: cannot divide by zero\n/);
    const wrong = { a: "x" as unknown as number, b: 1 };
    expect(await settledAtCaller(() => calc.callRemote(Sum, wrong))).toBeInstanceOf(InvalidSignature);
  });

  test("a busy process does not take answers that wait in its socket for lost", async () => {
    const { nats, work, clock } = network();
    await work();
    // A clock whose timer fires ten seconds late, as after a long computation.
    let late = 0;
    const stalled = { ...clock, now: () => clock.now() + late };
    const calc = caller(nats.connect(), { service: "calc", clock: stalled });
    nats.setFault(({ subject }) => (subject.startsWith("_INBOX") ? { delay: 3_500 } : undefined));
    const answer = calc.callRemote(SumOnce, { a: 1, b: 2 });
    const { how } = settling(answer);
    await flushPending();
    late = 10_000;
    clock.advance(3_000);
    await flushPending();
    expect(how).toEqual([]);
    clock.advance(600);
    expect(await answer).toEqual({ total: 3 });
  });

  test("all callers of a NATS connection share one inbox", async () => {
    const { nats, work, clock } = network();
    await work();
    const connection = nats.connect();
    for (let i = 0; i < 10; i++)
      await caller(connection, { service: "calc", clock }).callRemote(Sum, { a: i, b: 1 });
    expect(connection.subscriptionCount).toBe(1);
  });

  test("a trace context goes with each call", async () => {
    const { nats, work, call } = network();
    await work();
    const seen: unknown[] = [];
    nats.setFault(({ subject, headers }) => {
      if (subject === "calc.call.Sum") seen.push(headers?.get("traceparent"));
      return undefined;
    });
    await call({ traceparent: () => "00-1-2-01" }).callRemote(Sum, { a: 1, b: 2 });
    expect(seen).toEqual(["00-1-2-01"]);
  });
});

describe("an observer", () => {
  test("the observer of a worker gets the beginning and the end of each ask, and the errors", async () => {
    const { work, call } = network();
    const events: unknown[] = [];
    const started: unknown[] = [];
    await work({
      onError: () => {},
      observer: {
        callStarted: (event) => void started.push(event),
        callAnswered: (event) =>
          void events.push(["answered", event.command, event.direction, started.includes(event)]),
        callFailed: (event, error) =>
          void events.push(["failed", event.command, started.includes(event), error]),
        errorReported: (error) => void events.push(["reported", error]),
      },
    });
    const calc = call();
    await calc.callRemote(Sum, { a: 1, b: 2 });
    await rejection(calc.callRemote(Divide, { numerator: 1, denominator: 0 }));
    await rejection(calc.callRemote(Divide, { numerator: 1, denominator: -2 }));
    expect(events).toEqual([
      ["answered", "Sum", "incoming", true],
      ["failed", "Divide", true, expect.any(ZeroDivision)],
      ["reported", expect.any(Error)],
      ["failed", "Divide", true, expect.any(Error)],
    ]);
  });

  test("an observer that throws is not called again, and the asks are answered", async () => {
    const { work, call } = network();
    const errors: unknown[] = [];
    let calls = 0;
    await work({
      onError: (error) => void errors.push(error),
      observer: {
        callStarted() {
          calls++;
          throw new Error("broken observer");
        },
      },
    });
    const calc = call();
    for (let i = 0; i < 3; i++) expect(await calc.callRemote(Sum, { a: i, b: 1 })).toEqual({ total: i + 1 });
    expect([calls, errors]).toEqual([1, [new Error("broken observer")]]);
    expect((await rejection(work({ observer: 5 as never }))).message).toMatch(/observer must be an object/);
  });
});
