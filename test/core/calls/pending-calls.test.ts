/** Calls from this end: the section "Asks, answers and errors" of SPEC.md, for the caller. */
import {
  Box,
  CallTimeout,
  ConnectionClosed,
  command,
  InvalidSignature,
  locator,
  optional,
  TooLong,
  UnhandledCommand,
  UnknownRemoteError,
  unicode,
} from "ampwire";
import { connectedPair, flushPending, manualClock, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { causeOf, ended, rejection, settling } from "../../support/settled.ts";
import {
  calculator,
  Divide,
  Note,
  Overheated,
  SUM,
  Sum,
  TOTAL,
  Wait,
  ZeroDivisionError,
} from "../calculator.ts";

const DIVIDE = { _ask: "1", _command: "Divide", numerator: "1", denominator: "0" };
const error = (code: string, description: string | Uint8Array) => ({
  _error: "1",
  _error_code: code,
  _error_description: description,
});

describe("tags", () => {
  test("tags count from 1 in lower-case hexadecimal digits", async () => {
    const { connection, peer } = scriptedPeer();
    for (let tag = 1; tag <= 300; tag++) {
      const answer = connection.callRemote(Wait);
      await peer.expect({ _ask: tag.toString(16), _command: "Wait" });
      peer.send({ _answer: tag.toString(16), after: "" });
      await answer;
    }
  });

  test("a call without an answer uses a tag and does not send it", async () => {
    const { connection, peer } = scriptedPeer();
    expect(connection.callRemote(Note, { text: "x" })).toBeUndefined();
    void connection.callRemote(Sum, { a: 1, b: 2 }).catch(() => {});
    await peer.expect({ _command: "Note", text: "x" }, { ...SUM, _ask: "2" });
    connection.destroy();
  });

  test("answers are accepted in any order", async () => {
    const { connection, peer } = scriptedPeer();
    const order: number[] = [];
    const calls = [1, 2, 3].map((n) =>
      connection.callRemote(Sum, { a: n, b: 0 }).then(({ total }) => order.push(total)),
    );
    await flushPending();
    for (const tag of ["3", "1", "2"]) peer.send({ _answer: tag, total: tag });
    await Promise.all(calls);
    expect(order).toEqual([3, 1, 2]);
  });
});

describe("the answer", () => {
  test("_answer takes precedence over _error, and _error over _command", async () => {
    const { connection, peer } = scriptedPeer({ locator: calculator().locator });
    const first = connection.callRemote(Sum, { a: 1, b: 2 });
    await flushPending();
    peer.send({ ...TOTAL, ...error("X", "y"), ...SUM });
    expect(await first).toEqual({ total: 3 });
    const second = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    await flushPending();
    peer.send({ ...error("X", "y"), ...SUM, _error: "2" });
    expect(await second).toBeInstanceOf(UnknownRemoteError);
    await peer.expect(SUM, { ...SUM, _ask: "2" });
    connection.destroy();
    await peer.expectEnd();
  });

  test.each([
    ["a missing field", { _answer: "1" }, "total"],
    ["a bad field", { _answer: "1", total: "x" }, "total"],
  ])("an answer with %s rejects its call and no other", async (_, answer, name) => {
    const { connection, peer } = scriptedPeer();
    const bad = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    const good = connection.callRemote(Sum, { a: 1, b: 2 });
    await flushPending();
    peer.send(answer, { ...TOTAL, _answer: "2" });
    expect(await bad).toBeInstanceOf(InvalidSignature);
    expect((await bad).message).toContain(`response of Sum: "${name}"`);
    expect(await good).toEqual({ total: 3 });
    expect(connection.state).toBe("open");
  });
});

describe("the error", () => {
  test.each([
    [
      "a declared error code rejects with its class and the description",
      "ZERO_DIVISION",
      ZeroDivisionError,
      "no",
    ],
    ["a fatal error code rejects with its class and the description", "OVERHEATED", Overheated, "no"],
    [
      "the error code UNHANDLED rejects with UnhandledCommand",
      "UNHANDLED",
      UnhandledCommand,
      "Divide: UNHANDLED: no",
    ],
    [
      "an undeclared error code rejects with UnknownRemoteError",
      "TOO_BAD",
      UnknownRemoteError,
      "Divide: TOO_BAD: no",
    ],
    [
      "an error code that is a property of every object rejects with UnknownRemoteError",
      "constructor",
      UnknownRemoteError,
      "Divide: constructor: no",
    ],
  ])("%s", async (_, code, errorClass, message) => {
    const { connection, peer } = scriptedPeer();
    const failed = rejection(connection.callRemote(Divide, { numerator: 1, denominator: 0 }));
    await peer.expect(DIVIDE);
    peer.send(error(code, "no"));
    expect(await failed).toBeInstanceOf(errorClass);
    expect((await failed).message).toBe(message);
    expect(connection.state).toBe("open");
  });

  test("the error code may be the first key of the box", async () => {
    const { connection, peer } = scriptedPeer();
    const failed = rejection(connection.callRemote(Divide, { numerator: 1, denominator: 0 }));
    await peer.expect(DIVIDE);
    const pairs = ["_error_code", "TOO_BAD", "_error_description", "no", "_error", "1"];
    const hex = pairs.map((text) =>
      Buffer.from(`\0${String.fromCharCode(text.length)}${text}`).toString("hex"),
    );
    peer.send(`${hex.join("")} 0000`);
    expect(await failed).toMatchObject({ errorCode: "TOO_BAD", description: "no" });
  });

  test("UnknownRemoteError keeps the error code and the description", async () => {
    const { connection, peer } = scriptedPeer();
    const failed = rejection(connection.callRemote(Divide, { numerator: 1, denominator: 0 }));
    await peer.expect(DIVIDE);
    peer.send(error("TOO_BAD", Uint8Array.of(0x6e, 0xff, 0x6f)));
    expect(await failed).toMatchObject({ errorCode: "TOO_BAD", description: "n\ufffdo", fatal: false });
  });
});

describe("a call with invalid arguments", () => {
  const Typed = command("Typed", { arguments: { text: unicode(), more: optional(unicode()) } });
  // Calls that do not compile, made by a program that is not type-checked.
  const calls: readonly (readonly [string, unknown, string, new (message: string) => Error])[] = [
    ["a missing argument", {}, '"text" is missing', InvalidSignature],
    ["an argument that is undefined", { text: undefined }, '"text" is missing', InvalidSignature],
    ["an unknown argument", { text: "", txet: "" }, '"txet" is not declared', InvalidSignature],
    ["an argument of another type", { text: 7 }, '"text"', InvalidSignature],
    ["an optional argument of another type", { text: "", more: null }, '"more"', InvalidSignature],
    ["an argument that is too long", { text: "x".repeat(65_536) }, '"text"', TooLong],
    ["a number instead of the arguments", 7, "7", InvalidSignature],
    ["null instead of the arguments", null, "null", InvalidSignature],
  ];

  test.each(calls)(
    "a call with %s rejects, sends nothing and uses no tag",
    async (_, args, text, errorClass) => {
      const { connection, peer } = scriptedPeer();
      const failed = await rejection(connection.callRemote(Typed, args as { text: string }));
      expect(failed).toBeInstanceOf(errorClass);
      expect(failed.message).toContain("argument of Typed");
      expect(failed.message).toContain(text);
      const good = connection.callRemote(Typed, { text: "x".repeat(65_535) });
      await peer.expect({ _ask: "1", _command: "Typed", text: "x".repeat(65_535) });
      peer.send({ _answer: "1" });
      expect(await good).toEqual({});
    },
  );

  test("a call without an answer throws if its arguments are invalid", async () => {
    const { connection, peer } = scriptedPeer();
    expect(() => connection.callRemote(Note, { text: 7 as unknown as string })).toThrow(InvalidSignature);
    connection.callRemote(Note, { text: "good" });
    await peer.expect({ _command: "Note", text: "good" });
  });
});

describe("timeouts and signals", () => {
  test("a call rejects at its timeout, its late answer is dropped, and the connection stays open", async () => {
    const clock = manualClock();
    const { connection, peer } = scriptedPeer({}, { clock });
    const failed = settling(connection.callRemote(Wait, {}, { timeout: 100 }));
    const reason = rejection(connection.callRemote(Wait, {}, { timeout: 100 }));
    clock.advance(99);
    await flushPending();
    expect(failed.how).toEqual([]);
    clock.advance(1);
    expect(await reason).toBeInstanceOf(CallTimeout);
    expect((await reason).message).toBe("Wait was not answered within 100 ms");
    peer.send({ _answer: "1", after: "late" }, { ...error("X", "late"), _error: "2" });
    await failed.over;
    expect(failed.how).toEqual(["rejected"]);
    const next = connection.callRemote(Sum, { a: 1, b: 2 });
    peer.send({ ...TOTAL, _answer: "3" });
    expect(await next).toEqual({ total: 3 });
    expect(clock.pending).toBe(0);
  });

  test("a second late answer breaks the protocol", async () => {
    const clock = manualClock();
    const { connection, peer } = scriptedPeer({}, { clock });
    const reason = rejection(connection.callRemote(Wait, {}, { timeout: 1 }));
    clock.advance(1);
    await reason;
    peer.send({ _answer: "1", after: "" });
    await flushPending();
    expect(connection.state).toBe("open");
    peer.send({ _answer: "1", after: "" });
    await flushPending();
    expect(connection.state).toBe("closed");
  });

  test("an answer in time cancels the timer", async () => {
    const clock = manualClock();
    const { connection, peer } = scriptedPeer({}, { clock });
    const answer = connection.callRemote(Sum, { a: 1, b: 2 }, { timeout: 100 });
    expect(clock.pending).toBe(1);
    await peer.expect(SUM);
    peer.send(TOTAL);
    await answer;
    expect(clock.pending).toBe(0);
  });

  test("callTimeout applies to calls without a timeout, by command and by name", async () => {
    const clock = manualClock();
    const { connection } = scriptedPeer({ callTimeout: 10 }, { clock });
    const failed = [rejection(connection.callRemote(Wait)), rejection(connection.callRemoteString("Wait"))];
    const patient = settling(connection.callRemote(Wait, {}, { timeout: 100 }));
    const endless = settling(connection.callRemote(Wait, {}, { timeout: Number.POSITIVE_INFINITY }));
    clock.advance(10);
    for (const one of failed) expect(await one).toBeInstanceOf(CallTimeout);
    expect(patient.how).toEqual([]);
    clock.advance(1_000_000);
    await patient.over;
    expect(endless.how).toEqual([]);
    connection.destroy();
  });

  test("a call rejects with the reason of its signal, and its late answer is dropped", async () => {
    const { connection, peer } = scriptedPeer();
    const abort = new AbortController();
    const failed = rejection(connection.callRemote(Sum, { a: 1, b: 2 }, { signal: abort.signal }));
    await peer.expect(SUM);
    const reason = new Error("changed my mind");
    abort.abort(reason);
    expect(await failed).toBe(reason);
    peer.send(TOTAL);
    await flushPending();
    expect(connection.state).toBe("open");
  });

  test("a call with an aborted signal sends nothing and uses no tag", async () => {
    const { connection, peer } = scriptedPeer();
    const reason = new Error("too late");
    const signal = AbortSignal.abort(reason);
    const { stack } = reason;
    expect(await rejection(connection.callRemote(Sum, { a: 1, b: 2 }, { signal }))).toBe(reason);
    expect(await rejection(connection.callRemoteString("Sum", new Box(), { signal }))).toBe(reason);
    expect(reason.stack).toBe(stack); // an object of the program is not changed
    const silent = { signal, requiresAnswer: false } as const;
    expect(() => connection.callRemoteString("Note", new Box(), silent)).toThrow(reason);
    expect(() => connection.callRemote(Note, { text: "" }, { signal })).toThrow(reason);
    void connection.callRemote(Sum, { a: 1, b: 2 }).catch(() => {});
    await peer.expect(SUM);
    connection.destroy();
  });

  test.each([Number.NaN, -1, "soon"])(
    "a call with the timeout %s rejects, sends nothing and uses no tag",
    async (given) => {
      const { connection, peer } = scriptedPeer();
      const timeout = given as number; // a JavaScript program may pass any value
      expect(await rejection(connection.callRemote(Sum, { a: 1, b: 2 }, { timeout }))).toBeInstanceOf(
        RangeError,
      );
      const named = connection.callRemoteString("Sum", new Box(), { timeout });
      expect(await rejection(named)).toBeInstanceOf(RangeError);
      void connection.callRemote(Sum, { a: 1, b: 2 }).catch(() => {});
      await peer.expect(SUM);
      connection.destroy();
    },
  );

  test("a signal that aborts after the answer has no effect", async () => {
    const { connection, peer } = scriptedPeer();
    const abort = new AbortController();
    const answer = connection.callRemote(Sum, { a: 1, b: 2 }, { signal: abort.signal });
    await peer.expect(SUM);
    peer.send(TOTAL);
    expect(await answer).toEqual({ total: 3 });
    abort.abort();
    await flushPending();
    expect(connection.state).toBe("open");
  });
});

describe("calls when the connection ends", () => {
  test("all calls reject once with errors of their own whose cause is the reason of the end, and their timers are cancelled", async () => {
    const clock = manualClock();
    const { connection, peer } = scriptedPeer({}, { clock });
    const calls = [1, 2, 3].map((b) => connection.callRemote(Sum, { a: 1, b }, { timeout: 1000 }));
    const settled = calls.map(settling);
    const reasons = calls.map(rejection);
    peer.end();
    const reason = await ended(connection);
    expect(reason).toBeInstanceOf(ConnectionClosed);
    for (const one of reasons) expect(causeOf(await one)).toBe(reason);
    expect(settled.map(({ how }) => how)).toEqual([["rejected"], ["rejected"], ["rejected"]]);
    expect(clock.pending).toBe(0);
  });

  test("a call whose timeout or signal comes while the calls of a lost connection are rejected has the reason of the loss", async () => {
    const turns: (() => void)[] = [];
    const nextTurn = (callback: () => void) => void turns.push(callback);
    const clock = Object.assign(manualClock(), { nextTurn });
    const { connection } = scriptedPeer({}, { clock });
    const abort = new AbortController();
    const options = { timeout: 100, signal: abort.signal };
    const failed = Array.from({ length: 600 }, () => rejection(connection.callRemote(Wait, {}, options)));
    const reason = new Error("enough");
    connection.destroy(reason);
    const reports: unknown[] = [];
    const onUncaught = (error: unknown) => void reports.push(error);
    process.on("uncaughtException", onUncaught); // of the listeners of a signal
    try {
      for (let turn = 0; turn < 5; turn++) {
        clock.advance(60);
        if (turn === 2) abort.abort();
        for (const callback of turns.splice(0)) callback();
        await flushPending();
      }
      for (const one of failed) expect(causeOf(await one)).toBe(reason);
      expect(turns).toEqual([]); // no turn is asked for once every call is rejected
      await new Promise(setImmediate);
    } finally {
      process.off("uncaughtException", onUncaught);
    }
    expect(reports).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("a call after the end rejects with an error whose cause is the same reason, and a call without an answer does nothing", async () => {
    const { connection } = scriptedPeer();
    const reason = new Error("enough");
    connection.destroy(reason);
    expect(causeOf(await rejection(connection.callRemote(Sum, { a: 1, b: 2 })))).toBe(reason);
    expect(causeOf(await rejection(connection.callRemoteString("Sum")))).toBe(reason);
    expect(connection.callRemote(Note, { text: "" })).toBeUndefined();
    expect(connection.callRemoteString("Note", new Box(), { requiresAnswer: false })).toBeUndefined();
  });
});

describe("callRemoteString", () => {
  test("callRemoteString sends a box and resolves with the box of the answer", async () => {
    const { connection, peer } = scriptedPeer();
    const box = new Box({ key: Uint8Array.of(0, 255) });
    const answer = connection.callRemoteString("raw", box);
    await peer.expect({ _ask: "1", _command: "raw", key: Uint8Array.of(0, 255) });
    peer.send({ _answer: "1", other: "x" });
    expect([...(await answer)]).toEqual([...new Box({ _answer: "1", other: "x" })]);
    expect([...box.keys()]).toEqual(["key"]);
  });

  test("callRemoteString rejects with UnknownRemoteError and UnhandledCommand", async () => {
    const [a] = connectedPair({}, { locator: calculator().locator });
    expect(await rejection(a.callRemoteString("Nope"))).toBeInstanceOf(UnhandledCommand);
    const box = new Box({ numerator: "1", denominator: "0" });
    expect(await rejection(a.callRemoteString("Divide", box))).toMatchObject({ errorCode: "ZERO_DIVISION" });
  });

  test("callRemoteString can send an ask that is not answered", async () => {
    const { connection, peer } = scriptedPeer();
    const options = { requiresAnswer: false } as const;
    expect(connection.callRemoteString("Note", new Box({ text: "x" }), options)).toBeUndefined();
    await peer.expect({ _command: "Note", text: "x" });
  });

  test("callRemoteString sends no tag of a forwarded box if no answer is required", async () => {
    const passing = { amp_NOTE: passOn };
    function passOn(box: Box): Box {
      next.connection.callRemoteString("Note", box, { requiresAnswer: false });
      return new Box();
    }
    const next = scriptedPeer();
    const { peer } = scriptedPeer({ locator: locator(passing) });
    peer.send({ _ask: "7", _command: "Note", text: "x" });
    await peer.expect({ _answer: "7" });
    await next.peer.expect({ _command: "Note", text: "x" });
  });

  test("a box that cannot be encoded rejects and uses no tag", async () => {
    const { connection, peer } = scriptedPeer();
    expect(
      await rejection(connection.callRemoteString("x", new Box({ ["k".repeat(256)]: "" }))),
    ).toBeInstanceOf(TooLong);
    void connection.callRemoteString("y").catch(() => {});
    await peer.expect({ _ask: "1", _command: "y" });
    connection.destroy();
  });
});
