/** Two halves as one stream: the effect on one half when the other half closes. */
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

describe("after the writable half has closed", () => {
  test("after the writable half has closed, the readable half is read to its end by a slow reader too", async () => {
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

  test("after the writable half has closed, an idle readable half ends the stream", async () => {
    const { writable, stream } = joined();
    stream.resume();
    writable.destroy(new Error("EPIPE"));
    await new Promise((resolve) => writable.once("close", resolve));
    vi.advanceTimersByTime(1_000);
    const [error] = await once(stream, "error");
    expect(error.message).toBe("EPIPE");
  });

  test("after the writable half has closed, a pending write fails when the stream is destroyed", async () => {
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

test("end() ends the writable half, and the readable half continues", async () => {
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

test("the stream is destroyed when the readable half closes without its end", async () => {
  const { readable, writable, stream } = joined();
  readable.destroy();
  await once(stream, "close");
  expect(writable.destroyed).toBe(true);
});
