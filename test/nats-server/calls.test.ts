/** Calls over Debian's nats-server: alone, as a cluster of two, and with faults. */

import type { NatsConnection } from "@nats-io/transport-node";
import { locator, ResponderLost, TLSRequired, TooLong, UnhandledCommand } from "ampwire";
import { caller, clientAt, edge, NoResponders, type ServeOptions, serve } from "ampwire/nats";
import { connect, listen } from "ampwire/node";
import { afterEach, beforeAll, expect, test } from "vitest";
import {
  Divide,
  Echo,
  Odd,
  Secret,
  Sum,
  SumOnce,
  WhoAmI,
  YourName,
  ZeroDivision,
} from "../nats/support/commands.ts";
import { calculator } from "../nats/support/network.ts";
import { connectNats, describeWithNats, NatsServer } from "../support/nats-server.ts";
import { rejection } from "../support/settled.ts";

/** Connections of the current test. */
let mine: NatsConnection[] = [];
afterEach(async () => {
  await Promise.all(mine.map((connection) => connection.close()));
  mine = [];
});

async function connected(servers: NatsServer | readonly NatsServer[], options = {}): Promise<NatsConnection> {
  const connection = await connectNats(servers, options);
  mine.push(connection);
  return connection;
}

/** Counts how often each call was executed. */
class Executions {
  readonly counts = new Map<number, number>();

  responders(): ServeOptions["locator"] {
    const count = (id: number) => this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
    const respond = async ({ a, b }: { a: number; b: number }) => {
      count(a);
      await new Promise((resolve) => setTimeout(resolve, a % 7));
      return { total: a + b };
    };
    return locator(Sum.responder(respond), SumOnce.responder(respond));
  }

  of(id: number): number {
    return this.counts.get(id) ?? 0;
  }
}

interface Outcome {
  readonly id: number;
  readonly error?: unknown;
  readonly total?: number;
}

/** Makes calls, so many at a time, and returns their outcomes. */
async function flood(
  calc: ReturnType<typeof caller>,
  command: typeof Sum,
  count: number,
  during: (done: number) => void = () => {},
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 1;
  const run = async () => {
    while (next <= count) {
      const id = next++;
      try {
        outcomes.push({ id, ...(await calc.callRemote(command, { a: id, b: 1 })) });
      } catch (error) {
        outcomes.push({ id, error });
      }
      during(outcomes.length);
    }
  };
  await Promise.all(Array.from({ length: 32 }, run));
  return outcomes;
}

/** Checks the guarantees. Returns the errors. */
function check(outcomes: readonly Outcome[], executions: Executions, count: number, most: number): unknown[] {
  expect(outcomes.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: count }, (_, i) => i + 1),
  );
  for (const { id, total, error } of outcomes) {
    const executed = executions.of(id);
    expect(executed).toBeLessThanOrEqual(most);
    if (error === undefined) expect([total, executed > 0]).toEqual([id + 1, true]);
    else if (error instanceof NoResponders) expect(executed).toBe(0);
    else expect(error).toBeInstanceOf(ResponderLost);
  }
  return outcomes.flatMap(({ error }) => error ?? []);
}

