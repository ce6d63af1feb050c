/** Which answers belong to a call, and the count of calls that were abandoned. */
import { Box, command, json, LimitExceeded, UnexpectedAnswer } from "ampwire";
import { flushPending, manualClock, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { type Call, NOBODY_WAITS, PendingCalls } from "../../../src/core/calls/pending-calls.ts";
import { DEFAULT_LIMITS } from "../../../src/core/connection/limits.ts";
import { causeOf, rejection } from "../../support/settled.ts";
import { SUM, Sum, TOTAL } from "../calculator.ts";

const STLS = { _ask: "1", _command: "StartTLS" };

/** Returns pending calls of a connection that allows this number of abandoned calls. */
function pendingCalls(maxAbandonedCalls = 10) {
  const failures: unknown[] = [];
  const clock = manualClock();
  const pending = new PendingCalls(clock, {
    limits: { ...DEFAULT_LIMITS, maxAbandonedCalls },
    finished() {},
    fail: (error) => void failures.push(error),
  });
  return { pending, failures, clock };
}

const newCall = (): Call => ({ ...NOBODY_WAITS, name: "Sum" });

describe("an answer during an upgrade", () => {
  test("an answer to a call that is queued during an upgrade closes the connection, and does not settle the call", async () => {
    const { connection, peer } = scriptedPeer({}, { fakeTLS: true });
    const upgraded = rejection(connection.startTLS());
    const queued = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    await peer.expect(STLS);
    peer.send({ ...TOTAL, _answer: "2" });
    await upgraded;
    expect(connection.reason).toBeInstanceOf(UnexpectedAnswer);
    expect(connection.reason?.message).toBe('an answer came to call "2", which has not been sent yet');
    connection.destroy();
    expect(causeOf(await queued)).toBe(connection.reason);
  });

  test("an answer to a call that was sent before an upgrade settles it", async () => {
    const { connection, peer } = scriptedPeer({}, { fakeTLS: true });
    const before = connection.callRemote(Sum, { a: 1, b: 2 });
    const upgraded = rejection(connection.startTLS());
    await peer.expect(SUM, { ...STLS, _ask: "2" });
    peer.send(TOTAL);
    expect(await before).toEqual({ total: 3 });
    connection.destroy();
    await upgraded;
  });

  test("a call that was queued during an upgrade is settled by its answer after it", async () => {
    const { connection, peer } = scriptedPeer({}, { fakeTLS: true });
    const upgraded = connection.startTLS();
    const queued = connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect(STLS);
    peer.send({ _answer: "1" });
    await peer.startTLS("responder");
    await upgraded;
    await peer.expect({ ...SUM, _ask: "2" });
    peer.send({ ...TOTAL, _answer: "2" });
    expect(await queued).toEqual({ total: 3 });
    await flushPending();
    expect(connection.state).toBe("open");
    connection.destroy();
  });
});

test("maxElements limits the values of an answer, and no values that the program parses later", async () => {
  const List = command("List", { response: { items: json<readonly number[]>() } });
  const { connection, peer } = scriptedPeer({ limits: { maxElements: 2 } });
  const items = JSON.stringify([1, 2, 3]);
  const failed = rejection(connection.callRemote(List));
  peer.send({ _answer: "1", items });
  expect((await failed).message).toContain("maxElements");
  expect(List.parseResponse(new Box({ items }))).toEqual({ items: [1, 2, 3] });
  connection.destroy();
});

describe("a call of the library itself", () => {
  test("a call without an origin rejects with the reason of the end itself", () => {
    const { pending } = pendingCalls();
    const rejected: unknown[] = [];
    pending.add({ ...newCall(), reject: (error) => void rejected.push(error) });
    const reason = new Error("cut");
    pending.rejectAll(reason);
    expect(rejected).toEqual([reason]);
    expect(rejected[0]).toBe(reason);
    expect(pending.size).toBe(0);
  });
});

describe("why no call waits for an answer", () => {
  test("a tag that was never used, a queued call and a settled call have reasons of their own", () => {
    const { pending } = pendingCalls();
    expect(pending.add(newCall())).toBe(1);
    expect(pending.add(newCall())).toBe(2);
    pending.take(1);
    pending.take(2);
    pending.queueFromHere();
    expect(pending.add(newCall())).toBe(3);
    expect([-1, 0, 1, 2, 3, 4].map((tag) => pending.why(tag))).toEqual([
      "was never made",
      "was never made",
      "does not wait for one",
      "does not wait for one",
      "has not been sent yet",
      "was never made",
    ]);
    expect(pending.take(3)).toBeUndefined();
    pending.sendQueued();
    expect(pending.why(3)).toBe("does not wait for one");
    expect(pending.take(3)).toBeDefined();
  });
});

describe("abandoned calls", () => {
  test("answers to calls whose answer is dropped leave no more room for abandoned calls than the limit", () => {
    const { pending, failures, clock } = pendingCalls(1);
    for (let n = 0; n < 3; n++) pending.take(pending.addForgotten());
    expect(pending.size).toBe(0);
    const abandon = () => {
      const call = newCall();
      const tag = pending.add(call);
      pending.limit(tag, call, { timeout: 10 });
      clock.advance(10);
      return tag;
    };
    const first = abandon();
    expect([pending.size, failures]).toEqual([0, []]);
    pending.take(first);
    abandon();
    expect(failures).toEqual([]);
    abandon();
    expect(failures).toHaveLength(1);
    expect(failures[0]).toBeInstanceOf(LimitExceeded);
    expect(failures[0]).toMatchObject({
      message: "2 abandoned calls were not answered: the limit is maxAbandonedCalls",
    });
  });
});
