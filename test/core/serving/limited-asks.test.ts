/** The asks of a connection whose peer does not read its answers, and the look-ups of a responder. */
import { Box, command, encodeBox, integer, locator, type ResponderLocator } from "ampwire";
import {
  connectedPair,
  flushPending,
  manualClock,
  memoryTransports,
  ScriptedPeer,
  scriptedPeer,
} from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { BaseConnection } from "../../../src/core/connection/connection.ts";
import { serving } from "../../../src/core/serving/serving.ts";
import { SharedBudget } from "../../../src/core/serving/shared-budget.ts";
import { weightOf } from "../../../src/core/wire/elements.ts";
import { ended, rejection } from "../../support/settled.ts";
import { calculator, SUM, Sum } from "../calculator.ts";

const WAIT = { _ask: "1", _command: "Wait" };

test("asks are queued, not refused, while answers are unsent and no ask was ever in progress", async () => {
  let served = 0;
  const counted = Sum.responder(({ a, b }) => {
    served++;
    return { total: a + b };
  });
  const { connection, peer } = scriptedPeer(
    { locator: locator(counted), limits: { maxUnsentBytes: 200 } },
    { capacity: 10 },
  );
  const pending = rejection(connection.callRemote(Sum, { a: 3, b: 4 })); // this connection keeps reading while a call waits
  await peer.next();
  peer.transport.pause();
  const asks = Array.from({ length: 14 }, (_, index) => ({ ...SUM, _ask: `${index}` }));
  for (const ask of asks) {
    peer.send(ask);
    await flushPending();
  }
  expect(connection.state).toBe("open");
  expect(served).toBeLessThan(11); // an answer has 24 bytes
  peer.transport.resume();
  await peer.expect(...asks.map(({ _ask }) => ({ _answer: _ask, total: "3" })));
  connection.destroy();
  await pending;
});

test.each([
  ["stops at maxUnsentBytes", 86, 4],
  ["goes on one byte below maxUnsentBytes", 87, 5],
])("the reading of asks %s", async (_, maxUnsentBytes, expected) => {
  let served = 0;
  const counted = Sum.responder(({ a, b }) => {
    served++;
    return { total: a + b };
  });
  const { connection, peer } = scriptedPeer(
    { locator: locator(counted), limits: { maxUnsentBytes } },
    { capacity: 10 },
  );
  peer.transport.pause();
  for (let index = 0; index < 7; index++) {
    peer.send({ ...SUM, _ask: `${index}` }); // an answer has 24 bytes, and 10 of all bytes are taken
    await flushPending();
  }
  expect(served).toBe(expected);
  connection.destroy();
});

test("the responder of an ask below the limits is looked up once", async () => {
  const found: string[] = [];
  const calc = calculator();
  const counting: ResponderLocator = {
    locateResponder(name) {
      found.push(name);
      return calc.locator.locateResponder(name);
    },
  };
  const { peer } = scriptedPeer({ locator: counting });
  peer.send(SUM, { _ask: "2", _command: "Wait" }, { ...SUM, _ask: "3" });
  await peer.next();
  await peer.next();
  expect(found).toEqual(["Sum", "Wait", "Sum"]);
});

test("responders that call each other to any depth finish with maxAsksInProgress of 1 at both ends", async () => {
  const Deep = command("Deep", { arguments: { n: integer() }, response: { n: integer() } });
  const deep = Deep.responder(async ({ n }, { connection }) =>
    n === 0 ? { n } : connection.callRemote(Deep, { n: n - 1 }),
  );
  const options = { locator: locator(deep), limits: { maxAsksInProgress: 1 } };
  const [client] = connectedPair(options, options);
  let answer: unknown;
  void client.callRemote(Deep, { n: 9 }).then((value) => {
    answer = value;
  });
  await flushPending();
  expect(answer).toEqual({ n: 0 });
  client.destroy();
});

