/** `BufferingTransport` with a carrier that a test controls. The contract of transports is tested with each carrier. */
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { BufferingTransport, bytesOf } from "../../../src/core/carriers/buffering-transport.ts";
import { ReceiverProbe } from "../../support/receiver-probe.ts";

/** A transport whose test plays the carrier. */
class Carried extends BufferingTransport {
  unsent = 0;
  readonly aborts: unknown[] = [];
  /** Called when the transport closes its carrier. */
  onAbort: () => void = () => {};

  write(): void {}
  end(): void {}

  protected override abort(reason: Error | undefined): void {
    this.aborts.push(reason);
    this.onAbort();
  }

  bytes(...bytes: number[]): void {
    this.accept(Uint8Array.from(bytes));
  }
  peerEnd(): void {
    this.acceptEnd();
  }
  close(error?: Error): void {
    this.acceptClose(error);
  }
  drain(): void {
    this.unsent = 0;
    this.drained();
  }
}

function started(limit = 100) {
  const transport = new Carried(limit);
  const probe = new ReceiverProbe();
  transport.start(probe);
  return { transport, probe };
}

const turn = () => new Promise(setImmediate);

/** Returns true if a promise resolves without another event. */
async function resolvesSoon(promise: Promise<void>): Promise<boolean> {
  let resolved = false;
  void promise.then(() => {
    resolved = true;
  });
  await turn();
  return resolved;
}

describe("BufferingTransport", () => {
  test("a transport that is destroyed before it is started closes its carrier", async () => {
    const transport = new Carried(100);
    const reason = new Error("not needed");
    transport.destroy(reason);
    await turn(); // an error in the report of the loss would be an unhandled rejection
    expect(transport.aborts).toEqual([reason]);
  });

  test("bytes, an end and a drain of the carrier before the transport is started throw no error", () => {
    const transport = new Carried(100);
    transport.bytes(1);
    transport.peerEnd();
    transport.drain();
    expect(transport.undelivered).toBe(0);
  });

  test("a transport delivers bytes and the peer's end once, and is lost only when its carrier closes", () => {
    const { transport, probe } = started();
    transport.bytes();
    transport.bytes(1);
    transport.bytes(2);
    expect([probe.heard, probe.chunks.length]).toEqual([["bytes"], 2]);
    transport.peerEnd();
    transport.bytes(3);
    expect(probe.heard).toEqual(["bytes", "ended", "bytes"]);
    transport.close();
    expect(probe.heard).toEqual(["bytes", "ended", "bytes", "lost"]);
  });

  test("a carrier that confirms while it is closed reports one loss, with the reason of destroy()", async () => {
    const { transport, probe } = started();
    transport.onAbort = () => transport.close(new Error("of the carrier"));
    const reason = new Error("enough");
    transport.destroy(reason);
    transport.close();
    expect(probe.heard).toEqual([]); // not before destroy has returned
    await turn();
    transport.close();
    transport.destroy();
    await turn();
    expect(probe.heard).toEqual(["lost"]);
    expect(probe.reasons).toEqual([reason]);
    expect(transport.aborts).toEqual([reason]);
  });

  test("a receiver that destroys the transport when it is lost receives one loss", async () => {
    const { transport, probe } = started();
    const lost = probe.lost.bind(probe);
    probe.lost = (reason) => {
      transport.destroy();
      transport.close();
      lost(reason);
    };
    transport.close();
    await turn();
    expect(probe.heard).toEqual(["lost"]);
    expect(transport.aborts).toEqual([]);
  });

  test("the first error of a carrier is the reason of the loss", () => {
    const { transport, probe } = started();
    const [first, second] = [new Error("first"), new Error("second")];
    transport.pause();
    transport.close(first);
    transport.close(second);
    transport.resume();
    return turn().then(() => expect(probe.reasons).toEqual([first]));
  });

  test("bytes and an end after the carrier has closed are not delivered", async () => {
    const { transport, probe } = started();
    transport.pause();
    transport.bytes(1);
    transport.close();
    transport.bytes(2);
    transport.resume();
    await turn();
    transport.bytes(3);
    transport.peerEnd();
    expect(probe.all).toEqual(Buffer.of(1));
    expect(probe.heard).toEqual(["bytes", "lost"]);
  });

  test("bytes that are buffered when the transport is destroyed are released", async () => {
    const { transport, probe } = started();
    transport.pause();
    transport.bytes(1, 2, 3);
    expect(transport.undelivered).toBe(3);
    transport.destroy();
    await turn();
    expect(transport.undelivered).toBe(0);
    transport.resume();
    await turn();
    expect(probe.heard).toEqual(["lost"]);
  });

  test("exactly maxBufferedBytes are buffered while reading is paused", async () => {
    const { transport, probe } = started(3);
    transport.pause();
    transport.bytes(1, 2, 3);
    await turn();
    expect(probe.heard).toEqual([]);
    transport.bytes(4);
    await turn();
    expect(probe.reasons[0]?.message).toBe(
      "4 bytes came while reading was paused: the limit is maxBufferedBytes",
    );
  });

  test("flushed() resolves when all bytes are sent, and drained() is not called for a destroyed transport", async () => {
    const { transport, probe } = started();
    transport.unsent = 5;
    const flushed = transport.flushed();
    transport.drain();
    expect(await resolvesSoon(flushed)).toBe(true);
    expect(probe.drains).toBe(1);
    transport.destroy();
    transport.drain();
    await turn();
    expect(probe.drains).toBe(1);
  });

  test("flushed() resolves at once only if nothing is unsent", async () => {
    const { transport } = started();
    expect(await resolvesSoon(transport.flushed())).toBe(true);
    transport.unsent = 5;
    const flushed = transport.flushed();
    expect(await resolvesSoon(flushed)).toBe(false);
    transport.drain();
    expect(await resolvesSoon(flushed)).toBe(true);
  });

  test("flushed() resolves when the carrier closes, even if reading is paused", async () => {
    const { transport } = started();
    transport.pause();
    transport.unsent = 5;
    const flushed = transport.flushed();
    transport.close();
    expect(await resolvesSoon(flushed)).toBe(true);
  });

  test("flushed() resolves when the transport is destroyed and its carrier does not confirm", async () => {
    const { transport } = started();
    transport.unsent = 5;
    const flushed = transport.flushed();
    transport.destroy();
    expect(await resolvesSoon(flushed)).toBe(true);
  });
});

test("bytesOf() returns a view of binary data only", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  expect(bytesOf(bytes.subarray(1, 3))).toEqual(Uint8Array.of(2, 3));
  expect(bytesOf(new DataView(bytes.buffer, 2, 1))).toEqual(Uint8Array.of(3));
  expect(bytesOf(bytes.buffer)).toEqual(bytes);
  const foreign: unknown = runInNewContext("new Uint8Array([1, 2]).buffer");
  expect(bytesOf(foreign)).toEqual(Uint8Array.of(1, 2));
  for (const other of ["text", [1, 2], { length: 2 }, null, undefined, 3])
    expect(bytesOf(other)).toBeUndefined();
});
