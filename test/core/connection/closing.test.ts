/** The end of a connection: what is finished before it, its reason, and what each promise and responder receives. */
import {
  Box,
  Connection,
  ConnectionClosed,
  ConnectionLost,
  IdleTimeout,
  locator,
  MalformedAmpBox,
  type ResponderContext,
} from "ampwire";
import { connectedPair, flushPending, manualClock, memoryTransports, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { kernelOf } from "../../../src/core/connection/connection.ts";
import { causeOf, ended, rejection, settling } from "../../support/settled.ts";
import { calculator, Note, SUM, Sum, TOTAL, Wait } from "../calculator.ts";

describe("close()", () => {
  test("close() waits for the answers to calls in progress", async () => {
    const { connection, peer } = scriptedPeer();
    const answer = connection.callRemote(Sum, { a: 1, b: 2 });
    const closing = settling(connection.close());
    await peer.expect(SUM);
    expect(connection.state).toBe("closing");
    peer.send(TOTAL);
    expect(await answer).toEqual({ total: 3 });
    await peer.expectEnd();
    expect(closing.how).toEqual([]);
    peer.end();
    await closing.over;
    expect((await ended(connection)).message).toBe("the connection was closed here");
  });

  test("close() answers the peer's asks first, including those that arrive meanwhile", async () => {
    const calc = calculator();
    const { connection, peer } = scriptedPeer({ locator: calc.locator });
    peer.send({ _ask: "w", _command: "Wait" });
    await flushPending();
    void connection.close();
    peer.send(SUM);
    await peer.expect(TOTAL);
    calc.answer("done");
    await peer.expect({ _answer: "w", after: "done" });
    await peer.expectEnd();
  });

  test("close() serves a peer that keeps asking for two seconds, then stops reading and finishes what is in progress", async () => {
    const clock = manualClock();
    const ending: (() => void)[] = [];
    const waiting = Wait.responder(async () => {
      await new Promise<void>((resolve) => ending.push(resolve));
      return { after: "done" };
    });
    const { connection, peer } = scriptedPeer({ locator: locator(waiting) }, { clock });
    const ask = async (_ask: string) => {
      peer.send({ _ask, _command: "Wait" });
      await flushPending();
    };
    await ask("1");
    void connection.close();
    clock.advance(1_999);
    await ask("2");
    ending.shift()?.();
    await peer.expect({ _answer: "1", after: "done" });
    clock.advance(1);
    await ask("3");
    expect(ending).toHaveLength(1);
    expect(kernelOf(connection).transport.undelivered).toBeGreaterThan(0);
    expect(connection.state).toBe("closing");
    ending.shift()?.();
    await peer.expect({ _answer: "2", after: "done" });
    await peer.expectEnd();
  });

  test("close() keeps reading while a call is in progress", async () => {
    const clock = manualClock();
    const { connection, peer } = scriptedPeer({ locator: calculator().locator }, { clock });
    const answer = connection.callRemote(Sum, { a: 1, b: 2 });
    void connection.close();
    await peer.expect(SUM);
    clock.advance(10_000);
    peer.send({ ...SUM, _ask: "back" });
    await peer.expect({ ...TOTAL, _answer: "back" });
    peer.send(TOTAL);
    expect(await answer).toEqual({ total: 3 });
    await peer.expectEnd();
    peer.end();
    await ended(connection);
    expect(clock.pending).toBe(0);
  });

  test.each([
    [
      "synchronously",
      ({ connection }: ResponderContext) => {
        void connection.close();
        return { total: 3 };
      },
    ],
    [
      "asynchronously",
      async ({ connection }: ResponderContext) => {
        void connection.close();
        await flushPending();
        return { total: 3 };
      },
    ],
  ])(
    "a responder that calls close() and answers %s is answered, and so are the asks in the same chunk",
    async (_, respond) => {
      const responder = Sum.responder((_, context) => respond(context));
      const { connection, peer } = scriptedPeer({ locator: locator(responder) });
      peer.send(SUM, { ...SUM, _ask: "2" });
      await peer.expect(TOTAL, { ...TOTAL, _answer: "2" });
      await peer.expectEnd();
      expect(connection.state).toBe("closed");
    },
  );

  test("a closing connection accepts no new calls", async () => {
    const { connection, peer } = scriptedPeer({ locator: calculator().locator });
    const answer = connection.callRemote(Sum, { a: 1, b: 2 });
    void connection.close();
    expect(await rejection(connection.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(ConnectionClosed);
    expect(connection.callRemote(Note, { text: "" })).toBeUndefined();
    await peer.expect(SUM);
    peer.send(TOTAL);
    await answer;
    await peer.expectEnd();
  });

  test("close() ends an idle connection at once, and may be called and awaited repeatedly", async () => {
    const [a, b] = connectedPair();
    await Promise.all([a.close(), a.close(), a[Symbol.asyncDispose]()]);
    await a.close();
    expect((await ended(b)).message).toBe("the peer closed the connection");
  });

  test("both ends can call close() at once", async () => {
    const [a, b] = connectedPair();
    await Promise.all([a.close(), b.close()]);
    expect(await ended(a)).toBeInstanceOf(ConnectionClosed);
    expect(await ended(b)).toBeInstanceOf(ConnectionClosed);
  });

  test("close() resolves when the last call times out", async () => {
    const clock = manualClock();
    const { connection, peer } = scriptedPeer({}, { clock });
    const failed = rejection(connection.callRemote(Wait, {}, { timeout: 10 }));
    void connection.close();
    await peer.expect({ _ask: "1", _command: "Wait" });
    clock.advance(10);
    await failed;
    await peer.expectEnd();
  });

  test("`await using` closes the connection", async () => {
    let closed: Promise<Error> | undefined;
    {
      await using connection = connectedPair()[0];
      closed = connection.closed;
    }
    expect(await closed).toBeInstanceOf(ConnectionClosed);
  });
});

describe("close() with a limit of time", () => {
  /** A connection that waits for an answer. */
  function waiting() {
    const clock = manualClock();
    const { connection } = scriptedPeer({}, { clock });
    return { clock, connection, call: rejection(connection.callRemote(Wait)) };
  }

  test.each<[string, number, (connection: Connection) => PromiseLike<void>]>([
    ["close({ timeout })", 500, (connection) => connection.close({ timeout: 500 })],
    ["`await using`", 10_000, (connection) => connection[Symbol.asyncDispose]()],
  ])("%s destroys the connection exactly after %i ms", async (_, timeout, close) => {
    const { clock, connection, call } = waiting();
    const closed = close(connection);
    clock.advance(timeout - 1);
    expect(connection.state).toBe("closing");
    clock.advance(1);
    await call;
    await closed;
    expect(clock.pending).toBe(0);
  });

  test("close({ signal }) destroys the connection when the signal aborts, and at once if it has aborted", async () => {
    const controller = new AbortController();
    const { connection, call } = waiting();
    const closed = connection.close({ signal: controller.signal });
    await flushPending();
    expect(connection.state).toBe("closing");
    controller.abort();
    await call;
    await closed;
    const other = waiting();
    const closedAtOnce = other.connection.close({ signal: AbortSignal.abort() });
    await other.call;
    await closedAtOnce;
  });

  test("a connection that closes in time leaves no timer", async () => {
    const clock = manualClock();
    const [connection] = connectedPair({}, {}, { clock });
    await connection.close({ timeout: 500 });
    expect(clock.pending).toBe(0);
  });

  test.each<[object, string]>([
    [{ timeout: -1 }, "timeout must be a number of at least 0, not -1"],
    [{ signal: {} }, "the option signal must be an AbortSignal, not an object (Object)"],
    [{ timout: 1 }, 'close: unknown option "timout" (did you mean "timeout"?)'],
  ])("close(%o) rejects, and the connection stays open", async (options, message) => {
    const { connection } = scriptedPeer();
    expect((await rejection(connection.close(options))).message).toBe(message);
    expect(connection.state).toBe("open");
  });
});

describe("destroy()", () => {
  test("destroy() rejects the calls in progress with its reason, which is also the value of `closed`", async () => {
    const { connection, peer } = scriptedPeer();
    const failed = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    const reason = new Error("enough");
    connection.destroy(reason);
    connection.destroy(new Error("another"));
    expect(causeOf(await failed)).toBe(reason);
    expect(await ended(connection)).toBe(reason);
    await peer.expect(SUM);
    await peer.expectEnd();
  });

  test("destroy() does not wait for responders", async () => {
    const calc = calculator();
    const { connection, peer } = scriptedPeer({ locator: calc.locator });
    peer.send({ _ask: "1", _command: "Wait" });
    await flushPending();
    connection.destroy();
    await peer.expectEnd();
    expect((await ended(connection)).message).toBe("the connection was destroyed here");
  });

  test("destroy() ends a pending close()", async () => {
    const { connection } = scriptedPeer();
    const failed = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    const closing = connection.close();
    connection.destroy(new Error("enough"));
    await closing;
    expect(await failed).toMatchObject({ message: "Sum: enough" });
    // The first reason is kept: close() was called first.
    expect(await ended(connection)).toBeInstanceOf(ConnectionClosed);
  });

  test("destroy() leaves no timer", async () => {
    const clock = manualClock();
    const { connection } = scriptedPeer({ limits: { idleTimeout: 100 } }, { clock });
    connection.destroy();
    await ended(connection);
    expect(clock.pending).toBe(0);
  });
});

describe("a peer that ends its side", () => {
  test("a peer that ended its side still receives its answers, including late ones", async () => {
    const calc = calculator();
    const { connection, peer } = scriptedPeer({ locator: calc.locator });
    peer.send({ _ask: "w", _command: "Wait" }, SUM);
    peer.end();
    await peer.expect(TOTAL);
    await flushPending();
    expect(connection.state).toBe("closing");
    calc.answer("late");
    await peer.expect({ _answer: "w", after: "late" });
    await peer.expectEnd();
    expect((await ended(connection)).message).toBe("the peer closed the connection");
  });

  test("calls reject at once when the peer ends its side", async () => {
    const calc = calculator();
    const { connection, peer } = scriptedPeer({ locator: calc.locator });
    const failed = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    peer.send({ _ask: "w", _command: "Wait" });
    peer.end();
    expect(await failed).toBeInstanceOf(ConnectionClosed);
    expect(await rejection(connection.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(ConnectionClosed);
    expect(connection.state).toBe("closing");
    connection.destroy();
  });

  test("an idle connection ends its side when the peer does", async () => {
    const { connection, peer } = scriptedPeer();
    peer.end();
    await peer.expectEnd();
    expect(await ended(connection)).toBeInstanceOf(ConnectionClosed);
  });
});

describe("a peer that does not end its side", () => {
  test("a peer that does not end its side is cut off after two seconds", async () => {
    const clock = manualClock();
    const { connection } = scriptedPeer({}, { clock });
    const closed = settling(connection.close());
    await flushPending();
    clock.advance(1_999);
    await flushPending();
    expect(closed.how).toEqual([]);
    clock.advance(1);
    await closed.over;
    expect(clock.pending).toBe(0);
  });

  test("a closed connection ignores what the peer still sends", async () => {
    const calc = calculator();
    const { connection, peer } = scriptedPeer({ locator: calc.locator });
    void connection.close();
    await peer.expectEnd();
    peer.send({ _command: "Note", text: "too late" }, "ff ff ff");
    peer.end();
    await ended(connection);
    expect(calc.notes).toEqual([]);
  });
});

test("the error of a failed transport is the cause of the reason", async () => {
  const [transport] = memoryTransports();
  const connection = new Connection(transport, manualClock());
  const failed = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
  const cause = new Error("the cable is out");
  transport.destroy(cause);
  expect(await failed).toBeInstanceOf(ConnectionLost);
  const reason = await ended(connection);
  expect(causeOf(await failed)).toBe(reason);
  expect(reason.cause).toBe(cause);
});

describe("a transport that is lost", () => {
  /** Loses a connection that waits for an answer of its peer. Returns its reason, and what onError received. */
  async function lose(cause: Error | undefined, before = (_: Connection) => {}) {
    const [transport] = memoryTransports();
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const connection = new Connection(transport, manualClock(), { onError });
    const call = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    before(connection);
    transport.destroy(cause);
    const reason = await ended(connection);
    expect(causeOf(await call)).toBe(reason);
    return { reason, errors };
  }

  test("the loss of a transport is not reported, with or without an error", async () => {
    const explained = new ConnectionLost("the peer is gone");
    expect(await lose(explained)).toEqual({ reason: explained, errors: [] });
    const closed = new ConnectionClosed("the connection was closed");
    expect(await lose(undefined)).toEqual({ reason: closed, errors: [] });
    expect((await lose(new Error("the cable is out"))).errors).toEqual([]);
  });

  test("a violation of the protocol that the transport has found is reported", async () => {
    const violation = new MalformedAmpBox("a text message");
    expect(await lose(violation)).toEqual({ reason: violation, errors: [violation] });
  });

  test("a connection that is closing keeps its reason, and reports nothing", async () => {
    const violation = new MalformedAmpBox("a text message");
    const { reason, errors } = await lose(violation, (connection) => void connection.close());
    expect([reason.message, errors]).toEqual(["the connection was closed here", []]);
  });
});

test("a call rejects with ConnectionLost if the peer disappears", async () => {
  const { connection, peer } = scriptedPeer();
  const failed = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
  await peer.expect(SUM);
  peer.destroy();
  expect(await failed).toBeInstanceOf(ConnectionLost);
});

test("idleTimeout closes the connection to a silent peer", async () => {
  const clock = manualClock();
  const { connection, peer } = scriptedPeer({ limits: { idleTimeout: 100 } }, { clock });
  clock.advance(99);
  peer.send("00");
  await flushPending();
  clock.advance(99);
  await flushPending();
  expect(connection.state).toBe("open");
  clock.advance(1);
  await peer.expectEnd();
  peer.end();
  expect(await ended(connection)).toBeInstanceOf(IdleTimeout);
});

test("invalid limits throw", () => {
  expect(() => connectedPair({ limits: { maxBoxBytes: 0 } })).toThrow(RangeError);
  expect(() => connectedPair({ limits: { maxBoxKeys: Number.NaN } })).toThrow(RangeError);
  expect(() => connectedPair({ limits: { maxKeys: 1 } as object })).toThrow(TypeError);
});

test("`closed` is the same before and after the end, and never rejects", async () => {
  const [a] = connectedPair();
  const before = a.closed;
  a.destroy();
  expect(await before).toBe(await ended(a));
  expect(causeOf(await a.callRemoteString("x", new Box()).catch((error) => error))).toBe(await ended(a));
});

test("destroy() with a reason that is not an error ends the connection with an error", async () => {
  const { connection } = scriptedPeer();
  Reflect.apply(connection.destroy, connection, ["no more"]); // as a program in JavaScript may call it
  expect(await ended(connection)).toMatchObject({ message: "no more", cause: "no more" });
  await expect(connection.callRemote(Sum, { a: 1, b: 2 })).rejects.toThrow("no more");
});

test("a call with a signal that is not an AbortSignal rejects, and leaves no timer", async () => {
  const clock = manualClock();
  const { connection } = scriptedPeer({}, { clock });
  const options = { timeout: 1000, signal: {} };
  const call: Promise<unknown> = Reflect.apply(connection.callRemote, connection, [
    Sum,
    { a: 1, b: 2 },
    options,
  ]);
  await expect(call).rejects.toThrow("the option signal must be an AbortSignal, not an object (Object)");
  connection.destroy();
  await ended(connection);
  expect(clock.pending).toBe(0);
});
