/** Calls and responders over a carrier of boxes that is not a byte stream. */
import {
  Box,
  BoxDispatcher,
  type BoxSender,
  bytes,
  CallTimeout,
  type Clock,
  ConnectionClosed,
  command,
  locator,
  NoEmptyBoxes,
  ProtocolSwitchCommand,
  type ResponderLocator,
  StartTLS,
  TLSNotAvailable,
  TooLong,
  UnexpectedAnswer,
} from "ampwire";
import { flushPending, type ManualClock, manualClock } from "ampwire/testing";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { causeOf, ended, rejection, settling } from "../../support/settled.ts";
import { calculator, Divide, Note, SUM, Sum, Wait, ZeroDivisionError } from "../calculator.ts";

/** Returns two dispatchers, each of which sends to the other. */
function joined(a?: ResponderLocator, b?: ResponderLocator, clock?: Clock) {
  const sent: Box[] = [];
  let refusal: Error | undefined;
  const errors: unknown[] = [];
  const ends = [new BoxDispatcher(a, clock), new BoxDispatcher(b, clock)] as const;
  const to = (receiver: BoxDispatcher): BoxSender => ({
    sendBox(box) {
      if (refusal !== undefined) throw refusal;
      sent.push(box);
      queueMicrotask(() => receiver.boxReceived(box));
    },
    unhandledError: (error) => void errors.push(error),
  });
  ends[0].startReceivingBoxes(to(ends[1]));
  ends[1].startReceivingBoxes(to(ends[0]));
  const refuse = (reason: Error | undefined) => {
    refusal = reason;
  };
  return { ends, sent, errors, refuse };
}

