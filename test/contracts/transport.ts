/** Contract of every transport: the rules that `src/core/transport.ts` states. */
import type { Transport, TransportReceiver } from "ampwire";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { ReceiverProbe } from "../support/receiver-probe.ts";
import { within } from "../support/within.ts";

/** Opens the two ends of one stream and starts them with these receivers. */
export type OpenTransports = (
  a: TransportReceiver,
  b: TransportReceiver,
) => Promise<readonly [a: Transport, b: Transport]>;

export interface TransportTraits {
  /** True if an end that called end() still receives; false if the call ends both directions. Default true. */
  readonly halfClose?: boolean;
}

/** More bytes than any system buffers between two ends. */
const MANY_BYTES = 16 * 1024 * 1024;
const MANY_CHUNK = 1024 * 1024;

interface End {
  readonly transport: Transport;
  readonly probe: ReceiverProbe;
}

export function transportContract(open: OpenTransports, { halfClose = true }: TransportTraits = {}): void {
  describe.each([
    ["transport a to transport b", false],
    ["transport b to transport a", true],
  ])("%s", (_, swapped) => {
    let near: End;
    let far: End;

    beforeEach(async () => {
      const [probeA, probeB] = [new ReceiverProbe(), new ReceiverProbe()];
      const [a, b] = await open(probeA, probeB);
      const ends = [
        { transport: a, probe: probeA },
        { transport: b, probe: probeB },
      ] as const;
      [near, far] = swapped ? [ends[1], ends[0]] : ends;
      onTestFinished(async () => {
        for (const { transport, probe } of ends) {
          transport.destroy();
          await probe.event("lost");
        }
        await turn();
        for (const { probe } of ends) {
          expect(probe.heard.filter((event) => event === "lost")).toHaveLength(1);
          expect(probe.heard.filter((event) => event === "ended").length).toBeLessThanOrEqual(1);
          expect(probe.heard.at(-1)).toBe("lost");
        }
      });
    });

    test("a transport delivers bytes in order, both ways at once, and does not change them afterwards", async () => {
      const sent = Array.from({ length: 200 }, (_, index) => numbered(index * 7, 1 + ((index * 37) % 300)));
      for (const chunk of sent) {
        near.transport.write(chunk);
        far.transport.write(chunk);
      }
      const whole = Buffer.concat(sent);
      expect((await far.probe.bytes(whole.length)).equals(whole)).toBe(true);
      expect((await near.probe.bytes(whole.length)).equals(whole)).toBe(true);
      await turn();
      expect(far.probe.all.equals(whole)).toBe(true);
      for (const { length } of far.probe.chunks) expect(length).toBeGreaterThan(0);
    });

    test("a transport reads into each buffer that the receiver offers at most once, and writes nothing after the bytes", async () => {
      const rooms = new Map<ArrayBufferLike, Uint8Array>();
      far.probe.room = () => {
        const room = new Uint8Array(50_000).fill(0xff);
        rooms.set(room.buffer, room);
        return room;
      };
      const sent = Array.from({ length: 20 }, (_, index) => numbered(index, 100_000 + index * 5000));
      for (const chunk of sent) near.transport.write(chunk);
      const whole = Buffer.concat(sent);
      expect((await far.probe.bytes(whole.length)).equals(whole)).toBe(true);
      for (const chunk of far.probe.chunks) {
        const room = rooms.get(chunk.buffer);
        if (room === undefined) continue;
        expect(rooms.delete(chunk.buffer)).toBe(true);
        expect(chunk.byteOffset).toBe(0);
        expect(room.subarray(chunk.length).every((byte) => byte === 0xff)).toBe(true);
      }
    });

    test("the writer may reuse a chunk once unsent is 0", async () => {
      const chunk = new Uint8Array(100);
      for (let index = 0; index < 50; index++) {
        chunk.fill(index);
        near.transport.write(chunk);
        if (near.transport.unsent > 0) await near.transport.flushed();
        expect(near.transport.unsent).toBe(0);
      }
      chunk.fill(0xff);
      const expected = Buffer.concat(Array.from({ length: 50 }, (_, index) => Buffer.alloc(100, index)));
      expect(await far.probe.bytes(5000)).toEqual(expected);
    });

    test("a transport delivers chunks of megabytes", async () => {
      const chunk = numbered(1, 3_000_000);
      near.transport.write(chunk);
      expect((await far.probe.bytes(chunk.length)).equals(chunk)).toBe(true);
    });

    test("a transport delivers several chunks of one write in order", async () => {
      const chunks = [numbered(1, 10), numbered(2, 40_000), new Uint8Array(0), numbered(3, 5)];
      near.transport.write(...chunks);
      near.transport.write(numbered(4, 7));
      const whole = Buffer.concat([...chunks, numbered(4, 7)]);
      expect(await far.probe.bytes(whole.length)).toEqual(whole);
    });

    test("a transport does not deliver an empty chunk", async () => {
      near.transport.write(new Uint8Array(0));
      near.transport.write(Uint8Array.of(1));
      expect(await far.probe.bytes(1)).toEqual(Buffer.of(1));
      expect(far.probe.chunks).toHaveLength(1);
    });

    test("flushed() resolves at once if nothing is unsent", async () => {
      expect(near.transport.unsent).toBe(0);
      await near.transport.flushed();
    });

    test("bytes stay unsent until the peer reads them", async () => {
      far.transport.pause();
      const written = fill(near.transport);
      await turn();
      expect(near.transport.unsent).toBeGreaterThan(0);
      const { drains } = near.probe;
      const flushed = settlements(near.transport.flushed(), near.transport.flushed());
      await turn();
      expect(flushed.count).toBe(0);
      far.transport.resume();
      await within(flushed.all, "flushed()");
      expect(near.transport.unsent).toBe(0);
      await near.probe.until(() => near.probe.drains === drains + 1);
      await far.probe.until(() => far.probe.length >= written);
      await turn();
      expect(far.probe.length).toBe(written);
      expect(near.probe.drains).toBe(drains + 1);
      expect(near.probe.heard).toEqual([]);
    });

    test("bytes that arrive while a transport is paused are delivered after resume()", async () => {
      far.transport.write(Uint8Array.of(1)); // proves that both ends are open
      await near.probe.bytes(1);
      far.transport.pause();
      near.transport.write(numbered(1, 1000));
      await near.transport.flushed();
      await turn();
      near.transport.write(numbered(2, 1000));
      far.transport.resume();
      expect(await far.probe.bytes(2000)).toEqual(Buffer.concat([numbered(1, 1000), numbered(2, 1000)]));
    });

    test("a transport can be paused and resumed at any moment and repeatedly", async () => {
      far.probe.onReceived = () => {
        far.transport.pause();
        far.transport.pause();
        setImmediate(() => {
          far.transport.resume();
          far.transport.resume();
        });
      };
      const whole = Buffer.concat(Array.from({ length: 50 }, (_, index) => numbered(index, 2000)));
      for (let at = 0; at < whole.length; at += 2000) near.transport.write(whole.subarray(at, at + 2000));
      near.transport.end();
      await far.probe.event("ended");
      expect(far.probe.all.equals(whole)).toBe(true);
    });

    test("undelivered counts each byte once", async () => {
      far.transport.pause();
      near.transport.write(new Uint8Array(1000));
      await near.transport.flushed();
      await turn();
      expect(far.transport.undelivered + far.probe.length).toBeLessThanOrEqual(1000);
      far.transport.resume();
      await far.probe.bytes(1000);
      expect(far.transport.undelivered).toBe(0);
    });

    test("end() delivers all bytes before the end", async () => {
      const chunk = numbered(3, 500_000);
      near.transport.write(chunk);
      near.transport.end();
      await far.probe.event("ended");
      expect(far.probe.all.equals(chunk)).toBe(true);
      expect(far.probe.heard.slice(0, 2)).toEqual(["bytes", "ended"]);
    });

    test("a paused transport reports the end after the bytes that precede it", async () => {
      far.transport.pause();
      near.transport.write(numbered(4, 1000));
      near.transport.end();
      await turn();
      far.transport.resume();
      await far.probe.event("ended");
      expect(far.probe.all).toEqual(numbered(4, 1000));
    });

    if (halfClose) {
      test("an end that called end() still receives", async () => {
        near.transport.end();
        await far.probe.event("ended");
        far.transport.write(numbered(5, 1000));
        expect(await near.probe.bytes(1000)).toEqual(numbered(5, 1000));
        expect(near.probe.heard).toEqual(["bytes"]);
        expect(far.probe.heard).toEqual(["ended"]);
      });
    }

    test("both ends are lost without a reason when both have called end()", async () => {
      near.transport.end();
      await far.probe.event("ended");
      far.transport.end();
      await Promise.all([near.probe.event("lost"), far.probe.event("lost")]);
      expect(near.probe.reasons).toEqual([undefined]);
      expect(far.probe.reasons).toEqual([undefined]);
      expect(near.probe.heard).toEqual(["ended", "lost"]);
    });

    test("both ends can call end() at once", async () => {
      near.transport.end();
      far.transport.end();
      await Promise.all([near.probe.event("lost"), far.probe.event("lost")]);
      expect([...near.probe.reasons, ...far.probe.reasons]).toEqual([undefined, undefined]);
    });

    test("a second end() and a write after end() have no effect", async () => {
      near.transport.write(Uint8Array.of(1));
      near.transport.end();
      near.transport.end();
      near.transport.write(Uint8Array.of(2));
      await near.transport.flushed();
      await far.probe.event("ended");
      expect(far.probe.all).toEqual(Buffer.of(1));
      if (halfClose) expect(near.probe.heard).not.toContain("lost");
    });

    test("destroy() ends the transport at once with the reason, and a second call has no effect", async () => {
      const reason = new Error("enough");
      near.transport.destroy(reason);
      near.transport.destroy(new Error("another"));
      await near.probe.event("lost");
      near.transport.destroy(reason);
      expect(near.probe.reasons).toEqual([reason]);
      await far.probe.until(() => far.probe.heard.length > 0);
      expect(["ended", "lost"]).toContain(far.probe.heard[0]);
    });

    test("destroy() without a reason reports lost without a reason", async () => {
      near.transport.destroy();
      await near.probe.event("lost");
      expect(near.probe.reasons).toEqual([undefined]);
    });

    test("nothing is delivered after destroy(), not even when received() calls it", async () => {
      far.probe.onReceived = () => far.transport.destroy();
      for (let index = 0; index < 20; index++) near.transport.write(numbered(index, 100_000));
      await far.probe.event("lost");
      expect(far.probe.chunks).toHaveLength(1);
    });

    test("flushed() resolves after destroy() with bytes unsent", async () => {
      far.transport.pause();
      fill(near.transport);
      const flushed = near.transport.flushed();
      near.transport.destroy();
      await within(flushed, "flushed()");
      await near.transport.flushed();
    });

    test("flushed() resolves after the peer is destroyed with bytes unsent", async () => {
      far.transport.pause();
      fill(near.transport);
      const flushed = near.transport.flushed();
      far.transport.destroy();
      await within(flushed, "flushed()");
    });

    test("every method of a lost transport has no effect", async () => {
      near.transport.destroy();
      await near.probe.event("lost");
      const { transport } = near;
      transport.write(Uint8Array.of(1));
      transport.pause();
      transport.resume();
      transport.end();
      transport.destroy();
      await transport.flushed();
      await turn();
      expect(near.probe.heard).toEqual(["lost"]);
    });
  });
}

/** Writes more than the system buffers between the ends. Returns the number of bytes. */
function fill(transport: Transport): number {
  for (let written = 0; written < MANY_BYTES; written += MANY_CHUNK) {
    transport.write(new Uint8Array(MANY_CHUNK)); // a chunk of its own: the transport owns it while it is unsent
  }
  return MANY_BYTES;
}

/** Returns bytes that depend on a seed and differ from their neighbours. */
function numbered(seed: number, length: number): Buffer {
  return Buffer.from(
    Uint8Array.from({ length }, (_, index) => (seed * 31 + index * 7 + (index >> 8)) & 0xff),
  );
}

/** Waits a few turns of the event loop, in which an event that is not allowed would happen. */
async function turn(): Promise<void> {
  for (let index = 0; index < 5; index++) await new Promise(setImmediate);
}

function settlements(...promises: readonly Promise<unknown>[]) {
  const counter = { count: 0, all: Promise.all(promises) };
  for (const promise of promises) void promise.then(() => counter.count++);
  return counter;
}