describeWithNats("one nats-server", () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await NatsServer.start();
  });

  async function work(options: Partial<ServeOptions> = {}, connection?: NatsConnection) {
    const nats = connection ?? (await connected(server));
    return await serve(nats, { service: "calc", locator: calculator(), ...options });
  }

  test("calls over a real NATS server resolve, and errors arrive as their classes", async () => {
    await work();
    const calc = caller(await connected(server), { service: "calc" });
    expect(await calc.callRemote(Sum, { a: 13, b: 81 })).toEqual({ total: 94 });
    expect(await calc.callRemote(Odd)).toEqual({ n: 7 });
    const error = await rejection(calc.callRemote(Divide, { numerator: 1, denominator: 0 }));
    expect(error).toBeInstanceOf(ZeroDivision);
    const data = new Uint8Array(900_000).fill(3);
    expect(Buffer.compare((await calc.callRemote(Echo, { data })).data, data)).toBe(0);
    expect(await rejection(calc.callRemote(Echo, { data: new Uint8Array(1024 * 1024) }))).toBeInstanceOf(
      TooLong,
    );
  });

  test("a real NATS server reports at once that there is no worker, and that a command is unknown", async () => {
    const calc = caller(await connected(server), { service: "nobody", patience: 0 });
    expect(await rejection(calc.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(NoResponders);
    await work({ service: "few", locator: locator(Sum.responder(() => ({ total: 0 }))) });
    const few = caller(await connected(server), { service: "few", patience: 0 });
    expect(await rejection(few.callRemote(SumOnce, { a: 1, b: 2 }))).toBeInstanceOf(UnhandledCommand);
  });

  test("the same NATS connection can serve and call", async () => {
    const nats = await connected(server);
    await work({ service: "self" }, nats);
    expect(await caller(nats, { service: "self" }).callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  });

  test("a client of an edge calls and is called over a real NATS server", async () => {
    await work({
      service: "back",
      locator: locator(
        Sum.responder(({ a, b }) => ({ total: a + b })),
        Secret.responder(() => ({ text: "s" })),
        WhoAmI.responder(async (_, { connection }) =>
          connection.callRemote(YourName).then(({ name }) => ({ text: name })),
        ),
      ),
    });
    const nats = await connected(server);
    const front = await edge(nats, { service: "back", commands: [Sum, WhoAmI, Secret] });
    const amp = await listen({
      port: 0,
      host: "127.0.0.1",
      locator: front.locator,
      onConnection: front.accept,
    });
    const client = await connect({
      port: amp.address().port,
      host: "127.0.0.1",
      locator: locator(YourName.responder(() => ({ name: "me" }))),
    });
    expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
    expect(await client.callRemote(WhoAmI)).toEqual({ text: "me" });
    const far = clientAt(await connected(server), `back.${front.id}.1`);
    expect(await far.callRemote(YourName)).toEqual({ name: "me" });
    expect(await rejection(client.callRemoteString("Secret"))).toBeInstanceOf(TLSRequired);
    await client.startTLS();
    expect(await client.callRemote(Secret)).toEqual({ text: "s" });
    await amp.close();
    await front.close();
    expect(await rejection(far.callRemote(YourName))).toBeInstanceOf(NoResponders);
  });

  test("no call fails while every worker is replaced under load", async () => {
    const executions = new Executions();
    let workers = await Promise.all(
      [1, 2, 3].map(() => work({ service: "drain", locator: executions.responders() })),
    );
    const calc = caller(await connected(server), { service: "drain" });
    const replacing: Promise<void>[] = [];
    const outcomes = await flood(calc, SumOnce, 600, (done) => {
      if (done % 100 !== 0) return;
      const [old, ...rest] = workers;
      workers = rest;
      replacing.push(
        work({ service: "drain", locator: executions.responders() }).then(async (worker) => {
          workers.push(worker);
          await old?.close();
        }),
      );
    });
    await Promise.all(replacing);
    expect(check(outcomes, executions, 600, 1)).toEqual([]);
  });

  test("idempotent calls succeed while workers die, and others run at most once", async () => {
    for (const [command, most] of [
      [Sum, 2],
      [SumOnce, 1],
    ] as const) {
      const executions = new Executions();
      const service = `die${most}`;
      const locators = { service, locator: executions.responders(), heartbeat: 100 };
      const dying = await Promise.all([1, 2].map(() => connected(server, { reconnect: false })));
      for (const connection of dying) await work(locators, connection);
      await work(locators);
      const calc = caller(await connected(server), { service, silence: 400 });
      const outcomes = await flood(calc, command as typeof Sum, 300, (done) => {
        if (done === 60 || done === 120) void dying.pop()?.close();
      });
      const errors = check(outcomes, executions, 300, most);
      if (most === 2) expect(errors).toEqual([]);
      else expect(errors.length).toBeLessThan(64);
    }
  });

  test("full workers reject calls, and all calls are executed", async () => {
    let now = 0;
    let peak = 0;
    const slow = locator(
      SumOnce.responder(async ({ a, b }) => {
        peak = Math.max(peak, ++now);
        await new Promise((resolve) => setTimeout(resolve, 2));
        now--;
        return { total: a + b };
      }),
    );
    for (let i = 0; i < 2; i++) await work({ service: "full", locator: slow, maxAsksInProgress: 5 });
    const calc = caller(await connected(server), { service: "full", patience: 10_000 });
    const answers = Array.from({ length: 200 }, (_, a) => calc.callRemote(SumOnce, { a, b: 1 }));
    expect((await Promise.all(answers)).map(({ total }) => total)).toEqual(answers.map((_, a) => a + 1));
    expect(peak).toBeLessThanOrEqual(10);
  });
});

describeWithNats("a nats-server with faults", () => {
  test("calls survive the death of the only server if they are idempotent, and others are settled once", async () => {
    for (const [command, most] of [
      [Sum, 2],
      [SumOnce, 1],
    ] as const) {
      let server = await NatsServer.start();
      const executions = new Executions();
      const options = { service: "calc", locator: executions.responders() };
      await serve(await connected(server), options);
      await serve(await connected(server), options);
      const calc = caller(await connected(server), { service: "calc", patience: 10_000 });
      let restarted: Promise<void> | undefined;
      const outcomes = await flood(calc, command as typeof Sum, 300, (done) => {
        if (done !== 100) return;
        restarted = server.kill().then(async () => {
          server = await server.restart();
        });
      });
      await restarted;
      const errors = check(outcomes, executions, 300, most);
      if (most === 2) expect(errors).toEqual([]);
      else expect(errors.length).toBeLessThanOrEqual(32);
      await server.kill();
    }
  });

  test("calls are settled within the silence if the server hangs and no socket breaks", async () => {
    const server = await NatsServer.start();
    const executions = new Executions();
    await serve(await connected(server), { service: "calc", locator: executions.responders() });
    const calc = caller(await connected(server), { service: "calc", silence: 300 });
    await calc.callRemote(SumOnce, { a: 1_000, b: 1 });
    server.pause();
    const began = performance.now();
    const errors = await Promise.all([1, 2, 3].map((a) => rejection(calc.callRemote(SumOnce, { a, b: 1 }))));
    expect(performance.now() - began).toBeLessThan(3_000);
    for (const error of errors) expect(error).toBeInstanceOf(ResponderLost);
    server.resume();
    expect(await calc.callRemote(SumOnce, { a: 4, b: 1 })).toEqual({ total: 5 });
    await server.kill();
  });
});

describeWithNats("a cluster of two nats-servers", () => {
  test("calls cross the cluster, no call fails while workers drain, and the death of a server is survived", async () => {
    const [first, second] = await NatsServer.startCluster();
    const executions = new Executions();
    const options = { service: "calc", locator: executions.responders() };
    const at = (server: NatsServer) => connected([server, server === first ? second : first]);
    const workers = [await serve(await at(first), options), await serve(await at(second), options)];
    const calc = caller(await at(first), { service: "calc" });
    const closing: Promise<void>[] = [];
    const drained = await flood(calc, SumOnce, 400, (done) => {
      if (done % 100 !== 0) return;
      const [old] = workers.splice(0, 1);
      closing.push(
        at(done % 200 === 0 ? first : second).then(async (nats) => {
          workers.push(await serve(nats, options));
          await old?.close();
        }),
      );
    });
    await Promise.all(closing);
    expect(check(drained, executions, 400, 1)).toEqual([]);
    executions.counts.clear();
    let killed: Promise<void> | undefined;
    const outcomes = await flood(calc, Sum, 400, (done) => {
      if (done === 150) killed = first.kill();
    });
    await killed;
    expect(check(outcomes, executions, 400, 2)).toEqual([]);
    await second.kill();
  });
});
