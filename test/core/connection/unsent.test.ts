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
import { flushPending, manualClock, memoryTransports, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { BaseConnection } from "../../../src/core/connection/connection.ts";
import { unsentWatch } from "../../../src/core/features/unsent-watch.ts";
import { serving } from "../../../src/core/serving/serving.ts";
import { SharedBudget } from "../../../src/core/serving/shared-budget.ts";
import { deferred } from "../../support/deferred.ts";
import { rejection } from "../../support/settled.ts";

const Get = command("Get", { response: { data: bytes() } });
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
    expect(await connection.closed).toBeInstanceOf(UnsentTimeout);
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
