/** Backpressure: limits on what is queued for a peer that does not read, and on the asks that are read from it. */
import { ConnectionClosed, LimitExceeded } from "ampwire";
import { flushPending, scriptedPeer } from "ampwire/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { ended, rejection } from "../../support/settled.ts";
import { calculator, Note, SUM, Sum } from "../calculator.ts";

describe("maxAsksInProgress", () => {
  test("a connection stops reading at maxAsksInProgress and resumes when an ask is answered", async () => {
    const calc = calculator();
    const { connection, peer } = scriptedPeer({ locator: calc.locator, limits: { maxAsksInProgress: 3 } });
    const asks = Array.from({ length: 8 }, (_, index) => ({ _ask: `${index}`, _command: "Wait" }));
    peer.send(...asks);
    peer.send({ _ask: "last", _command: "Sum", a: "1", b: "1" });
    await flushPending();
    expect(calc.waiting).toBe(3);
    calc.answer("first");
    await peer.expect(...["0", "1", "2"].map((tag) => ({ _answer: tag, after: "first" })));
    await flushPending();
    expect(calc.waiting).toBe(3);
    calc.answer("second");
    await flushPending();
    calc.answer("third");
    await peer.expect(
      ...["3", "4", "5"].map((tag) => ({ _answer: tag, after: "second" })),
      { _answer: "last", total: "2" },
      ...["6", "7"].map((tag) => ({ _answer: tag, after: "third" })),
    );
    connection.destroy();
  });

  test("asks over maxAsksInProgress stay in the transport", async () => {
    const calc = calculator();
    const { peer } = scriptedPeer(
      { locator: calc.locator, limits: { maxAsksInProgress: 1 } },
      { capacity: 1000 },
    );
    for (let index = 0; index < 200; index++) peer.send({ _ask: `${index}`, _command: "Wait" });
    await flushPending();
    expect(calc.waiting).toBe(1);
    expect(peer.transport.unsent).toBeGreaterThan(0);
    for (let index = 0; index < 200; index++) {
      calc.answer("");
      await peer.expect({ _answer: `${index}`, after: "" });
    }
    expect(peer.transport.unsent).toBe(0);
  });

  test("an answer behind asks over maxAsksInProgress is read when an ask is answered", async () => {
    const calc = calculator();
    const { connection, peer } = scriptedPeer({ locator: calc.locator, limits: { maxAsksInProgress: 1 } });
    const call = connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect(SUM);
    peer.send({ _ask: "w", _command: "Wait" }, { _answer: "1", total: "3" });
    await flushPending();
    calc.answer("");
    expect(await call).toEqual({ total: 3 });
  });

  test("the end of a peer is handled after the asks that were queued before it", async () => {
    const calc = calculator();
    const { connection, peer } = scriptedPeer({ locator: calc.locator, limits: { maxAsksInProgress: 1 } });
    peer.send({ _ask: "1", _command: "Wait" }, { _ask: "2", _command: "Wait" });
    peer.end();
    await flushPending();
    calc.answer("one");
    await flushPending();
    calc.answer("two");
    await peer.expect({ _answer: "1", after: "one" }, { _answer: "2", after: "two" });
    await peer.expectEnd();
    expect((await ended(connection)).message).toBe("the peer closed the connection");
  });
});

describe("maxUnsentBytes", () => {
  test("a call over maxUnsentBytes rejects, a call without an answer throws, and nothing of them is sent", async () => {
    const { connection, peer } = scriptedPeer({ limits: { maxUnsentBytes: 1000 } }, { capacity: 1 });
    peer.transport.pause();
    connection.callRemote(Note, { text: "x".repeat(1200) });
    const failed = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    expect(await failed).toBeInstanceOf(LimitExceeded);
    expect((await failed).message).toContain("maxUnsentBytes");
    expect(() => connection.callRemote(Note, { text: "y" })).toThrow(LimitExceeded);
    peer.transport.resume();
    await peer.expect({ _command: "Note", text: "x".repeat(1200) });
    await flushPending();
    connection.callRemote(Note, { text: "z" });
    await peer.expect({ _command: "Note", text: "z" });
    connection.destroy();
  });

  /** A connection that waits for an answer, with unsent bytes that its peer does not read. */
  async function behind(maxUnsentBytes: number) {
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const options = { locator: calculator().locator, limits: { maxUnsentBytes }, onError };
    const { connection, peer } = scriptedPeer(options, { capacity: 1 });
    peer.transport.pause();
    const call = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    onTestFinished(() => connection.destroy());
    connection.callRemote(Note, { text: "x".repeat(1001) });
    await flushPending();
    return { connection, peer, call, errors, unsent: connection.unsentBytes };
  }

  test("calls are refused from maxUnsentBytes on, and not one byte before", async () => {
    const { unsent } = await behind(10_000);
    const below = (await behind(unsent + 1)).connection;
    below.callRemote(Note, { text: "y" });
    expect(below.unsentBytes).toBeGreaterThan(unsent);
    const { connection } = await behind(unsent);
    expect(() => connection.callRemote(Note, { text: "y" })).toThrow(LimitExceeded);
  });

  test("a peer that keeps asking at twice maxUnsentBytes loses the connection, and not one byte before", async () => {
    const { unsent } = await behind(10_000);
    expect(unsent % 2).toBe(0);
    for (const limit of [unsent / 2 + 1, unsent / 2]) {
      const { connection, peer, call, errors } = await behind(limit);
      peer.send(SUM);
      await flushPending();
      if (limit > unsent / 2) {
        expect([connection.state, errors]).toEqual(["open", []]);
        connection.destroy();
      } else {
        expect(connection.reason).toBeInstanceOf(LimitExceeded);
        expect(connection.reason?.message).toContain(`has not taken ${unsent} bytes`);
        expect(errors).toEqual([connection.reason]);
      }
      await call;
    }
  });

  test("a peer that does not read its answers is not read, and no answer is lost", async () => {
    const { connection, peer } = scriptedPeer(
      { locator: calculator().locator, limits: { maxUnsentBytes: 1000 } },
      { capacity: 100 },
    );
    peer.transport.pause();
    const tags = Array.from({ length: 500 }, (_, index) => `${index}`);
    for (const tag of tags) {
      peer.send({ ...SUM, _ask: tag });
      await flushPending();
    }
    expect(peer.transport.unsent).toBeGreaterThan(0);
    peer.transport.resume();
    await peer.expect(...tags.map((tag) => ({ _answer: tag, total: "3" })));
    connection.destroy();
  });

  test("all asks of one chunk are answered, whatever the value of maxUnsentBytes", async () => {
    const { connection, peer } = scriptedPeer({
      locator: calculator().locator,
      limits: { maxUnsentBytes: 1 },
    });
    const tags = Array.from({ length: 5000 }, (_, index) => `${index}`);
    peer.send(...tags.map((tag) => ({ ...SUM, _ask: tag })));
    peer.end();
    await peer.expect(...tags.map((tag) => ({ _answer: tag, total: "3" })));
    await peer.expectEnd();
    expect(await ended(connection)).toBeInstanceOf(ConnectionClosed);
  });
});
