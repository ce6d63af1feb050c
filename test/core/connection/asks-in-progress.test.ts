/** Asks over the limits: queued, refused or not read, and never a deadlock. */
import {
  Box,
  bytes,
  type Connection,
  type ConnectionOptions,
  command,
  integer,
  LimitExceeded,
  locator,
  Unavailable,
} from "ampwire";
import { connectedPair, flushPending, manualClock, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { deferred } from "../../support/deferred.ts";
import { ended, rejection } from "../../support/settled.ts";

const Job = command("Job", { arguments: { n: integer(), data: bytes() }, response: { n: integer() } });
const Tell = command("Tell", { arguments: { n: integer() }, requiresAnswer: false });
const Back = command("Back", { arguments: { n: integer() }, response: { n: integer() } });
const EMPTY = new Uint8Array(0);
const STLS = { _ask: "s", _command: "StartTLS" };

/** Two connections; the second serves Job when `finish` is called, and notes what it has begun. */
function jobs(limits: ConnectionOptions["limits"]) {
  const begun: number[] = [];
  const waiting: (() => void)[] = [];
  const job = Job.responder(async ({ n }) => {
    begun.push(n);
    const done = deferred();
    waiting.push(() => done.resolve());
    await done.promise;
    return { n };
  });
  const clock = manualClock();
  const [client, server] = connectedPair(
    { locator: locator(Back.responder(({ n }) => ({ n }))) },
    {
      locator: locator(
        job,
        Tell.responder(({ n }) => void begun.push(n)),
      ),
      limits,
    },
    { clock },
  );
  const finish = async () => {
    for (const done of waiting.splice(0)) done();
    await flushPending();
  };
  const call = (n: number, size = 0) => client.callRemote(Job, { n, data: new Uint8Array(size) });
  return { begun, client, server, clock, finish, call };
}

describe("asks over maxAsksInProgress", () => {
  test("an unknown command over maxAsksInProgress waits for its turn, and is answered as unknown", async () => {
    const { call, client, finish, server } = jobs({ maxAsksInProgress: 1 });
    const first = call(1);
    const waiting = server.callRemote(Back, { n: 1 }); // so that this end reads on
    const unknown = rejection(client.callRemote(command("Unknown")));
    expect(await waiting).toEqual({ n: 1 });
    expect(server.state).toBe("open");
    await finish();
    expect(await first).toEqual({ n: 1 });
    expect(await unknown).toMatchObject({ name: "UnhandledCommand" });
  });

  test("asks over maxAsksInProgress are not read while no call of this end waits", async () => {
    const { begun, call, finish } = jobs({ maxAsksInProgress: 2 });
    const answers = [1, 2, 3, 4].map((n) => call(n));
    await flushPending();
    expect(begun).toEqual([1, 2]);
    await finish();
    expect(begun).toEqual([1, 2, 3, 4]);
    await finish();
    expect(await Promise.all(answers)).toEqual([1, 2, 3, 4].map((n) => ({ n })));
  });

  test("asks over maxAsksInProgress are queued, and served in order, while a call of this end waits", async () => {
    const { begun, call, finish, server } = jobs({ maxAsksInProgress: 2 });
    const answers = [1, 2, 3, 4, 5].map((n) => call(n));
    await flushPending();
    expect(await server.callRemote(Back, { n: 7 })).toEqual({ n: 7 }); // its answer comes after the asks
    expect(begun).toEqual([1, 2]);
    await finish();
    await finish();
    await finish();
    expect(begun).toEqual([1, 2, 3, 4, 5]);
    expect(await Promise.all(answers)).toHaveLength(5);
  });

  test("responders that call their caller back get their answers: no deadlock at any limit", async () => {
    const job = Job.responder(async ({ n }, { connection }) => connection.callRemote(Back, { n }));
    for (const limit of [1, 2, 3]) {
      const limits = { maxAsksInProgress: limit };
      const [client] = connectedPair(
        { locator: locator(Back.responder(async ({ n }) => ({ n }))), limits },
        { locator: locator(job), limits },
      );
      const answers = Array.from({ length: 20 }, (_, n) => client.callRemote(Job, { n, data: EMPTY }));
      expect(await Promise.all(answers)).toEqual(answers.map((_, n) => ({ n })));
    }
  });

  test("close() waits for queued asks", async () => {
    const { begun, call, finish, server } = jobs({ maxAsksInProgress: 1 });
    const answers = [1, 2].map((n) => call(n));
    await flushPending();
    await server.callRemote(Back, { n: 0 });
    const closing = server.close();
    await finish();
    await finish();
    expect(await Promise.all(answers)).toEqual([{ n: 1 }, { n: 2 }]);
    expect(begun).toEqual([1, 2]);
    await closing;
  });
});

describe("asks over maxBytesInProgress", () => {
  const limits = { maxBytesInProgress: 10_000 };

  test("asks over maxBytesInProgress are not read while no call of this end waits", async () => {
    const { begun, call, finish } = jobs(limits);
    const answers = [1, 2, 3].map((n) => call(n, 6_000));
    await flushPending();
    expect(begun).toEqual([1, 2]);
    await finish();
    await finish();
    expect(await Promise.all(answers)).toHaveLength(3);
  });

  test("asks over maxBytesInProgress are refused as not executed while a call of this end waits, and answers are read", async () => {
    const { begun, client, call, finish, server } = jobs(limits);
    const answers = [1, 2].map((n) => call(n, 6_000));
    await flushPending();
    const back = server.callRemote(Back, { n: 7 });
    const refused = await rejection(call(3, 6_000));
    expect(refused).toBeInstanceOf(Unavailable);
    expect(refused).toMatchObject({ code: "UNAVAILABLE" });
    expect(await back).toEqual({ n: 7 });
    await finish();
    expect(begun).toEqual([1, 2]);
    await Promise.all(answers);
    expect(client.state).toBe("open");
  });

  test("an ask that wants no answer cannot be refused: the connection ends with a reason", async () => {
    const { client, call, server } = jobs(limits);
    const answers = [1, 2].map((n) => rejection(call(n, 6_000)));
    await flushPending();
    const back = rejection(server.callRemote(Job, { n: 7, data: EMPTY })); // the client does not serve it at once
    client.callRemote(Tell, { n: 3 });
    await flushPending();
    if (server.state === "open") {
      const stuck = rejection(server.callRemote(Back, { n: 8 }));
      client.callRemote(Tell, { n: 4 });
      await stuck;
    }
    expect(server.reason ?? (await ended(server))).toBeInstanceOf(Error);
    await Promise.all([...answers, back]);
  });

  test("the weight counts fields, so that many small asks are limited too", async () => {
    const { begun, call, finish } = jobs({ maxBytesInProgress: 5_000 });
    const answers = Array.from({ length: 100 }, (_, n) => call(n));
    await flushPending();
    expect(begun.length).toBeGreaterThan(3);
    expect(begun.length).toBeLessThan(20);
    for (let round = 0; round < 100; round++) await finish();
    expect(await Promise.all(answers)).toHaveLength(100);
  });
});

describe("a peer that leaves while reading is stopped", () => {
  test("a peer that leaves while reading is stopped is noticed within about a second, and context.signal aborts", async () => {
    const aborted: unknown[] = [];
    const wait = Job.responder(
      (_, { signal }) =>
        new Promise(() => signal.addEventListener("abort", () => void aborted.push(signal.reason))),
    );
    const clock = manualClock();
    const options: ConnectionOptions = { locator: locator(wait), limits: { maxAsksInProgress: 1 } };
    const { connection, peer } = scriptedPeer(options, { clock });
    const ask = (n: number) => ({ _ask: `${n}`, _command: "Job", n: `${n}`, data: "" });
    peer.send(ask(1), ask(2), ask(3));
    await flushPending();
    peer.end();
    await flushPending();
    expect(aborted).toEqual([]);
    clock.advance(1_000);
    await flushPending();
    expect(aborted).toHaveLength(1);
    expect(connection.state).toBe("closing"); // the other asks are still served
    connection.destroy();
    await ended(connection);
    expect(clock.pending).toBe(0);
  });

  test("finishHalfClosed keeps the signal, so that answers still reach a half-closed peer", async () => {
    const done = deferred();
    const wait = Job.responder(async ({ n }, { signal }) => {
      await done.promise;
      return { n: signal.aborted ? -1 : n };
    });
    const { peer } = scriptedPeer({ locator: locator(wait), finishHalfClosed: true });
    peer.send({ _ask: "1", _command: "Job", n: "1", data: "" });
    await flushPending();
    peer.end();
    await flushPending();
    done.resolve();
    await peer.expect({ _answer: "1", n: "1" });
  });

  test("a connection is closed after pauseTimeout if even the queue is full and no ask finishes", async () => {
    const { call, clock, server } = jobs({ maxBytesInProgress: 1_000, pauseTimeout: 5_000 });
    const answers = [1, 2, 3].map((n) => rejection(call(n, 2_000)));
    await flushPending();
    for (let second = 0; second < 5; second++) {
      expect(server.state).toBe("open");
      clock.advance(1_000);
      await flushPending();
    }
    clock.advance(1_000);
    await flushPending();
    expect(server.reason).toBeInstanceOf(LimitExceeded);
    expect(server.reason?.message).toContain("pauseTimeout");
    clock.advance(5_000);
    await Promise.all(answers);
  });
});

describe("protocol changes and queued asks", () => {
  test("asks that were queued in plaintext are served before StartTLS, never inside TLS", async () => {
    const seen: [number, boolean][] = [];
    const done = deferred();
    const job = Job.responder(async ({ n }, { connection }) => {
      seen.push([n, connection.secure]);
      await done.promise;
      return { n };
    });
    const options: ConnectionOptions = { locator: locator(job), limits: { maxAsksInProgress: 1 } };
    const { connection, peer } = scriptedPeer(options, { fakeTLS: true });
    const lost = rejection(connection.callRemote(Back, { n: 0 })); // this connection keeps reading while a call waits
    const ask = (n: number) => ({ _ask: `j${n}`, _command: "Job", n: `${n}`, data: "" });
    await peer.next();
    peer.send(ask(1), ask(2), ask(3), STLS);
    await flushPending();
    expect(seen).toEqual([1, 2, 3].map((n) => [n, false]));
    expect(connection.state).toBe("upgrading");
    connection.destroy();
    await lost;
  });

  test("own commands are served at the limit", async () => {
    const never = Job.responder(() => new Promise(() => {}));
    const { connection, peer } = scriptedPeer({ locator: locator(never), limits: { maxAsksInProgress: 1 } });
    const lost = rejection(connection.callRemote(Back, { n: 0 })); // this connection keeps reading while a call waits
    await peer.next();
    peer.send({ _ask: "j", _command: "Job", n: "1", data: "" }, STLS);
    expect((await peer.next())?.text("_error_code")).toBe("TLS_NOT_AVAILABLE");
    connection.destroy();
    await lost;
  });
});

test("calls that were abandoned and never answered close the connection at their limit", async () => {
  const clock = manualClock();
  const { connection } = scriptedPeer({ limits: { maxAbandonedCalls: 3 } }, { clock });
  for (let n = 0; n < 3; n++) {
    const failed = rejection(connection.callRemote(Back, { n }, { timeout: 10 }));
    clock.advance(10);
    await failed;
  }
  expect(connection.state).toBe("open");
  const last = rejection(connection.callRemote(Back, { n: 3 }, { timeout: 10 }));
  clock.advance(10);
  await last;
  expect(connection.reason).toBeInstanceOf(LimitExceeded);
  expect(connection.reason?.message).toContain("maxAbandonedCalls");
});

test("late answers to abandoned calls make room again", async () => {
  const clock = manualClock();
  const { connection, peer } = scriptedPeer({ limits: { maxAbandonedCalls: 1 } }, { clock });
  for (let n = 0; n < 5; n++) {
    const failed = rejection(connection.callRemote(Back, { n }, { timeout: 10 }));
    clock.advance(10);
    await failed;
    peer.send(new Box({ _answer: (n + 1).toString(16), n: "1" }));
    await flushPending();
  }
  expect(connection.state).toBe("open");
});

test("every pair of limits of both ends lets all calls finish", async () => {
  const values = [1, 2];
  for (const maxAsksInProgress of values)
    for (const other of values)
      for (const maxUnsentBytes of [200, 100_000])
        for (const capacity of [64, 1024]) {
          const pair = mutual(
            { maxAsksInProgress, maxUnsentBytes },
            { maxAsksInProgress: other, maxUnsentBytes },
            capacity,
          );
          const calls = pair.flatMap((end) => Array.from({ length: 6 }, (_, n) => nested(end, n)));
          expect(await Promise.all(calls)).toHaveLength(12);
        }
});

/** Makes a call whose responder calls back; a call over maxUnsentBytes is made again. */
async function nested(end: Connection, n: number): Promise<unknown> {
  for (;;) {
    try {
      return await end.callRemote(Job, { n, data: new Uint8Array(100) });
    } catch (error) {
      if (!(error instanceof LimitExceeded || error instanceof Unavailable)) throw error;
      await flushPending();
    }
  }
}

function mutual(
  a: ConnectionOptions["limits"],
  b: ConnectionOptions["limits"],
  capacity: number,
): [Connection, Connection] {
  const job = Job.responder(async ({ n }, { connection }) => {
    for (;;) {
      try {
        return await connection.callRemote(Back, { n });
      } catch (error) {
        if (!(error instanceof LimitExceeded || error instanceof Unavailable)) throw error;
        await flushPending();
      }
    }
  });
  const served = locator(
    job,
    Back.responder(async ({ n }) => ({ n })),
  );
  return connectedPair({ locator: served, limits: a }, { locator: served, limits: b }, { capacity });
}
