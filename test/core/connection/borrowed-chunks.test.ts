/** Borrowed chunks: the transport reuses them after received() returns, so nothing may read them later. */
import { createHash } from "node:crypto";
import {
  ampList,
  Box,
  type BoxReceiver,
  bigBytes,
  bytes,
  Connection,
  type ConnectionOptions,
  command,
  DEFAULT_LIMITS,
  encodeBox,
  listOf,
  locator,
  ProtocolSwitchCommand,
  type Transport,
  type TransportReceiver,
  unicode,
} from "ampwire";
import { flushPending, manualClock, memoryTransports, randomChunking, ScriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { Inbox } from "../../../src/core/connection/inbox.ts";
import { lending } from "../../support/lending.ts";
import { rejection } from "../../support/settled.ts";
import { calculator, Divide } from "../calculator.ts";

const fields = {
  small: bytes(),
  large: bytes(),
  text: unicode(),
  list: listOf(bytes()),
  rows: ampList({ cell: bytes() }),
  big: bigBytes(),
};
const Echo = command("Echo", { arguments: fields, response: fields });

function valuesOf(size: number) {
  const filled = new Uint8Array(size).map((_, index) => (index * 7 + size) % 251);
  return {
    small: filled.slice(0, 10),
    large: filled,
    text: "é".repeat(size / 4),
    list: [filled.slice(0, size / 3), filled.slice(0, 5)],
    rows: [{ cell: filled.slice(0, size / 2) }, { cell: filled.slice(0, 3) }],
    big: filled,
  };
}

const SIZES = [12, 4000, 4095, 4096, 5000, 20_000, 60_000];

/** Returns a connection that receives only borrowed chunks, and its scripted peer. */
function lentTo(options: ConnectionOptions) {
  const [ours, theirs] = memoryTransports({ fakeTLS: true });
  return {
    connection: new Connection(lending(ours), manualClock(), options),
    peer: new ScriptedPeer(theirs),
  };
}

test.each([1, 2, 3, 4])(
  "values from borrowed chunks keep their bytes while more arrive (%i)",
  async (seed) => {
    const [a, b] = memoryTransports({ chunking: randomChunking(seed, 60_000), capacity: 1024 * 1024 });
    const kept: object[] = [];
    const echo = Echo.responder(async (values) => {
      kept.push(values);
      await flushPending();
      return values;
    });
    const ends = [a, b].map((end) => new Connection(lending(end), manualClock(), { locator: locator(echo) }));
    const sent = SIZES.map(valuesOf);
    const answers = await Promise.all(
      ends.flatMap((end) => sent.map((values) => end.callRemote(Echo, values))),
    );
    const expected = [...sent, ...sent].map(textOf);
    expect(answers.map(textOf)).toEqual(expected);
    expect(kept.map(textOf).sort()).toEqual(expected.sort());
  },
);

/**
 * Returns a text for comparisons that ignore the order of keys. It has a hash of each value: comparing megabytes is
 * slow.
 */
function textOf(values: object): string {
  return JSON.stringify(Object.entries(values).sort(), (_, value) =>
    value instanceof Uint8Array ? createHash("sha1").update(value).digest("hex") : value,
  );
}

test("asks after a pause in the middle of a borrowed chunk are served", async () => {
  const calc = calculator();
  const { peer } = lentTo({ locator: calc.locator, limits: { maxAsksInProgress: 2 } });
  peer.send(...["a", "b", "c", "d"].map((_ask) => ({ _ask, _command: "Wait" })), {
    _ask: "last",
    _command: "Sum",
    a: "1",
    b: "2",
  });
  await flushPending();
  expect(calc.waiting).toBe(2);
  calc.answer("first");
  await peer.expect(...["a", "b"].map((_answer) => ({ _answer, after: "first" })));
  await flushPending();
  calc.answer("second");
  await peer.expect(
    { _answer: "c", after: "second" },
    { _answer: "last", total: "3" },
    { _answer: "d", after: "second" },
  );
});

test("borrowed chunks that arrive while an earlier one is queued are kept", async () => {
  const calc = calculator();
  const [ours, theirs] = memoryTransports();
  const unpausable: Transport = lending(ours);
  unpausable.pause = () => {}; // a transport may deliver chunks after pause()
  new Connection(unpausable, manualClock(), { locator: calc.locator, limits: { maxAsksInProgress: 1 } });
  const peer = new ScriptedPeer(theirs);
  for (const _ask of ["a", "b", "c"]) {
    peer.send({ _ask, _command: "Wait" });
    await flushPending();
  }
  for (const _answer of ["a", "b", "c"]) {
    calc.answer("now");
    await peer.expect({ _answer, after: "now" });
  }
});

test("tags and errors from borrowed chunks keep their bytes", async () => {
  const calc = calculator();
  const { connection, peer } = lentTo({ locator: calc.locator });
  const failed = rejection(connection.callRemote(Divide, { numerator: 1, denominator: 0 }));
  await peer.expect({ _ask: "1", _command: "Divide", numerator: "1", denominator: "0" });
  peer.send(
    { _ask: "tag", _command: "Wait" },
    { _error: "1", _error_code: "ODD", _error_description: "why" },
  );
  expect((await failed).message).toContain("why");
  calc.answer("late");
  await peer.expect({ _answer: "tag", after: "late" });
  peer.send(Buffer.from("GET / HTTP/1.1"));
  await flushPending();
  expect(connection.reason?.message).toContain("47 45 54");
});

test("raw responders and box receivers may keep boxes from borrowed chunks", async () => {
  const boxes: Box[] = [];
  const receiver: BoxReceiver = {
    startReceivingBoxes() {},
    boxReceived: (box) => void boxes.push(box),
    stopReceivingBoxes() {},
  };
  const keeping = (box: Box) => {
    boxes.push(box);
    return new Box();
  };
  const raw = lentTo({ locator: { locateResponder: () => keeping } });
  const low = lentTo({ receiver });
  const sent = SIZES.map((size) => ({ _command: "Raw", data: new Uint8Array(size).fill(7) }));
  raw.peer.send(...sent);
  low.peer.send(...sent);
  await flushPending();
  expect(boxes.map((box) => textOf(Object.fromEntries(box)))).toEqual(
    [...sent, ...sent].map((fields) => textOf(Object.fromEntries(new Box(fields)))),
  );
});

describe("a protocol switch", () => {
  const Switch = new ProtocolSwitchCommand<{}, Transport>("Switch");

  test.each(["callee", "caller"])(
    "the new protocol receives the bytes after the switch, at the %s",
    async (side) => {
      let given: Transport | undefined;
      const protocol = (stream: Transport) => {
        given = stream;
      };
      const { connection, peer } = lentTo({ locator: locator(Switch.responder(() => ({ protocol }))) });
      const behind = Buffer.from("what comes next");
      if (side === "callee") {
        peer.send({ _ask: "1", _command: "Switch" }, behind);
        await peer.expect({ _answer: "1" });
      } else {
        void connection.callRemote(Switch, { protocol });
        await peer.expect({ _ask: "1", _command: "Switch" });
        peer.send({ _answer: "1" }, behind);
      }
      await connection.closed;
      await flushPending();
      const came: Uint8Array[] = [];
      given?.start({ received: (chunk) => came.push(chunk), ended() {}, drained() {}, lost() {} });
      given?.resume();
      await flushPending();
      expect(Buffer.concat(came)).toEqual(behind);
    },
  );
});

test("the rest of a borrowed chunk is kept if the reader throws", () => {
  const [transport] = memoryTransports();
  const thrown = new Error("thrown by an observer");
  let served = 0;
  const input = new Inbox(transport, DEFAULT_LIMITS, manualClock(), {
    mayRead: () => served < 1,
    receive: () => void served++,
    readEnded() {
      throw thrown;
    },
    violated() {},
  });
  const [one, other] = [new Box({ a: "1" }), new Box({ b: "2" })].map(encodeBox) as [Uint8Array, Uint8Array];
  const lent = Buffer.concat([one, other]);
  expect(() => input.push(lent, "borrowed")).toThrow(thrown);
  lent.fill(0xff);
  expect(input.reader.takeRest()).toEqual(other);
});

test("a connection offers its transport memory for the rest of a large box, and none between boxes", () => {
  const [transport] = memoryTransports();
  let receiver: TransportReceiver | undefined;
  transport.start = (given) => {
    receiver = given;
  };
  const calc = calculator();
  new Connection(transport, manualClock(), { locator: calc.locator });
  const text = "x".repeat(60_000);
  const bytes = encodeBox(new Box({ _command: "Note", text }));
  expect(receiver?.room?.()).toBeUndefined();
  receiver?.received(bytes.slice(0, 20_000), "borrowed");
  const room = receiver?.room?.();
  room?.set(bytes.subarray(20_000));
  receiver?.received(room?.subarray(0, bytes.length - 20_000) ?? bytes, "owned");
  expect(room).toBeDefined();
  expect(calc.notes).toEqual([text]);
  expect(receiver?.room?.()).toBeUndefined();
});