test("at the limit the peer's asks are not read for a second, also if there was no limit before", async () => {
  const clock = manualClock();
  const { connection, peer } = scriptedPeer(
    { locator: calculator().locator, limits: { maxAsksInProgress: 1 } },
    { clock, capacity: 100 },
  );
  peer.send(SUM);
  await peer.expect({ _answer: "1", total: "3" });
  const second = async () => {
    for (let ask = 0; ask < 10; ask++) peer.send(WAIT);
    await flushPending();
    const before = peer.transport.unsent;
    clock.advance(1_000);
    await flushPending();
    return [before > 0, peer.transport.unsent];
  };
  expect(await second()).toEqual([true, 0]);
  connection.destroy();
});

test("asks that are still queued at the end of a connection are not served", async () => {
  const calc = calculator();
  let sums = 0;
  const counted = Sum.responder(({ a, b }) => {
    sums++;
    return { total: a + b };
  });
  const { connection, peer } = scriptedPeer({
    locator: locator(counted, calc.locator),
    limits: { maxAsksInProgress: 1 },
  });
  const pending = rejection(connection.callRemote(Sum, { a: 1, b: 2 })); // this connection keeps reading while a call waits
  await peer.expect(SUM);
  peer.send(WAIT, WAIT, SUM);
  await flushPending();
  connection.destroy();
  await pending;
  calc.answer("late");
  await flushPending();
  expect(sums).toBe(0);
});

test("at the limit of a server a connection with more than its share is not read, and another one is", async () => {
  const ask = weightOf(encodeBox(new Box(WAIT)).length, 2, 0);
  const budgets = { inProgress: new SharedBudget(3 * ask), unsent: new SharedBudget(1e6) };
  const calc = calculator();
  const open = () => {
    const [transport, other] = memoryTransports();
    const options = { locator: calc.locator };
    new BaseConnection(transport, manualClock(), options, serving, [], budgets);
    return new ScriptedPeer(other);
  };
  const [greedy, modest] = [open(), open()];
  greedy.send(WAIT, WAIT, WAIT, WAIT);
  await flushPending();
  expect(calc.waiting).toBe(3);
  modest.send(SUM);
  await modest.expect({ _answer: "1", total: "3" });
  calc.answer("x");
  await greedy.expect(...["x", "x", "x"].map((after) => ({ _answer: "1", after })));
  await flushPending();
  expect(calc.waiting).toBe(1);
  for (const peer of [greedy, modest]) peer.destroy();
});

test("queued asks that were served leave no weight, and close() does not wait for them", async () => {
  const calc = calculator();
  const { connection, peer } = scriptedPeer({
    locator: calc.locator,
    limits: { maxAsksInProgress: 1, maxBytesInProgress: 3000 },
  });
  const pending = connection.callRemote(Sum, { a: 1, b: 2 }); // this connection keeps reading while a call waits
  await peer.expect(SUM);
  for (let round = 0; round < 30; round++) {
    peer.send(...["a", "b", "c", "d"].map((_ask) => ({ ...WAIT, _ask })));
    for (const pair of ["ab", "cd"]) {
      await flushPending();
      expect(calc.waiting).toBe(2); // one over the limit, because the peer may wait for it
      calc.answer("x");
      for (const _answer of pair) await peer.expect({ _answer, after: "x" });
    }
  }
  peer.send({ _answer: "1", total: "3" });
  await pending;
  void connection.close();
  await peer.expectEnd();
  peer.end();
  expect((await ended(connection)).name).toBe("ConnectionClosed");
});

describe.each([
  ["a command", undefined],
  ["a raw responder", () => new Promise<never>(() => {})],
])("the exact weight of an ask of %s", (_, raw) => {
  const { locator: served } = calculator();
  const withRaw: ResponderLocator = {
    locateResponder: (name) => (name === "Wait" ? raw : undefined) ?? served.locateResponder(name),
  };
  test.each([
    ["the weight of an ask reaches maxBytesInProgress", 0, false],
    ["one byte below maxBytesInProgress the next ask is read", 1, true],
  ])("%s", async (_, more, reads) => {
    const { connection, peer } = scriptedPeer({
      locator: withRaw,
      limits: { maxBytesInProgress: weightOf(encodeBox(new Box(WAIT)).length, 2, 0) + more },
    });
    peer.send(SUM, { ...WAIT, _ask: "2" }, { ...SUM, _ask: "3" });
    await peer.expect({ _answer: "1", total: "3" });
    await flushPending();
    expect(peer.unread > 0).toBe(reads);
    connection.destroy();
  });
});
