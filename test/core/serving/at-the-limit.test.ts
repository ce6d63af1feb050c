/** Which asks are served, and which are queued, when a limit on asks in progress is reached. */
import { Box, command, locator, type Observer, ProtocolSwitchCommand, type ResponderLocator } from "ampwire";
import { flushPending, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { rejection } from "../../support/settled.ts";
import { calculator, SUM, Sum, Wait } from "../calculator.ts";

const Switch = new ProtocolSwitchCommand("Switch");
const wait = (_ask: string) => ({ _ask, _command: "Wait" });

/** Returns a connection at its limit: it reads, because a call of its own waits, and serves two asks. */
async function atTheLimit() {
  const calc = calculator();
  const reported: unknown[] = [];
  const served = locator(
    calc.locator,
    Switch.responder(() => ({ protocol() {} })),
    { amp_RAW: () => new Box({ raw: "yes" }) },
  );
  const withBad: ResponderLocator = {
    locateResponder(name) {
      if (name === "Bad") throw new RangeError("no such table");
      return served.locateResponder(name);
    },
  };
  const { connection, peer } = scriptedPeer({
    locator: withBad,
    limits: { maxAsksInProgress: 1 },
    closeOnUndeclaredError: false,
    onError: (error) => void reported.push(error),
  });
  const lost = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
  await peer.expect(SUM);
  peer.send(wait("a"), wait("b"));
  await flushPending();
  expect(calc.waiting).toBe(2);
  const end = async () => {
    connection.destroy();
    await lost;
  };
  return { calc, connection, peer, reported, end };
}

describe("at the limit on asks in progress", () => {
  test("an ask for a protocol switch is served at once, after the asks that were queued before it", async () => {
    const { calc, connection, peer, end } = await atTheLimit();
    peer.send(wait("c"));
    await flushPending();
    expect(calc.waiting).toBe(2);
    peer.send({ _ask: "s", _command: "Switch" });
    await peer.expect({ _answer: "s" });
    expect(calc.waiting).toBe(3);
    expect(connection.state).toBe("switched");
    await end();
  });

  test("the answers to asks that were queued before a protocol switch are sent before its answer", async () => {
    const { peer, end } = await atTheLimit();
    peer.send({ ...SUM, _ask: "x" }, { _ask: "s", _command: "Switch" });
    await peer.expect({ _answer: "x", total: "3" }, { _answer: "s" });
    await end();
  });

  test("an ask whose locator throws is answered and reported at once", async () => {
    const { peer, reported, end } = await atTheLimit();
    peer.send({ _ask: "x", _command: "Bad" });
    expect((await peer.next())?.text("_error")).toBe("x");
    expect(reported).toEqual([new RangeError("no such table")]);
    await end();
  });

  test.each([
    ["a command", { ...SUM, _ask: "x" }, { _answer: "x", total: "3" }],
    ["a raw responder", { _ask: "x", _command: "RAW" }, { _answer: "x", raw: "yes" }],
    [
      "an unknown command",
      { _ask: "x", _command: "Nope" },
      { _error: "x", _error_code: "UNHANDLED", _error_description: "Unhandled Command: 'Nope'" },
    ],
  ])("an ask of %s is queued until an ask finishes", async (_, ask, answer) => {
    const { calc, peer, end } = await atTheLimit();
    peer.send(ask);
    await flushPending();
    expect(peer.unread).toBe(0);
    calc.answer("done");
    const boxes = [await peer.next(), await peer.next(), await peer.next()].map((box) => new Box(box));
    expect(boxes).toContainEqual(new Box(answer));
    await end();
  });

  test("queued asks count towards maxBytesInProgress: the next ones are refused as not executed", async () => {
    const calc = calculator();
    const { connection, peer } = scriptedPeer({
      locator: calc.locator,
      limits: { maxAsksInProgress: 1, maxBytesInProgress: 5000 },
    });
    const lost = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    await peer.expect(SUM);
    peer.send(...Array.from({ length: 100 }, (_, index) => wait(`${index}`)));
    await flushPending();
    expect(calc.waiting).toBe(2);
    expect((await peer.next())?.text("_error_code")).toBe("UNAVAILABLE");
    connection.destroy();
    await lost;
  });
});

test("a responder that calls while reading resumes is answered before the next ask is served", async () => {
  const order: string[] = [];
  const calc = calculator();
  const Probe = command("Probe");
  const probe = Probe.responder((_, { connection }) => {
    order.push("begin");
    void rejection(connection.callRemote(Sum, { a: 1, b: 2 })); // may be what lets this end read on
    order.push("end");
    return {};
  });
  const { connection, peer } = scriptedPeer({
    locator: locator(calc.locator, probe),
    limits: { maxAsksInProgress: 1 },
  });
  peer.send(wait("a"), { _ask: "b", _command: "Probe" }, { _ask: "c", _command: "Probe" });
  await flushPending();
  expect(order).toEqual([]);
  calc.answer("x");
  await peer.expect({ _answer: "a", after: "x" });
  await peer.expect(SUM, { _answer: "b" }, { ...SUM, _ask: "2" }, { _answer: "c" });
  expect(order).toEqual(["begin", "end", "begin", "end"]);
  connection.destroy();
});

test("an answer that cannot be encoded is not reported after the end of the connection", async () => {
  const reported: unknown[] = [];
  let finish: (value: { after: string }) => void = () => {};
  const waiting = Wait.responder(() => new Promise((resolve) => (finish = resolve)));
  const onError = (error: unknown) => void reported.push(error);
  const { connection, peer } = scriptedPeer({ locator: locator(waiting), onError });
  peer.send(wait("1"));
  await flushPending();
  connection.destroy();
  finish({ after: "x".repeat(70_000) });
  await flushPending();
  expect(reported).toEqual([]);
});

test("an observer that does not watch calls receives no event of a call", async () => {
  const events: unknown[] = [];
  const note = (event: unknown) => void events.push(event);
  const observer: Observer = { watchesCalls: false, callStarted: note, callAnswered: note, callFailed: note };
  const { connection, peer } = scriptedPeer({ observer, locator: calculator().locator });
  const byZero = { _ask: "3", _command: "Divide", numerator: "1", denominator: "0" };
  peer.send(SUM, { _ask: "2", _command: "Nope" }, byZero);
  for (let answer = 0; answer < 3; answer++) await peer.next();
  const Missing = command("Missing");
  const failed = rejection(connection.callRemote(Missing));
  await peer.next();
  peer.send({ _error: "1", _error_code: "UNHANDLED", _error_description: "" });
  await failed;
  expect(events).toEqual([]);
});
