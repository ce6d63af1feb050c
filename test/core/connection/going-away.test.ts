/** GoAway: the ask of close(), what the peer does with it, and that no call is lost between two ends that know it. */
import {
  type AmpConnection,
  Box,
  type Connection,
  ConnectionClosed,
  locator,
  StartTLS,
  Unavailable,
} from "ampwire";
import { connectedPair, flushPending, manualClock, type ScriptedPeer, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { ended, rejection, settling } from "../../support/settled.ts";
import { calculator, Note, SUM, Sum, TOTAL, Wait } from "../calculator.ts";

const SHOWN = { "_m.ampwire": "1" };
const GO_AWAY = { _ask: "1", _command: "ampwire.GoAway" };
const ask = (tag: string) => ({ ...SUM, _ask: tag });
const total = (tag: string) => ({ ...TOTAL, _answer: tag });

/** A connection that a server has accepted from a scripted client. Both have shown that they know GoAway. */
async function accepted(options = {}) {
  const clock = manualClock();
  const calc = calculator();
  const role = { role: "server", fakeTLS: true, clock } as const;
  const { connection, peer } = scriptedPeer({ locator: calc.locator, ...options }, role);
  peer.send({ ...SUM, _ask: "first" });
  await peer.expect({ ...total("first"), ...SHOWN });
  peer.send({ ...SUM, _ask: "second", ...SHOWN });
  await peer.expect(total("second"));
  return { connection, peer, clock, calc };
}

/** A connection that a client has opened to a scripted server, which has shown that it knows GoAway. */
async function opened(options = {}) {
  const clock = manualClock();
  const role = { role: "client", fakeTLS: true, clock } as const;
  const { connection, peer } = scriptedPeer({ locator: calculator().locator, ...options }, role);
  const first = connection.callRemote(Sum, { a: 1, b: 2 });
  await peer.expect(SUM);
  peer.send({ ...TOTAL, ...SHOWN });
  await first;
  return { connection, peer, clock };
}

/** Two connections that know GoAway of each other. */
async function pair(client = {}, server = {}) {
  const clock = manualClock();
  const ends = connectedPair(
    { locator: calculator().locator, ...client },
    { locator: calculator().locator, ...server },
    { role: "client", fakeTLS: true, clock },
  );
  for (let call = 0; call < 2; call++) await ends[0].callRemote(Sum, { a: 1, b: 2 });
  return { client: ends[0], server: ends[1], clock };
}

async function endsWith(peer: ScriptedPeer, connection: Connection): Promise<void> {
  await peer.expectEnd();
  peer.end();
  expect((await ended(connection)).message).toBe("the connection was closed here");
}

describe("close()", () => {
  test("close() asks GoAway of a peer that knows it, and ends the connection after the answer", async () => {
    const { connection, peer } = await accepted();
    const closing = settling(connection.close());
    await peer.expect("0004 5f61736b 0001 31 0008 5f636f6d6d616e64 000e 616d70776972652e476f41776179 0000");
    expect(connection.state).toBe("closing");
    await flushPending();
    expect(closing.how).toEqual([]);
    peer.send({ _answer: "1" });
    await endsWith(peer, connection);
    await closing.over;
  });

  test("the end that opened the connection asks GoAway too, with the key if it has not shown it", async () => {
    const { connection, peer } = await opened();
    void connection.close();
    await peer.expect({ _ask: "2", _command: "ampwire.GoAway", ...SHOWN });
    peer.send({ _answer: "2" });
    await endsWith(peer, connection);
  });

  test("the peer's calls that crossed GoAway are served, and their answers sent, before the end", async () => {
    const { connection, peer, calc } = await accepted();
    void connection.close();
    await peer.expect(GO_AWAY);
    peer.send(ask("a"), { _ask: "w", _command: "Wait" }, { _answer: "1" });
    await peer.expect(total("a"));
    await flushPending();
    calc.answer("done");
    await peer.expect({ _answer: "w", after: "done" });
    await endsWith(peer, connection);
  });

  test("a call of this end that is in progress is waited for, and new ones are refused", async () => {
    const { connection, peer } = await accepted();
    const answer = connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect(SUM);
    void connection.close();
    await peer.expect({ ...GO_AWAY, _ask: "2" });
    expect(connection.acceptsCalls).toBe(false);
    expect(await rejection(connection.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(ConnectionClosed);
    expect(await rejection(connection.startTLS())).toBeInstanceOf(ConnectionClosed);
    expect(connection.callRemote(Note, { text: "" })).toBeUndefined();
    peer.send({ _answer: "2" });
    await flushPending();
    peer.send(TOTAL);
    expect(await answer).toEqual({ total: 3 });
    await endsWith(peer, connection);
  });

  test("a peer that has shown no key is not asked", async () => {
    const { connection, peer } = scriptedPeer({ locator: calculator().locator }, { role: "server" });
    peer.send(SUM, ask("2"));
    await peer.expect({ ...TOTAL, ...SHOWN }, total("2"));
    void connection.close();
    await endsWith(peer, connection);
  });

  test("with extensions: false a peer that has shown the key is not asked", async () => {
    const options = { locator: calculator().locator, extensions: false };
    const { connection, peer } = scriptedPeer(options, { role: "server" });
    peer.send(SUM, { ...ask("2"), ...SHOWN });
    await peer.expect(TOTAL, total("2"));
    void connection.close();
    await endsWith(peer, connection);
  });

  test("a peer that has not shown the key since the upgrade is not asked", async () => {
    const { connection, peer } = await accepted();
    peer.send({ _ask: "s", _command: "StartTLS" });
    await peer.expect({ _answer: "s" });
    await peer.startTLS("asker");
    void connection.close();
    await endsWith(peer, connection);
  });

  test("a peer that does not answer GoAway is waited for two seconds in total", async () => {
    const { connection, peer, clock } = await accepted();
    void connection.close();
    await peer.expect(GO_AWAY);
    clock.advance(1_999);
    peer.send(ask("late"));
    await peer.expect(total("late"));
    expect(peer.unread).toBe(0);
    clock.advance(1);
    await peer.expectEnd();
    peer.end();
    await ended(connection);
    expect(clock.pending).toBe(0);
  });

  test("GoAway and the time in which the peer's asks are read share one limit of two seconds", async () => {
    const { connection, peer, clock } = await accepted();
    peer.send({ _ask: "w", _command: "Wait" });
    await flushPending();
    void connection.close();
    await peer.expect(GO_AWAY);
    clock.advance(1_500);
    peer.send({ _answer: "1" });
    await flushPending();
    clock.advance(499);
    peer.send(ask("read"));
    await peer.expect(total("read"));
    clock.advance(1);
    peer.send(ask("unread"));
    await flushPending();
    expect(peer.unread).toBe(0);
    expect(connection.state).toBe("closing");
  });

  test("an answer to GoAway that comes late is expected, and dropped", async () => {
    const { connection, peer, clock, calc } = await accepted();
    peer.send({ _ask: "w", _command: "Wait" });
    await flushPending();
    const answer = connection.callRemote(Wait, {});
    void connection.close();
    await peer.expect({ _ask: "1", _command: "Wait" }, { ...GO_AWAY, _ask: "2" });
    clock.advance(2_000);
    peer.send({ _answer: "2" }, { _answer: "1", after: "late" });
    expect(await answer).toEqual({ after: "late" });
    calc.answer("done");
    await peer.expect({ _answer: "w", after: "done" });
    await endsWith(peer, connection);
  });

  test("close({ timeout }) limits the wait for the answer to GoAway too", async () => {
    const { connection, peer, clock } = await accepted();
    const closing = connection.close({ timeout: 500 });
    await peer.expect(GO_AWAY);
    clock.advance(500);
    await closing;
    expect((await ended(connection)).message).toBe("the connection was closed here");
    expect(clock.pending).toBe(0);
  });

  test("a peer that answers GoAway with an error is closed as one that answers", async () => {
    const { connection, peer } = await accepted();
    void connection.close();
    await peer.expect(GO_AWAY);
    peer.send({
      _error: "1",
      _error_code: "UNHANDLED",
      _error_description: "Unhandled Command: 'ampwire.GoAway'",
    });
    await endsWith(peer, connection);
  });

  test("a peer that answers GoAway and keeps calling is served while a call is in progress, and for two seconds", async () => {
    const { connection, peer, calc, clock } = await accepted();
    peer.send({ _ask: "w", _command: "Wait" });
    await flushPending();
    void connection.close();
    await peer.expect(GO_AWAY);
    peer.send({ _answer: "1" }, ask("a"));
    await peer.expect(total("a"));
    clock.advance(2_000);
    peer.send(ask("b"));
    await flushPending();
    calc.answer("done");
    await peer.expect({ _answer: "w", after: "done" });
    await endsWith(peer, connection);
  });

  test("close() during the wait for GoAway asks nothing more", async () => {
    const { connection, peer } = await accepted();
    const closings = [connection.close(), connection.close()];
    await peer.expect(GO_AWAY);
    void connection.close();
    await flushPending();
    expect(peer.unread).toBe(0);
    peer.send({ _answer: "1" });
    await endsWith(peer, connection);
    await Promise.all(closings);
  });

  test("destroy() and the loss of the transport end the wait for GoAway", async () => {
    for (const end of ["destroy", "loss"]) {
      const { connection, peer, clock } = await accepted();
      const closing = connection.close();
      await peer.expect(GO_AWAY);
      if (end === "destroy") connection.destroy();
      else peer.destroy();
      await closing;
      expect(clock.pending).toBe(0);
    }
  });

  test("the responders' signal closing is aborted before GoAway is answered", async () => {
    let closing: AbortSignal | undefined;
    const wait = Wait.responder(async (_, context) => {
      closing = context.closing;
      await new Promise<void>((resolve) => context.closing.addEventListener("abort", () => resolve()));
      return { after: "closing" };
    });
    const { connection, peer } = await accepted({ locator: locator(wait, calculator().locator) });
    peer.send({ _ask: "w", _command: "Wait" });
    await flushPending();
    void connection.close();
    await peer.expect(GO_AWAY, { _answer: "w", after: "closing" });
    expect(closing?.aborted).toBe(true);
  });

  test("at the limit on asks in progress the answer to GoAway is read", async () => {
    const { connection, peer, calc } = await accepted({ limits: { maxAsksInProgress: 1 } });
    peer.send({ _ask: "w", _command: "Wait" }, { _ask: "x", _command: "Wait" });
    await flushPending();
    void connection.close();
    await peer.expect(GO_AWAY);
    peer.send({ _ask: "y", _command: "Wait" }, { _answer: "1" });
    await flushPending();
    const answered: (string | undefined)[] = [];
    while (answered.length < 3) {
      calc.answer("done");
      answered.push((await peer.next())?.text("_answer"));
    }
    expect(answered).toEqual(["w", "x", "y"]);
    await endsWith(peer, connection);
  });
});

describe("an end that is asked GoAway", () => {
  test("calls end, the answer follows all of them, and those in progress finish", async () => {
    const { connection, peer } = await opened();
    const before = connection.callRemote(Sum, { a: 1, b: 2 });
    let reason: Error | undefined;
    void connection.callsEnded.then((error) => {
      reason = error;
    });
    peer.send({ _ask: "g", _command: "ampwire.GoAway", reason: "a new version" });
    await peer.expect({ ...ask("2"), ...SHOWN }, { _answer: "g" });
    expect(connection).toMatchObject({ acceptsCalls: false, state: "open", reason: undefined });
    expect(reason).toBeInstanceOf(Unavailable);
    expect(reason?.message).toBe(
      "not executed: the peer accepts no more calls on this connection: a new version",
    );
    for (const call of [connection.callRemote(Sum, { a: 1, b: 2 }), connection.callRemoteString("Sum")]) {
      const error = await rejection(call);
      expect(error).toBeInstanceOf(Unavailable);
      expect(error.cause).toBe(reason);
    }
    expect(() => connection.callRemote(Note, { text: "" })).toThrow(Unavailable);
    expect(() => connection.callRemoteString("Note", undefined, { requiresAnswer: false })).toThrow(
      Unavailable,
    );
    peer.send(total("2"));
    expect(await before).toEqual({ total: 3 });
    peer.end();
    expect((await ended(connection)).message).toBe("the peer closed the connection");
  });

  test("an end serves the peer's asks after GoAway", async () => {
    const { peer } = await opened();
    peer.send({ _ask: "g", _command: "ampwire.GoAway" }, ask("a"));
    await peer.expect({ _answer: "g" }, total("a"));
  });

  test("a second GoAway is answered, and the first reason is kept", async () => {
    const { connection, peer } = await opened();
    peer.send({ _ask: "g", _command: "ampwire.GoAway", reason: "first" });
    peer.send({ _ask: "h", _command: "ampwire.GoAway", reason: "second" });
    await peer.expect({ _answer: "g" }, { _answer: "h" });
    const { message, stack } = await connection.callsEnded;
    expect(message).toMatch(/: first$/);
    expect(stack).not.toMatch(/\n +at /); // it would cost as much as several calls
  });

  test("GoAway without a tag ends calls and is not answered", async () => {
    const { connection, peer } = await opened();
    peer.send({ _command: "ampwire.GoAway" }, ask("a"));
    await peer.expect(total("a"));
    expect(connection.acceptsCalls).toBe(false);
  });

  test("a reason that is not UTF-8, with control characters, or long becomes one short line", async () => {
    const reason = new Uint8Array(60_000).fill(0xff);
    reason.set([0x1b, 0x0a]);
    const { connection, peer } = await opened();
    peer.send({ _ask: "g", _command: "ampwire.GoAway", reason });
    await peer.expect({ _answer: "g" });
    const { message } = await connection.callsEnded;
    expect(message.length).toBeLessThan(2_200);
    expect(message).toMatch(/^not executed: .*: \\x1b\\n/i);
  });

  test("with extensions: false GoAway is an unknown command", async () => {
    const { connection, peer } = scriptedPeer({ extensions: false });
    peer.send({ _ask: "g", _command: "ampwire.GoAway" });
    await peer.expect({
      _error: "g",
      _error_code: "UNHANDLED",
      _error_description: "Unhandled Command: 'ampwire.GoAway'",
    });
    expect(connection.acceptsCalls).toBe(true);
  });

  test("GoAway in plaintext is refused if TLS is required", async () => {
    const { connection, peer } = scriptedPeer({ requireTLS: true }, { fakeTLS: true });
    peer.send({ _ask: "g", _command: "ampwire.GoAway" });
    expect((await peer.next())?.text("_error_code")).toBe("TLS_REQUIRED");
    expect(connection.acceptsCalls).toBe(true);
  });

  test("a raw responder that serves every name does not receive GoAway", async () => {
    const names: string[] = [];
    const everything = {
      locateResponder: (name: string) => () => {
        names.push(name);
        return new Box();
      },
    };
    const { connection, peer } = await opened({ locator: everything, limits: { maxAsksInProgress: 1 } });
    peer.send({ _ask: "g", _command: "ampwire.GoAway" }, { _ask: "o", _command: "Other" });
    await peer.expect({ _answer: "g" }, { _answer: "o" });
    expect(names).toEqual(["Other"]);
    expect(connection.acceptsCalls).toBe(false);
  });

  test("at the limit on asks in progress GoAway is answered before queued asks", async () => {
    const calc = calculator();
    const { connection, peer } = await opened({ locator: calc.locator, limits: { maxAsksInProgress: 1 } });
    void connection.callRemote(Wait, {});
    await peer.expect({ _ask: "2", _command: "Wait", ...SHOWN });
    peer.send({ _ask: "w", _command: "Wait" }, { _ask: "x", _command: "Wait" }, ask("s"));
    peer.send({ _ask: "g", _command: "ampwire.GoAway" });
    await peer.expect({ _answer: "g" });
  });

  test("StartTLS is still possible after GoAway", async () => {
    const { connection, peer } = await opened();
    peer.send({ _ask: "g", _command: "ampwire.GoAway" });
    await peer.expect({ _answer: "g" });
    const upgraded = connection.startTLS();
    await peer.expect({ _ask: "2", _command: "StartTLS" });
    peer.send({ _answer: "2" });
    await peer.startTLS("responder");
    await upgraded;
    expect(await rejection(connection.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(Unavailable);
  });

  test.each<[string, (connection: AmpConnection) => unknown]>([
    ["close() of this end", (connection) => connection.close()],
    ["destroy() of this end", (connection) => connection.destroy()],
  ])("callsEnded resolves at %s", async (_, end) => {
    const [connection] = connectedPair();
    void end(connection);
    expect(await connection.callsEnded).toBe(await ended(connection));
    expect(connection.acceptsCalls).toBe(false);
  });
});

test("callsEnded keeps the reason of GoAway when the connection closes later", async () => {
  const { connection, peer } = await opened();
  peer.send({ _ask: "g", _command: "ampwire.GoAway" });
  await peer.expect({ _answer: "g" });
  connection.destroy();
  await ended(connection);
  expect(await connection.callsEnded).toBeInstanceOf(Unavailable);
});

describe("two ends that know GoAway", () => {
  test("both can close at once, and neither waits for a timer", async () => {
    const { client, server, clock } = await pair();
    const answers = [client.callRemote(Sum, { a: 1, b: 2 }), server.callRemote(Sum, { a: 3, b: 4 })];
    await Promise.all([client.close(), server.close()]);
    expect(await Promise.all(answers)).toEqual([{ total: 3 }, { total: 7 }]);
    expect(clock.pending).toBe(0);
  });

  test("both ends ask GoAway at once: each answers the other's", async () => {
    const { connection, peer } = await accepted();
    void connection.close();
    await peer.expect(GO_AWAY);
    peer.send({ _ask: "g", _command: "ampwire.GoAway" }, { _answer: "1" });
    await peer.expect({ _answer: "g" });
    await endsWith(peer, connection);
  });

  test("200 closings under load lose no call", async () => {
    let sent = 0;
    for (let closing = 0; closing < 200; closing++) {
      const { client, server } = await pair();
      const answers: Promise<{ total: number }>[] = [];
      const calling = (async () => {
        while (client.acceptsCalls) {
          answers.push(client.callRemote(Sum, { a: 1, b: 2 }));
          if (answers.length % 3 === closing % 3) await Promise.resolve();
        }
      })();
      for (let turn = closing % 7; turn > 0; turn--) await Promise.resolve();
      const closed = server.close();
      await calling;
      await closed;
      for (const { total } of await Promise.all(answers)) expect(total).toBe(3);
      sent += answers.length;
    }
    expect(sent).toBeGreaterThan(200);
  });
});

describe("protocol changes", () => {
  test("StartTLS of the peer that crosses GoAway succeeds; the answer to GoAway arrives inside TLS", async () => {
    const { client, server } = await pair();
    const closing = server.close();
    const upgraded = client.startTLS();
    const queued = client.callRemote(Sum, { a: 1, b: 2 });
    await upgraded;
    expect(client.secure).toBe(true);
    expect(await queued).toEqual({ total: 3 });
    await closing;
    expect((await ended(client)).message).toBe("the peer closed the connection");
  });

  test("GoAway that arrives during a StartTLS of this end is answered behind the queued calls, inside TLS", async () => {
    const { connection, peer } = await opened();
    const upgraded = connection.startTLS();
    const queued = connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect({ _ask: "2", _command: "StartTLS" });
    peer.send({ _ask: "g", _command: "ampwire.GoAway" });
    await flushPending();
    expect(connection.acceptsCalls).toBe(false);
    expect(peer.unread).toBe(0);
    peer.send({ _answer: "2" });
    await peer.startTLS("responder");
    await upgraded;
    await peer.expect(ask("3"), { _answer: "g" });
    peer.send(total("3"));
    expect(await queued).toEqual({ total: 3 });
  });

  test("close() during a StartTLS of this end waits for it, and then asks a peer that has shown the key nothing", async () => {
    const { client, server } = await pair();
    const upgraded = server.startTLS();
    const closing = server.close();
    await upgraded;
    await closing;
    await ended(client);
  });

  test("close() while the peer's StartTLS is being answered waits for it", async () => {
    let agree = () => {};
    const slow = StartTLS.responder(async () => {
      await new Promise<void>((resolve) => {
        agree = resolve;
      });
      return {};
    });
    const { client, server } = await pair({}, { locator: locator(slow, calculator().locator) });
    const upgraded = client.startTLS();
    await flushPending();
    const closing = server.close();
    agree();
    await upgraded;
    await closing;
  });

  test("a GoAway that times out during an upgrade lets the connection close after the upgrade", async () => {
    const { connection, peer, clock } = await accepted();
    void connection.close();
    await peer.expect(GO_AWAY);
    peer.send({ _ask: "s", _command: "StartTLS" });
    await peer.expect({ _answer: "s" });
    clock.advance(2_000);
    await peer.startTLS("asker");
    await endsWith(peer, connection);
    expect(clock.pending).toBe(0);
  });
});

describe("a half-closed stream", () => {
  test("a peer that has ended its side is not asked", async () => {
    const { connection, peer, calc } = await accepted();
    peer.send({ _ask: "w", _command: "Wait" });
    peer.end();
    await flushPending();
    void connection.close();
    calc.answer("done");
    await peer.expect({ _answer: "w", after: "done" });
    await peer.expectEnd();
  });

  test("a peer that ends its side in place of an answer lets the connection close at once", async () => {
    const { connection, peer, clock } = await accepted();
    const closing = connection.close();
    await peer.expect(GO_AWAY);
    peer.end();
    await peer.expectEnd();
    await closing;
    expect(clock.pending).toBe(0);
  });

  test("an end whose peer asks GoAway and ends its side answers both GoAway and the asks before it", async () => {
    const calc = calculator();
    const { peer } = await opened({ locator: calc.locator });
    peer.send({ _ask: "w", _command: "Wait" }, { _ask: "g", _command: "ampwire.GoAway" });
    peer.end();
    await peer.expect({ _answer: "g" });
    calc.answer("done");
    await peer.expect({ _answer: "w", after: "done" });
    await peer.expectEnd();
  });
});
