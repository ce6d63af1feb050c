/** Bytes that wait to be sent: unsentTimeout, and the budget that the connections of a server share. */
import {
  bytes,
  Connection,
  type ConnectionOptions,
  command,
  LimitExceeded,
  locator,
  UnsentTimeout,
} from "ampwire";
import { flushPending, type ManualClock, manualClock, memoryTransports, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { BaseConnection } from "../../../src/core/connection/connection.ts";
import { unsentWatch } from "../../../src/core/features/unsent-watch.ts";
import { serving } from "../../../src/core/serving/serving.ts";
import { SharedBudget } from "../../../src/core/serving/shared-budget.ts";
import { deferred } from "../../support/deferred.ts";
import { Line } from "../../support/line.ts";
import { ended, rejection } from "../../support/settled.ts";

const Get = command("Get", { response: { data: bytes() } });
const Tell = command("Tell", { arguments: { data: bytes() }, requiresAnswer: false });
const get = Get.responder(() => ({ data: new Uint8Array(10_000) }));

describe("unsentTimeout", () => {
  const TIMEOUT = 5_000;

  /** A connection over a narrow transport, whose peer asks for data. */
  function opened(options: ConnectionOptions = {}) {
    const clock = manualClock();
    const joined = scriptedPeer(
      { locator: locator(get), limits: { unsentTimeout: TIMEOUT }, ...options },
      { clock, capacity: 100 },
    );
    const pass = async (milliseconds: number) => {
      await flushPending();
      clock.advance(milliseconds);
      await flushPending();
    };
    return { ...joined, clock, pass };
  }

  test("a peer that reads nothing is given up, and the reason names the limit", async () => {
    const { clock, connection, pass, peer } = opened();
    peer.transport.pause();
    peer.send({ _ask: "1", _command: "Get" });
    await pass(TIMEOUT - 1);
    expect(connection.state).toBe("open");
    await pass(1);
    expect(await ended(connection)).toBeInstanceOf(UnsentTimeout);
    expect(connection.reason?.message).toContain("unsentTimeout");
    expect(clock.pending).toBe(0);
  });

  test("a peer that reads slowly is not given up", async () => {
    const { connection, pass, peer } = opened();
    peer.transport.pause();
    peer.send({ _ask: "1", _command: "Get" });
    for (let look = 0; look < 5; look++) {
      await pass(TIMEOUT - 1);
      peer.transport.resume();
      await Promise.resolve();
      await Promise.resolve();
      peer.transport.pause();
      await pass(1);
    }
    expect(connection.state).toBe("open");
    connection.destroy();
  });

  test("no timer is left when everything is sent", async () => {
    const { clock, connection, pass, peer } = opened();
    peer.send({ _ask: "1", _command: "Get" });
    await peer.next();
    await pass(0);
    expect([connection.state, clock.pending]).toEqual(["open", 0]);
  });

  test("it also ends a connection that is closing", async () => {
    const { connection, pass, peer } = opened();
    peer.transport.pause();
    peer.send({ _ask: "1", _command: "Get" });
    await pass(1);
    const call = rejection(connection.callRemote(Get));
    void connection.close();
    await pass(TIMEOUT);
    expect(await call).toBeInstanceOf(UnsentTimeout);
  });
});

/** A transport of which the system takes what the test says. */
class SlowLine extends Line {
  override write(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.unsent += chunk.length;
  }
}

/** Notes the bytes that connections use. */
class NotedBudget extends SharedBudget {
  used = 0;

  override add(bytes: number): void {
    this.used += bytes;
    super.add(bytes);
  }
}

describe("a watch of unsent bytes", () => {
  /** A connection that has sent 1,000 bytes and more, of which none is taken. */
  async function sending(unsentTimeout = 5_000, budget = new NotedBudget(Number.POSITIVE_INFINITY)) {
    const clock = manualClock();
    const transport = new SlowLine();
    const budgets = { inProgress: new SharedBudget(1), unsent: budget };
    const options: ConnectionOptions = { limits: { unsentTimeout }, onError() {} };
    const connection = new BaseConnection(transport, clock, options, serving, [unsentWatch], budgets);
    const send = async () => {
      connection.callRemote(Tell, { data: new Uint8Array(1_000) });
      await flushPending();
    };
    await send();
    return { budget, clock, connection, send, transport };
  }

  /** Checks that the clock ends a connection after exactly these milliseconds. */
  function endsAfter(
    clock: ManualClock,
    connection: BaseConnection,
    milliseconds: number,
    reason: typeof UnsentTimeout | typeof LimitExceeded = UnsentTimeout,
  ) {
    clock.advance(milliseconds - 1);
    expect(connection.state).toBe("open");
    clock.advance(1);
    expect(connection.reason).toBeInstanceOf(reason);
  }

  test.each([400, 1_000, 5_000])(
    "a peer that takes nothing is given up after exactly %i ms",
    async (timeout) => {
      const { budget, clock, connection } = await sending(timeout);
      expect(budget.used).toBe(connection.unsentBytes);
      endsAfter(clock, connection, timeout);
      expect([budget.used, clock.pending]).toEqual([0, 0]);
    },
  );

  test.each(["unsent", "taken"] as const)("a peer whose progress %s shows is not given up", async (shows) => {
    const { clock, connection, transport } = await sending();
    clock.advance(500);
    for (let second = 0; second < 20; second++) {
      if (shows === "unsent") transport.unsent--;
      else transport.taken = second;
      clock.advance(1_000);
    }
    expect(connection.state).toBe("open");
    // The last progress was noticed at the look after 20,000 ms.
    endsAfter(clock, connection, 4_500);
  });

  test("more bytes that wait are counted, and are no progress", async () => {
    const { budget, clock, connection, send } = await sending();
    for (let second = 0; second < 4; second++) {
      clock.advance(1_000);
      await send();
      expect(budget.used).toBe(connection.unsentBytes);
    }
    endsAfter(clock, connection, 1_000);
  });

  test("a peer that has taken everything is not given up, whether the transport has reported it or not", async () => {
    const { budget, clock, connection, transport } = await sending();
    transport.unsent = 0;
    clock.advance(60_000);
    expect([connection.state, clock.pending]).toEqual(["open", 0]);
    transport.receiver?.drained();
    expect(budget.used).toBe(0);
  });

  test("the watch begins again with the next bytes that wait", async () => {
    const { clock, connection, send, transport } = await sending();
    clock.advance(4_000);
    transport.unsent = 0;
    transport.receiver?.drained();
    expect(clock.pending).toBe(0);
    clock.advance(4_000);
    await send();
    endsAfter(clock, connection, 5_000);
  });

  test("over the shared budget, a connection without progress for a second ends, and is reported", async () => {
    const { clock, connection, budget } = await sending(60_000, new NotedBudget(1_000));
    endsAfter(clock, connection, 1_000, LimitExceeded);
    expect(connection.reason?.message).toContain("serverLimits.maxUnsentBytes");
    expect([await ended(connection), budget.used, clock.pending]).toEqual([connection.reason, 0, 0]);
  });

  test("over the shared budget, a connection with progress or with less than its share stays open", async () => {
    const budget = new NotedBudget(2_000);
    const { clock, connection, transport } = await sending(60_000, budget);
    budget.add(10_000); // of others
    clock.advance(5_000);
    expect(connection.state).toBe("open");
    budget.add(-10_000);
    const other = await sending(60_000, new NotedBudget(1_000));
    for (let look = 0; look < 5; look++) {
      other.transport.unsent--;
      other.clock.advance(1_000);
    }
    expect([other.connection.state, transport.unsent > 1_000]).toEqual(["open", true]);
  });
});

describe("a budget of unsent bytes", () => {
  /** Connections of one server, each with a peer that asks and, if it is hostile, reads nothing. */
  function server(limit: number, hostile: number, honest: number) {
    const budgets = { inProgress: new SharedBudget(limit), unsent: new SharedBudget(limit) };
    const clock = manualClock();
    const open = (reads: boolean) => {
      const [transport, other] = memoryTransports({ capacity: 100 });
      const options = { locator: locator(get) };
      const connection = new BaseConnection(transport, clock, options, serving, [unsentWatch], budgets);
      const peer = new Connection(other, clock);
      if (!reads) other.pause();
      return { connection, peer };
    };
    return {
      clock,
      hostile: Array.from({ length: hostile }, () => open(false)),
      honest: Array.from({ length: honest }, () => open(true)),
      budgets,
    };
  }

  test("connections with more than their share end at the limit, and the others are not affected", async () => {
    const { budgets, clock, hostile, honest } = server(600_000, 5, 20);
    const lost = hostile.flatMap(({ peer }) =>
      Array.from({ length: 20 }, () => rejection(peer.callRemote(Get))),
    );
    await flushPending();
    for (let round = 0; round < 20; round++) {
      for (const { peer } of honest) expect((await peer.callRemote(Get)).data).toHaveLength(10_000);
      clock.advance(200);
      await flushPending();
    }
    expect(honest.every(({ connection }) => connection.state === "open")).toBe(true);
    const ended = hostile.filter(({ connection }) => connection.state === "closed");
    expect(ended.length).toBeGreaterThan(0);
    for (const { connection } of ended) expect(connection.reason).toBeInstanceOf(LimitExceeded);
    for (const { connection } of [...hostile, ...honest]) connection.destroy();
    await flushPending();
    expect(budgets.unsent.isExceededBy(1)).toBe(false);
    for (const { peer } of [...hostile, ...honest]) peer.destroy();
    await Promise.all(lost);
  });
});

describe("a budget of asks in progress", () => {
  test("an ask that finishes after the end of its connection leaves the budget once", async () => {
    const limit = 1_000_000;
    const budgets = { inProgress: new SharedBudget(limit), unsent: new SharedBudget(limit) };
    const clock = manualClock();
    const [transport, other] = memoryTransports();
    const done = deferred();
    const slow = Get.responder(async () => {
      await done.promise;
      return { data: new Uint8Array(0) };
    });
    const connection = new BaseConnection(transport, clock, { locator: locator(slow) }, serving, [], budgets);
    const call = rejection(new Connection(other, clock).callRemote(Get));
    await flushPending();
    connection.destroy();
    done.resolve();
    await call;
    await flushPending();
    budgets.inProgress.join();
    budgets.inProgress.add(limit - 1);
    expect(budgets.inProgress.isExceededBy(limit)).toBe(false);
    budgets.inProgress.add(1);
    expect(budgets.inProgress.isExceededBy(limit)).toBe(true);
    expect(budgets.inProgress.isExceededBy(limit - 1)).toBe(false); // one connection is left: its share is the limit
  });
});
