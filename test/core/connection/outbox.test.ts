import type { Transport } from "ampwire";
import { describe, expect, test } from "vitest";
import { Outbox } from "../../../src/core/connection/outbox.ts";
import { STATES } from "../../../src/core/connection/states.ts";
import { LENT_BYTES } from "../../../src/core/wire/byte-writer.ts";

/** Returns an outbox on a transport that records the chunks it is given and drains only when the test says so. */
function recorder() {
  const chunks: Uint8Array[] = [];
  const texts: string[] = [];
  const transport = {
    unsent: 0,
    write(...parts: Uint8Array[]): void {
      chunks.push(...parts);
      texts.push(Buffer.concat(parts).toString());
    },
  };
  /** Number of reports of unsent bytes. */
  const changes = { count: 0 };
  const connection = { rules: STATES.open, unsentChanged: () => void changes.count++ };
  const output = new Outbox(transport as unknown as Transport, connection); // an outbox uses nothing else of a transport
  /** Start and end of a protocol change and the end of AMP, as the kernel performs them. */
  const hold = () => {
    output.flush();
    connection.rules = STATES.asked;
  };
  const release = () => {
    connection.rules = STATES.open;
    output.flush();
  };
  const drop = () => {
    connection.rules = STATES.closed;
    output.drop();
  };
  return { output, changes, chunks, transport, texts, hold, release, drop };
}

function say(output: Outbox, text: string): void {
  output.out.ascii(text);
  output.written();
}

