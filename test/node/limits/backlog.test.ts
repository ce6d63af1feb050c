/** maxAsksInProgress, maxUnsentBytes and maxHeldBytes, by default and as an option: at the limit and above it. */
import { bytes, command, DEFAULT_LIMITS, LimitExceeded, type Limits, locator } from "ampwire";
import { flushPending } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { heldBytes } from "../../support/memory.ts";
import { bytesOf, STLS } from "../../support/raw-peer.ts";
import { causeOf, ended, rejection } from "../../support/settled.ts";
import { until } from "../../support/within.ts";
import { openedBy } from "./hostile.ts";

const Wait = command("Wait");
const Big = command("Big", { response: { data: bytes() } });
const Put = command("Put", { arguments: { data: bytes() } });

/** The arguments of a Put. Its box has 30 bytes more than the data. */
const OVERHEAD = bytesOf({ _ask: "1", _command: "Put", data: "" }).length;

function put(size: number): { data: Uint8Array } {
  return { data: new Uint8Array(size) };
}

describe.each<[string, Partial<Limits>]>([
  ["by default", {}],
  ["as an option", { maxAsksInProgress: 5 }],
])("maxAsksInProgress %s", (_, limits) => {
  const limit = limits.maxAsksInProgress ?? DEFAULT_LIMITS.maxAsksInProgress;

  test("asks up to the limit run at the same time, the next one waits, and none is rejected", async () => {
    const running: (() => void)[] = [];
    const waiting = Wait.responder(() => new Promise<void>((resolve) => running.push(resolve)));
    const { peer, arrived } = await openedBy({ limits, locator: locator(waiting) });
    const asks = Array.from({ length: limit + 1 }, (_, i) => ({ _ask: String(i), _command: "Wait" }));
    const all = bytesOf(...asks);
    peer.send(all);
    await arrived(all.length);
    // Reading yields to timers after some milliseconds.
    await until(() => running.length >= limit);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(running).toHaveLength(limit);
    running[0]?.();
    expect(await peer.box()).toEqual({ _answer: "0" });
    await flushPending();
    expect(running).toHaveLength(limit + 1);
    for (const resolve of running) resolve();
    for (let i = 1; i <= limit; i++) expect(await peer.box()).toEqual({ _answer: String(i) });
  });
});

describe.each<[string, Partial<Limits>]>([
  ["by default", {}],
  ["as an option", { maxHeldBytes: 500 }],
])("maxHeldBytes %s", (_, limits) => {
  const limit = limits.maxHeldBytes ?? DEFAULT_LIMITS.maxHeldBytes;

  /** Makes queued calls with this total number of bytes. */
  async function holding(total: number) {
    const joined = await openedBy({ limits });
    const upgrade = rejection(joined.connection.startTLS());
    const calls: Promise<Error>[] = [];
    for (let held = 0; held < total; ) {
      // A tag has one hexadecimal digit up to 15, and two up to 255, which makes the box one byte longer.
      const header = OVERHEAD + (calls.length + 2 < 16 ? 0 : 1);
      let size = Math.min(60_000, total - held - header);
      const rest = total - held - header - size;
      if (rest > 0 && rest < 100) size -= 100;
      calls.push(rejection(joined.connection.callRemote(Put, put(size))));
      held += header + size;
    }
    const last = rejection(joined.connection.callRemote(Put, put(0)));
    return { ...joined, upgrade, calls, last };
  }

  test.each([
    [-1, false],
    [0, true],
  ])("with %i bytes over the limit queued, one more call is rejected: %s", async (past, refused) => {
    const { peer, upgrade, calls, last } = await holding(limit + past);
    await peer.box();
    peer.finish();
    const reason = await upgrade;
    expect(new Set((await Promise.all(calls)).map(causeOf))).toEqual(new Set([reason.cause ?? reason]));
    if (refused) expect(await last).toBeInstanceOf(LimitExceeded);
    else expect(await last).not.toBeInstanceOf(LimitExceeded);
    expect((await last).message.includes("maxHeldBytes")).toBe(refused);
  });
});

test("thousands of calls queued for TLS take a limited number of bytes, settle once each, and none is sent in plaintext", async () => {
  const { connection, peer } = await openedBy({});
  const before = await heldBytes();
  const upgrade = rejection(connection.startTLS());
  const calls = Array.from({ length: 20_000 }, () => rejection(connection.callRemote(Put, put(1000))));
  expect((await heldBytes()) - before).toBeLessThan(4 * DEFAULT_LIMITS.maxHeldBytes);
  expect(await peer.box()).toEqual(STLS);
  peer.send({ _error: "1", _error_code: "NO", _error_description: "" });
  await upgrade;
  const reasons = await Promise.all(calls);
  const over = reasons.filter((reason) => reason instanceof LimitExceeded);
  expect(over.length).toBeGreaterThan(18_000);
  await ended(connection);
  expect(peer.received).toHaveLength(bytesOf(STLS).length);
});

describe.each<[string, Partial<Limits>]>([
  ["by default", {}],
  ["as an option", { maxUnsentBytes: 1024 * 1024 }],
])("a peer that never reads: maxUnsentBytes %s", (_, limits) => {
  const limit = limits.maxUnsentBytes ?? DEFAULT_LIMITS.maxUnsentBytes;
  const VALUE = 60_000;

  test("asks of a peer that never reads are not read any more, and the unsent bytes stay limited", async () => {
    let served = 0;
    const big = Big.responder(() => {
      served++;
      return { data: new Uint8Array(VALUE) };
    });
    const { connection, peer, socket } = await openedBy({ limits, locator: locator(big) });
    peer.socket.pause();
    const count = (3 * limit) / VALUE + 200;
    for (let i = 0; i < count; i++) peer.send({ _ask: String(i), _command: "Big" });
    // Reading yields to timers, so asks are served in several turns.
    for (let last = -1, same = 0; same < 20; same = last === served ? same + 1 : 0) {
      last = served;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    // The system's own buffers hold some megabytes more.
    expect(socket.writableLength).toBeLessThan(limit + 3 * VALUE);
    expect(served).toBeLessThan(count);
    const failed = rejection(connection.callRemote(Put, put(1)));
    expect(await failed).toBeInstanceOf(LimitExceeded);
    expect((await failed).message).toContain("maxUnsentBytes");
    peer.socket.resume();
    for (let i = 0; i < count; i++) expect((await peer.box())?._answer).toBe(String(i));
    expect(served).toBe(Math.ceil(count));
  });
});