describe("BoxDispatcher", () => {
  test("a dispatcher makes calls and serves calls", async () => {
    const calc = calculator();
    const { ends, sent } = joined(calc.locator, calc.locator);
    const [a, b] = ends;
    expect(await a.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
    expect(await b.callRemote(Sum, { a: 4, b: 5 })).toEqual({ total: 9 });
    expect(a.callRemote(Note, { text: "x" })).toBeUndefined();
    await Promise.resolve();
    expect(calc.notes).toEqual(["x"]);
    expect(sent[0]?.text("_ask")).toBe("1");
    expect((await a.callRemoteString("Sum", new Box({ a: "1", b: "1" }))).text("total")).toBe("2");
    expect(a.callRemoteString("Note", new Box({ text: "y" }), { requiresAnswer: false })).toBeUndefined();
  });

  test("a dispatcher carries declared and unknown errors", async () => {
    const { ends, errors } = joined(undefined, calculator().locator);
    expect(await rejection(ends[0].callRemote(Divide, { numerator: 1, denominator: 0 }))).toBeInstanceOf(
      ZeroDivisionError,
    );
    const broken = joined(
      undefined,
      locator(
        Sum.responder(() => {
          throw new Error("mine");
        }),
      ),
    );
    expect(await rejection(broken.ends[0].callRemote(Sum, { a: 1, b: 2 }))).toMatchObject({
      errorCode: "UNKNOWN",
    });
    expect(broken.errors).toMatchObject([{ message: "mine" }]);
    expect(errors).toEqual([]);
  });

  test("a call with a timeout rejects and sends nothing if the dispatcher has no clock", async () => {
    const { ends, sent } = joined(undefined, calculator().locator);
    const [a] = ends;
    expect(await rejection(a.callRemote(Sum, { a: 1, b: 2 }, { timeout: 1 }))).toBeInstanceOf(TypeError);
    expect(await rejection(a.callRemoteString("Sum", new Box(), { timeout: 1 }))).toBeInstanceOf(TypeError);
    expect(await a.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
    expect(sent.map((box) => box.text("_ask") ?? box.text("_answer"))).toEqual(["1", "1"]);
  });

  test("a call through a dispatcher with a clock times out", async () => {
    const clock = manualClock();
    const { ends } = joined(undefined, calculator().locator, clock);
    const failed = rejection(ends[0].callRemote(Wait, {}, { timeout: 10 }));
    clock.advance(10);
    expect(await failed).toBeInstanceOf(CallTimeout);
  });

  test("a dispatcher rejects StartTLS and protocol switches with TLSNotAvailable", async () => {
    const { ends, sent } = joined(undefined, locator(StartTLS.responder(() => ({}))));
    const Switch = new ProtocolSwitchCommand("Switch");
    for (const changing of [
      ends[0].startTLS(),
      ends[0].callRemote(StartTLS),
      ends[0].callRemote(Switch, { protocol() {} }),
    ]) {
      const error = await rejection(changing);
      expect(error).toBeInstanceOf(TLSNotAvailable);
      expect(error.message).toBe("boxes without a byte stream cannot change their protocol");
    }
    expect(sent).toEqual([]);
    const asked = await rejection(ends[0].callRemoteString("StartTLS"));
    expect(asked).toMatchObject({ errorCode: "TLS_NOT_AVAILABLE" });
    expect([ends[0].secure, ends[0].tls]).toEqual([false, undefined]);
  });

  test("boxReceived() throws if the box breaks the protocol", () => {
    const [a] = joined().ends;
    expect(() => a.boxReceived(new Box({ x: "" }))).toThrow(NoEmptyBoxes);
    expect(() => a.boxReceived(new Box({ _answer: "7" }))).toThrow(UnexpectedAnswer);
  });

  test("a call before startReceivingBoxes() rejects", async () => {
    const a = new BoxDispatcher();
    expect(await rejection(a.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(ConnectionClosed);
    expect(a.callRemote(Note, { text: "" })).toBeUndefined();
  });

  test.each([null, undefined, {}, { sendBox: 5 }])("%j is refused as a sender", (sender) => {
    // A JavaScript program may pass any value.
    expect(() => new BoxDispatcher().startReceivingBoxes(sender as unknown as BoxSender)).toThrow(
      /^startReceivingBoxes: the sender must be an object with the method sendBox, not /,
    );
  });

  test("boxReceived() accepts a record, and rejects any other value by name", async () => {
    const sent: Box[] = [];
    const dispatcher = new BoxDispatcher(calculator().locator);
    dispatcher.startReceivingBoxes({ sendBox: (box) => void sent.push(box), unhandledError() {} });
    dispatcher.boxReceived({ _ask: "1", _command: "Sum", a: "1", b: "2" } as unknown as Box);
    await flushPending();
    expect(sent[0]?.text("total")).toBe("3");
    // A JavaScript program may pass any value.
    expect(() => dispatcher.boxReceived(null as unknown as Box)).toThrow(
      "the content of a box must be an object, not null",
    );
  });

  test("a dispatcher without a sender drops its answers and stays open", async () => {
    const calc = calculator();
    const a = new BoxDispatcher(calc.locator);
    a.boxReceived(new Box(SUM));
    a.boxReceived(new Box({ _command: "Note", text: "served" }));
    await flushPending();
    expect([a.state, calc.notes]).toEqual(["open", ["served"]]);
  });

  test("an error that no caller receives goes to the sender and to onError, and is a warning without both", async () => {
    const warning = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    onTestFinished(() => warning.mockRestore());
    const failing = locator(
      Note.responder(() => {
        throw new Error("mine");
      }),
    );
    for (const [hasSender, hasOnError] of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ]) {
      const errors: string[] = [];
      const onError = hasOnError ? () => void errors.push("onError") : undefined;
      const a = new BoxDispatcher(failing, undefined, { onError });
      const sender = { sendBox() {}, unhandledError: () => void errors.push("sender") };
      if (hasSender) a.startReceivingBoxes(sender);
      a.boxReceived(new Box({ _command: "Note", text: "" }));
      await ended(a);
      expect(errors).toEqual([...(hasOnError ? ["onError"] : []), ...(hasSender ? ["sender"] : [])]);
      expect(warning).toHaveBeenCalledTimes(1); // by the first dispatcher
    }
  });

  test("boxes that a sender keeps do not change when later ones are sent", async () => {
    const Blob = command("Blob", { arguments: { data: bytes() }, requiresAnswer: false });
    const sent: Box[] = [];
    const a = new BoxDispatcher();
    a.startReceivingBoxes({ sendBox: (box) => void sent.push(box), unhandledError() {} });
    // The connection gathers short values in its own bytes, and passes long ones on.
    const values = [10_000, 60_000, 10_000, 60_000].map((length, index) =>
      new Uint8Array(length).fill(index),
    );
    for (const data of values) {
      a.callRemote(Blob, { data });
      await flushPending();
    }
    expect(
      sent.map((box, index) => Buffer.compare(box.get("data") ?? Buffer.of(), values[index] ?? Buffer.of())),
    ).toEqual([0, 0, 0, 0]);
    expect(sent.map((box) => box.text("_command"))).toEqual(["Blob", "Blob", "Blob", "Blob"]);
  });

  test("a value that is not a clock is refused", () => {
    // A program in JavaScript may pass anything.
    for (const clock of [null, {}, 5])
      expect(() => new BoxDispatcher(undefined, clock as unknown as Clock)).toThrow(
        "BoxDispatcher: the second argument must be a Clock, with the method setTimeout",
      );
  });

  test("a call that the sender rejects leaves nothing behind, and later calls succeed", async () => {
    const clock = manualClock();
    const { ends, refuse } = joined(undefined, calculator().locator, clock);
    const [a] = ends;
    const reason = new TooLong("a message of the queue is not so long");
    refuse(reason);
    expect(await rejection(a.callRemote(Sum, { a: 1, b: 2 }, { timeout: 10 }))).toBe(reason);
    expect(await rejection(a.callRemoteString("Sum", new Box(), { timeout: 10 }))).toBe(reason);
    expect(() => a.callRemote(Note, { text: "" })).toThrow(reason);
    expect(clock.pending).toBe(0);
    refuse(undefined);
    expect(await a.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  });

  test.each([
    ["a synchronous answer", SUM, new ConnectionClosed("the queue is gone")],
    ["a synchronous answer, for another reason,", SUM, new Error("the queue is full")],
    ["a later answer", { _ask: "1", _command: "Wait" }, new ConnectionClosed("the queue is gone")],
  ])("a dispatcher ends if its sender rejects %s", async (_, ask, reason) => {
    const calc = calculator();
    const { ends, refuse } = joined(calc.locator);
    const [a] = ends;
    const failed = rejection(a.callRemote(Wait));
    refuse(reason);
    a.boxReceived(new Box(ask));
    calc.answer("too late");
    expect(await ended(a)).toBe(reason);
    expect(causeOf(await failed)).toBe(reason);
  });

  test("a dispatcher answers with UNKNOWN and ends if a responder throws an undeclared error", async () => {
    const reason = new Error("a bug");
    const throwing = Wait.responder(() => {
      throw reason;
    });
    const { ends, sent, errors } = joined(undefined, locator(throwing));
    const [a, b] = ends;
    const own = rejection(b.callRemote(Wait));
    expect(await rejection(a.callRemote(Wait))).toMatchObject({ errorCode: "UNKNOWN" });
    expect(await ended(b)).toBe(reason);
    expect(b.state).toBe("closed");
    expect(causeOf(await own)).toBe(reason);
    expect(errors).toContain(reason);
    const boxes = sent.length;
    b.boxReceived(new Box({ _ask: "9", _command: "Wait" }));
    await flushPending();
    expect(sent).toHaveLength(boxes);
  });

  test("a dispatcher ends with its sender, and a call without an answer does not throw", async () => {
    const { ends, refuse } = joined();
    const reason = new ConnectionClosed("the queue is gone");
    refuse(reason);
    expect(ends[0].callRemote(Note, { text: "" })).toBeUndefined();
    expect(await ended(ends[0])).toBe(reason);
  });

  test("a dispatcher drops boxes that arrive after its end", async () => {
    const calc = calculator();
    const a = new BoxDispatcher(calc.locator);
    a.startReceivingBoxes({ sendBox() {}, unhandledError() {} });
    const failed = rejection(a.callRemote(Sum, { a: 1, b: 2 }));
    a.destroy();
    await failed;
    a.boxReceived(new Box({ _answer: "1", total: "3" }));
    a.boxReceived(new Box({ _command: "Note", text: "too late" }));
    expect(calc.notes).toEqual([]);
  });

  test("close() waits for the answers in both directions and accepts no new calls", async () => {
    const calc = calculator();
    const { ends } = joined(calc.locator, calc.locator);
    const [a, b] = ends;
    const calls = [a.callRemote(Wait), b.callRemote(Wait)];
    await Promise.resolve();
    const closing = a.close();
    expect(await rejection(a.callRemote(Wait))).toMatchObject({
      message: "Wait: the connection was closed here",
    });
    expect(await Promise.race([closing, "is not over"])).toBe("is not over");
    expect(await b.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
    calc.answer("now");
    expect(await Promise.all(calls)).toEqual([{ after: "now" }, { after: "now" }]);
    await closing;
    expect((await ended(a)).message).toBe("the connection was closed here");
    expect(causeOf(await rejection(a.callRemote(Wait)))).toBe(await ended(a));
  });

  describe("a peer that keeps asking while the dispatcher closes", () => {
    /** Sends one ask a second, each before the last is answered, until `close()` resolves or `most` asks are sent. */
    async function pestered(most: number, clock?: ManualClock) {
      const asked: ((values: { after: string }) => void)[] = [];
      const waiting = Wait.responder(() => new Promise((resolve) => asked.push(resolve)));
      const sent: Box[] = [];
      const a = new BoxDispatcher(locator(waiting), clock);
      a.startReceivingBoxes({ sendBox: (box) => void sent.push(box), unhandledError() {} });
      const ask = (tag: number) => a.boxReceived(new Box({ _ask: `w${tag}`, _command: "Wait" }));
      ask(0);
      const closing = settling(a.close());
      for (let count = 1; count <= most && closing.how.length === 0; count++) {
        clock?.advance(1_000);
        ask(count);
        asked[count - 1]?.({ after: "" });
        await flushPending();
      }
      const answered = sent.map((box) => box.text("_answer"));
      return { a, closing, answered, asked };
    }

    test("a closing dispatcher serves the peer for two seconds and answers what it asked until then", async () => {
      const clock = manualClock();
      const { closing, answered, asked, a } = await pestered(100, clock);
      expect(closing.how).toEqual(["resolved"]);
      expect(asked).toHaveLength(2);
      expect(answered).toEqual(["w0", "w1"]);
      expect((await ended(a)).message).toBe("the connection was closed here");
      expect(clock.pending).toBe(0);
    });

    test("a closing dispatcher serves the peer as long as a call of its own is in progress", async () => {
      const clock = manualClock();
      const { ends } = joined(calculator().locator, calculator().locator, clock);
      const [a] = ends;
      const call = rejection(a.callRemote(Wait, {}, { timeout: 10_000 }));
      const closing = a.close();
      clock.advance(9_000);
      expect(await ends[1].callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
      clock.advance(1_000);
      await call;
      await closing;
      expect(clock.pending).toBe(0);
    });

    test("a closing dispatcher without a clock serves the peer until it is destroyed", async () => {
      const { a, closing, asked } = await pestered(100);
      expect([closing.how, asked.length]).toEqual([[], 101]);
      a.destroy();
      await closing.over;
    });
  });

  test("close() from a responder and after a timed-out call ends both dispatchers", async () => {
    const clock = manualClock();
    const closing = Sum.responder((_, { connection }) => {
      void connection.close();
      return { total: 3 };
    });
    const { ends } = joined(undefined, locator(closing), clock);
    const [a, b] = ends;
    const failed = rejection(a.callRemoteString("Sum", new Box({ a: "1", b: "2" }), { timeout: 10 }));
    void a.close();
    clock.advance(10);
    expect(await failed).toBeInstanceOf(CallTimeout);
    await ended(a);
    await ended(b);
  });

  test.each([
    ["stopReceivingBoxes", (one: BoxDispatcher, reason: Error) => one.stopReceivingBoxes(reason)],
    ["destroy", (one: BoxDispatcher, reason: Error) => one.destroy(reason)],
  ])("%s rejects the calls in progress with the reason", async (_, stop) => {
    const { ends } = joined(undefined, calculator().locator);
    const failed = rejection(ends[0].callRemote(Wait));
    const reason = new Error("no carrier");
    stop(ends[0], reason);
    expect(causeOf(await failed)).toBe(reason);
    expect(await ended(ends[0])).toBe(reason);
    expect(causeOf(await rejection(ends[0].callRemote(Wait)))).toBe(reason);
    await ends[0].close();
  });
});