describe("Outbox", () => {
  test("the outbox collects the boxes of one turn into one write", async () => {
    const { output, texts } = recorder();
    say(output, "a");
    say(output, "b");
    expect(texts).toEqual([]);
    expect(output.pending).toBe(2);
    await Promise.resolve();
    expect(texts).toEqual(["ab"]);
    expect(output.pending).toBe(0);
  });

  test("the outbox writes before the end of the turn when 64 KiB are collected", () => {
    const { output, chunks } = recorder();
    say(output, "x".repeat(65_535));
    expect(chunks).toHaveLength(0);
    say(output, "x");
    expect(chunks.map(({ length }) => length)).toEqual([65_536]);
  });

  test("the outbox keeps collecting while the transport is far behind, so that small answers do not cost a write each", async () => {
    const { output, chunks, texts, transport } = recorder();
    transport.unsent = 65_536;
    say(output, "first");
    await Promise.resolve();
    for (let turn = 0; turn < 10_000; turn++) {
      say(output, "0123456789abcdef");
      await Promise.resolve();
    }
    expect(chunks.map(({ length }) => length)).toEqual([5, 65_536, 65_536]);
    expect(output.pending).toBe(65_536 + 160_000 - 2 * 65_536);
    transport.unsent = 0;
    output.drained();
    expect(texts.join("")).toBe(`first${"0123456789abcdef".repeat(10_000)}`);
    expect(output.pending).toBe(0);
  });

  test("boxes collected for a slow transport are written when the connection ends or starts to queue boxes", () => {
    const { output, texts, transport, hold } = recorder();
    transport.unsent = 65_536;
    say(output, "a");
    output.turnOver();
    for (const end of [() => output.flush(), hold]) {
      say(output, "b");
      const written = texts.length;
      output.turnOver();
      expect(texts).toHaveLength(written);
      end();
    }
    expect(texts).toEqual(["a", "b", "b"]);
  });

  test("the outbox writes a large value without copying it, with the bytes around it, when its box is complete", () => {
    const { output, chunks, texts } = recorder();
    const large = new Uint8Array(LENT_BYTES).fill(0x78);
    output.out.ascii("before ");
    output.out.append(large);
    output.out.ascii(" after");
    expect(texts).toEqual([]);
    expect(output.pending).toBe(LENT_BYTES + 13);
    output.written();
    expect(texts).toEqual([`before ${"x".repeat(LENT_BYTES)} after`]);
    expect(chunks[1]).toBe(large);
    expect(output.pending).toBe(0);
    say(output, "next");
    output.flush();
    expect(texts[1]).toBe("next");
  });

  test.each([
    ["while the outbox queues boxes", ({ hold }: ReturnType<typeof recorder>) => hold()],
    [
      "while earlier bytes are unsent",
      ({ output, transport }: ReturnType<typeof recorder>) => {
        transport.unsent = 1;
        say(output, "o");
        output.flush();
      },
    ],
  ])("the outbox copies a large value that is written later, %s", (_, prepare) => {
    const recorded = recorder();
    const { output, release, texts } = recorded;
    prepare(recorded);
    const large = new Uint8Array(LENT_BYTES).fill(0x78);
    output.out.append(large);
    output.written();
    large.fill(0x79);
    release();
    expect(texts.at(-1)).toBe("x".repeat(LENT_BYTES));
  });

  test("the outbox does not reuse a buffer that is unsent", () => {
    const { output, chunks, transport, texts } = recorder();
    transport.unsent = 3;
    say(output, "one");
    output.flush();
    expect(output.pending).toBe(3);
    transport.unsent = 6;
    say(output, "two");
    output.flush();
    expect(texts).toEqual(["one", "two"]);
    expect(Buffer.from(chunks[0] ?? []).toString()).toBe("one");
    expect(chunks[0]?.buffer).not.toBe(chunks[1]?.buffer);
    expect(output.pending).toBe(6);
    output.drained();
    expect(output.pending).toBe(0);
  });

  test("the outbox reuses its buffers when the transport has drained, and not before", () => {
    const { output, chunks, transport } = recorder();
    const flushed = (text: string) => {
      say(output, text);
      output.flush();
      return chunks.at(-1)?.buffer;
    };
    transport.unsent = 3;
    const lent = new Set(["one", "two", "three"].map(flushed));
    expect(lent.size).toBe(3);
    expect(lent).not.toContain(flushed("four"));
    transport.unsent = 0;
    output.drained();
    expect(lent).toContain(flushed("five"));
  });

  test("an outbox gets at most two buffers back from a transport that has not drained", () => {
    const { output, chunks, transport } = recorder();
    const buffersOf = (count: number) =>
      Array.from({ length: count }, () => {
        say(output, "x");
        output.flush();
        return chunks.at(-1)?.buffer;
      });
    transport.unsent = 1;
    const lent = new Set(buffersOf(5));
    output.drained();
    // More than all kept buffers.
    expect(buffersOf(20).filter((buffer) => lent.has(buffer))).toHaveLength(2);
  });

  test("16 buffers are kept for the next connections that send", () => {
    const outboxes = Array.from({ length: 30 }, recorder);
    const buffers = () => {
      for (const { output } of outboxes) say(output, "x");
      for (const { output } of outboxes) output.flush();
      return outboxes.map(({ chunks }) => chunks.at(-1)?.buffer);
    };
    const before = new Set(buffers());
    expect(buffers().filter((buffer) => before.has(buffer))).toHaveLength(16);
  });

  test("boxes of one turn that wait for a slow transport are reported once", async () => {
    const { output, changes, transport } = recorder();
    transport.unsent = 65_536;
    say(output, "a");
    output.flush();
    const before = changes.count;
    say(output, "b");
    say(output, "c");
    await Promise.resolve();
    expect(changes.count).toBe(before + 1);
  });

  test("a write that the transport takes at once is not reported as unsent, and its buffer is reused", () => {
    const { output, chunks, changes } = recorder();
    for (const text of ["one", "two"]) {
      say(output, text);
      output.flush();
    }
    expect(changes.count).toBe(0);
    expect(chunks[1]?.buffer).toBe(chunks[0]?.buffer);
  });

  test("a box that was not completed is not written", () => {
    const { output, chunks } = recorder();
    output.out.truncate(0);
    output.flush();
    expect(chunks).toEqual([]);
    expect(output.writtenBytes).toBe(0);
  });

  test("a buffer of more than 256 KiB is not kept", () => {
    const { output, chunks, hold, release } = recorder();
    hold();
    say(output, "x".repeat(300_000));
    release();
    say(output, "next");
    output.flush();
    expect(chunks.map(({ length }) => length)).toEqual([300_000, 4]);
    expect(chunks[1]?.buffer.byteLength).toBeLessThan(300_000);
  });

  test("a dropped outbox does not reuse its buffers", () => {
    const { output, chunks, transport, drop } = recorder();
    transport.unsent = 3;
    say(output, "one");
    output.flush();
    drop();
    output.drained();
    const other = recorder();
    say(other.output, "other");
    other.output.flush();
    expect(other.chunks[0]?.buffer).not.toBe(chunks[0]?.buffer);
  });

  test("the outbox queues boxes, lets a single answer pass, and sends the rest in order", async () => {
    const { output, texts, hold, release } = recorder();
    say(output, "before ");
    hold();
    say(output, "held ");
    say(output, "more");
    await Promise.resolve();
    expect(texts).toEqual(["before "]);
    expect(output.queued).toBe(9);
    const { out } = recorder().output;
    out.ascii("answer ");
    output.sendPastQueue(out);
    release();
    expect(texts).toEqual(["before ", "answer ", "held more"]);
    expect(output.writtenBytes).toBe("before answer held more".length);
    expect(output.queued).toBe(0);
  });

  test("bytes that are queued for a protocol change do not count as bytes that the peer has not taken", () => {
    const { output, transport, hold, release, drop } = recorder();
    const counts = () => {
      const { gathered, pending, queued, untaken } = output;
      return { gathered, pending, queued, untaken };
    };
    transport.unsent = 3;
    say(output, "abc");
    output.flush();
    say(output, "gathered");
    expect(counts()).toEqual({ gathered: 8, pending: 11, queued: 0, untaken: 11 });
    transport.unsent = 11;
    hold();
    say(output, "queue");
    expect(counts()).toEqual({ gathered: 5, pending: 16, queued: 5, untaken: 11 });
    release();
    expect(output.writtenBytes).toBe(16);
    drop();
    expect(counts()).toEqual({ gathered: 0, pending: 11, queued: 0, untaken: 11 });
  });

  test("a dropped outbox discards queued and later boxes", async () => {
    const { output, texts, hold, drop } = recorder();
    hold();
    say(output, "held");
    drop();
    say(output, "late");
    await Promise.resolve();
    expect(texts).toEqual([]);
    expect(output.pending).toBe(0);
  });
});
