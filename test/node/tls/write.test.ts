/** Writes inside TLS: which of them are joined, and what Node has given to the system. */
import type { TLSSocket } from "node:tls";
import { expect, onTestFinished, test, vi } from "vitest";
import { writeTLS } from "../../../src/node/tls/write.ts";
import { until } from "../../support/within.ts";
import { securePair } from "./streams.ts";

const RECORD_BYTES = 16 * 1024;
const bytes = (length: number) => new Uint8Array(length);

/** A TLS socket, and the lengths of the records that its peer receives. */
async function writing() {
  const [socket, peer] = await securePair();
  const records: number[] = [];
  peer.on("data", (chunk: Uint8Array) => records.push(chunk.length)).resume();
  onTestFinished(() => {
    socket.destroy();
    peer.destroy();
  });
  const received = async (total: number) => {
    await until(() => records.reduce((sum, length) => sum + length, 0) >= total);
    return records;
  };
  return { socket, received };
}

/** Returns what `writeTLS` returns, and whether the socket gathers writes afterwards. */
function write(socket: TLSSocket, lengths: readonly number[], isJoined: boolean, written = () => {}) {
  const isInSystem = writeTLS(socket, lengths.map(bytes), isJoined, written);
  return { isInSystem, gathers: socket.writableCorked > 0 };
}

test.each([[[10]], [[10, 20, 30]], [[RECORD_BYTES]]])(
  "chunks of %j bytes are given to the system at once, in one record",
  async (lengths) => {
    const { socket, received } = await writing();
    const written = vi.fn();
    expect(write(socket, lengths, false, written)).toEqual({ isInSystem: true, gathers: false });
    const total = lengths.reduce((sum, length) => sum + length);
    expect(await received(total)).toEqual([total]);
    await vi.waitFor(() => expect(written).toHaveBeenCalledTimes(lengths.length));
  },
);

test("more than a record is not counted as given to the system", async () => {
  const { socket, received } = await writing();
  expect(write(socket, [RECORD_BYTES + 1], false)).toEqual({ isInSystem: false, gathers: false });
  expect(await received(RECORD_BYTES + 1)).toEqual([RECORD_BYTES, 1]);
});

test("a write after one that Node has not reported as written is not counted as given to the system", async () => {
  const { socket } = await writing();
  expect(write(socket, [10], false).isInSystem).toBe(true);
  expect(write(socket, [10], false).isInSystem).toBe(false);
});

test("the system has not taken a write if bytes wait in the socket below", async () => {
  const { socket } = await writing();
  const below: { writeQueueSize: number } = Reflect.get(Reflect.get(socket, "_handle"), "_parent");
  vi.spyOn(below, "writeQueueSize", "get").mockReturnValue(1);
  expect(write(socket, [10], false).isInSystem).toBe(false);
});

test.each([[[10]], [[10, 20]]])(
  "joined chunks of %j bytes wait for other writes of the same turn",
  async (lengths) => {
    const { socket, received } = await writing();
    expect(write(socket, lengths, true)).toEqual({ isInSystem: false, gathers: true });
    expect(write(socket, [5], false)).toEqual({ isInSystem: false, gathers: true });
    await new Promise(setImmediate);
    expect(socket.writableCorked).toBe(0);
    const total = lengths.reduce((sum, length) => sum + length) + 5;
    expect(await received(total)).toEqual([total]);
  },
);

test.each([
  [RECORD_BYTES, true],
  [RECORD_BYTES + 1, false],
])("a joined write of %i bytes waits: %s", async (length, gathers) => {
  const { socket, received } = await writing();
  expect(write(socket, [length], true)).toEqual({ isInSystem: false, gathers });
  await received(length);
});
