/** Two halves as one stream: what becomes of the one when the other has gone. */
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { CombinedDuplex } from "../../src/node/combined-duplex.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  return () => void vi.useRealTimers();
});

function joined() {
  const readable = new PassThrough();
  const writable = new PassThrough();
  const stream = new CombinedDuplex(readable, writable);
  stream.on("error", () => {});
  onTestFinished(() => void stream.destroy());
  return { readable, writable, stream };
}

describe("when the half that is written to has gone", () => {
  test("the other one is read to its end, however long the reader takes", async () => {
    const { readable, writable, stream } = joined();
    readable.end("the last word");
    writable.destroy();
    await once(writable, "close");
    vi.advanceTimersByTime(60_000);
    expect(stream.destroyed).toBe(false);
    const ended = once(stream, "end");
    expect(String(await once(stream, "data"))).toBe("the last word");
    await ended;
    vi.advanceTimersByTime(60_000);
    expect(stream.destroyed).toBe(false);
    stream.end();
    await once(stream, "close");
  });

  test("and the other one says nothing more, it is over", async () => {
    const { writable, stream } = joined();
    stream.resume();
    writable.destroy(new Error("EPIPE"));
    await new Promise((resolve) => writable.once("close", resolve));
    vi.advanceTimersByTime(1_000);
    const [error] = await once(stream, "error");
    expect(error.message).toBe("EPIPE");
  });

  test("what is written then is not taken, and who waits for that hears that it is over", async () => {
    const { readable, writable, stream } = joined();
    stream.resume();
    writable.destroy();
    readable.end();
    await once(stream, "end");
    let taken = false;
    stream.write("to nobody", (error) => {
      taken = !error;
    });
    vi.advanceTimersByTime(1_000);
    await once(stream, "close");
    expect(taken).toBe(false);
  });
});

test("ends the one half, and the other one goes on", async () => {
  const { readable, writable, stream } = joined();
  const closed = once(stream, "close");
  const ended = once(writable, "end");
  stream.end("all of it");
  expect(String(await once(writable, "data"))).toBe("all of it");
  await ended;
  readable.end("an answer");
  expect(String(await once(stream, "data"))).toBe("an answer");
  await closed;
});

test("is over when the half that is read has gone without its end", async () => {
  const { readable, writable, stream } = joined();
  readable.destroy();
  await once(stream, "close");
  expect(writable.destroyed).toBe(true);
});
