/** The raw receiver: an object that receives every box, in place of locators and calls. */
import {
  Box,
  type BoxReceiver,
  type BoxSender,
  Connection,
  ConnectionClosed,
  InvalidSignature,
  TLSRequired,
  TooLong,
} from "ampwire";
import {
  byteByByte,
  flushPending,
  manualClock,
  memoryTransports,
  ScriptedPeer,
  scriptedPeer,
} from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { ended, rejection } from "../../support/settled.ts";
import { Note, Wait } from "../calculator.ts";

/** Sends every box back unchanged. */
class Mirror implements BoxReceiver {
  sender: BoxSender | undefined;
  readonly stopped: Error[] = [];

  startReceivingBoxes(sender: BoxSender): void {
    this.sender = sender;
  }

  boxReceived(box: Box): void {
    if (box.has("refuse")) throw new Error("this box is refused");
    this.sender?.sendBox(box);
  }

  stopReceivingBoxes(reason: Error): void {
    this.stopped.push(reason);
  }
}

describe("a raw receiver", () => {
  test("a raw receiver receives every box, whatever it means, and sends boxes", async () => {
    const receiver = new Mirror();
    const { peer } = scriptedPeer({ receiver }, { chunking: byteByByte });
    const boxes = [
      { a: "1" },
      { _answer: "never asked" },
      { _ask: "1", _command: "Sum" },
      { key: new Uint8Array(10_000).fill(7) },
    ];
    peer.send(...boxes);
    await peer.expect(...boxes);
  });

  test("a connection with a raw receiver rejects calls with answers, because the receiver gets the answers", async () => {
    const { connection, peer } = scriptedPeer({ receiver: new Mirror() }, { fakeTLS: true });
    expect(await rejection(connection.callRemote(Wait))).toBeInstanceOf(TypeError);
    expect(await rejection(connection.callRemoteString("Wait"))).toBeInstanceOf(TypeError);
    expect(connection.callRemote(Note, { text: "x" })).toBeUndefined();
    await peer.expect({ _command: "Note", text: "x" });
    expect(await rejection(connection.startTLS())).toBeInstanceOf(TypeError);
    void connection.close();
    await peer.expectEnd();
  });

  test("a raw receiver may keep its boxes", async () => {
    const kept: Box[] = [];
    const { connection, peer } = scriptedPeer({
      receiver: {
        startReceivingBoxes() {},
        boxReceived: (box) => void kept.push(box),
        stopReceivingBoxes() {},
      },
    });
    for (let index = 0; index < 20; index++) peer.send({ n: `${index}` });
    peer.end();
    await ended(connection);
    expect(kept.map((box) => box.text("n"))).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`));
  });

  test("stopReceivingBoxes() is called once with the reason of the end", async () => {
    const receiver = new Mirror();
    const { connection, peer } = scriptedPeer({ receiver });
    peer.end();
    const reason = await ended(connection);
    await Promise.resolve();
    expect(receiver.stopped).toEqual([reason]);
    expect(() => receiver.sender?.sendBox(new Box({ a: "1" }))).toThrow(ConnectionClosed);
  });

  test("a raw receiver that throws closes the connection, and the boxes it sent before are sent", async () => {
    const { connection, peer } = scriptedPeer({ receiver: new Mirror() });
    peer.send({ a: "1" }, { refuse: "" }, { b: "2" });
    await peer.expect({ a: "1" });
    await peer.expectEnd();
    peer.end();
    expect((await ended(connection)).message).toBe("this box is refused");
  });

  test("unhandledError() reports the error to onError, and closes the connection with it", async () => {
    const receiver = new Mirror();
    const reported: unknown[] = [];
    const { connection, peer } = scriptedPeer({ receiver, onError: (error) => void reported.push(error) });
    const error = new Error("mine");
    receiver.sender?.unhandledError(error);
    peer.end();
    expect(await ended(connection)).toBe(error);
    expect(reported).toEqual([error]);
  });

  test("unhandledError() after the end of the connection reports the error to onError", async () => {
    const receiver = new Mirror();
    const reported: unknown[] = [];
    const { connection } = scriptedPeer({ receiver, onError: (error) => void reported.push(error) });
    connection.destroy();
    const reason = await ended(connection);
    const error = new Error("late");
    receiver.sender?.unhandledError(error);
    expect(reported).toEqual([error]);
    expect(connection.reason).toBe(reason);
  });

  test.each(["startReceivingBoxes", "boxReceived"] as const)(
    "a rejection of an async %s() is reported to onError, and closes the connection with it",
    async (method) => {
      const error = new Error("rejected");
      const receiver = new Mirror();
      receiver[method] = async () => {
        throw error;
      };
      const reported: unknown[] = [];
      const { connection, peer } = scriptedPeer({
        receiver,
        onError: (thrown) => void reported.push(thrown),
      });
      peer.send({ a: "1" });
      await peer.expectEnd();
      peer.end();
      expect(await ended(connection)).toBe(error);
      expect(reported).toEqual([error]);
    },
  );

  test("an error that stopReceivingBoxes() throws is reported to onError", async () => {
    const error = new Error("not stopped");
    const receiver = new Mirror();
    receiver.stopReceivingBoxes = () => {
      throw error;
    };
    const reported: unknown[] = [];
    const { connection } = scriptedPeer({ receiver, onError: (thrown) => void reported.push(thrown) });
    connection.destroy();
    await ended(connection);
    await flushPending();
    expect(reported).toEqual([error]);
  });

  test("sendBox() throws for a box that cannot be encoded, and sends nothing of it", async () => {
    const receiver = new Mirror();
    const { peer } = scriptedPeer({ receiver });
    const { sender } = receiver;
    expect(() => sender?.sendBox(new Box())).toThrow(InvalidSignature);
    expect(() => sender?.sendBox(new Box({ a: "1", b: new Uint8Array(65_536) }))).toThrow(TooLong);
    sender?.sendBox(new Box({ c: "3" }));
    await peer.expect({ c: "3" });
  });

  test("a raw receiver neither receives nor sends boxes in plaintext if TLS is required", async () => {
    const receiver = new Mirror();
    const told: Box[] = [];
    receiver.boxReceived = (box) => void told.push(box);
    const { connection, peer } = scriptedPeer({ receiver, requireTLS: true });
    expect(() => receiver.sender?.sendBox(new Box({ a: "1" }))).toThrow(TLSRequired);
    peer.send({ b: "2" });
    await peer.expectEnd();
    peer.end();
    expect(await ended(connection)).toBeInstanceOf(TLSRequired);
    expect(told).toEqual([]);
  });

  test.each(["startReceivingBoxes", "boxReceived", "stopReceivingBoxes"])(
    "a receiver without the method %s is refused",
    (method) => {
      // A JavaScript program may pass any object.
      const receiver = Object.assign(new Mirror(), { [method]: undefined }) as BoxReceiver;
      expect(() => scriptedPeer({ receiver })).toThrow(
        new TypeError(`the option receiver needs the method ${method}`),
      );
    },
  );

  test("a raw receiver cannot be combined with a heartbeat", () => {
    expect(() => scriptedPeer({ receiver: new Mirror(), heartbeat: { interval: 1 } })).toThrow(TypeError);
  });

  test("the transport ends if startReceivingBoxes() throws", async () => {
    const [ours, theirs] = memoryTransports();
    const peer = new ScriptedPeer(theirs);
    const receiver: BoxReceiver = {
      startReceivingBoxes() {
        throw new RangeError("not today");
      },
      boxReceived() {},
      stopReceivingBoxes() {},
    };
    expect(() => new Connection(ours, manualClock(), { receiver })).toThrow("not today");
    await peer.expectEnd();
  });
});
