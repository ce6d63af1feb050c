/** maxBoxBytes and maxBoxKeys: at the edge, one past it, by default and as an option; and what a dripping peer costs. */
import { Box, BoxTooLarge, DEFAULT_LIMITS, encodeBox, KeyTooLong, type Limits } from "ampwire";
import { describe, expect, test } from "vitest";
import { heldBytes } from "../../support/memory.ts";
import { bytesOf } from "../../support/raw-peer.ts";
import { answeredAsks, openedBy } from "./hostile.ts";

const ECHO = { _ask: "1", _command: "Echo" };

/** An ask of exactly so many bytes. */
function askOf(bytes: number): Uint8Array {
  const entries = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(ECHO)) entries.set(key, Buffer.from(value));
  for (let index = 0; ; index++) {
    const missing = bytes - encodeBox(new Box(entries)).length;
    if (missing === 0) return encodeBox(new Box(entries));
    const key = `k${String(index).padStart(4, "0")}`;
    // Never so much that the next key would not fit into what is left.
    const room = missing - 4 - key.length;
    entries.set(key, new Uint8Array(room > 65_535 ? 65_000 : room));
  }
}

function askWithKeys(keys: number): Uint8Array {
  const more = Array.from({ length: keys - 2 }, (_, index) => [`k${index}`, ""]);
  return bytesOf({ ...ECHO, ...Object.fromEntries(more) });
}

const cases: [string, keyof Limits, (size: number) => Uint8Array, Partial<Limits>][] = [
  ["maxBoxBytes by default", "maxBoxBytes", askOf, {}],
  ["maxBoxBytes as an option", "maxBoxBytes", askOf, { maxBoxBytes: 1000 }],
  ["maxBoxKeys by default", "maxBoxKeys", askWithKeys, {}],
  ["maxBoxKeys as an option", "maxBoxKeys", askWithKeys, { maxBoxKeys: 5 }],
];

describe.each(cases)("%s", (_, name, ask, limits) => {
  const limit = limits[name] ?? DEFAULT_LIMITS[name];

  test("at the edge: answered", async () => {
    const { peer } = await openedBy({ limits });
    peer.send(ask(limit));
    expect(await peer.box()).toEqual({ _answer: "1" });
  });

  test("one past it: closed, with the limit's name in the reason", async () => {
    const { connection, peer } = await openedBy({ limits });
    peer.send(ask(limit + 1));
    const reason = await connection.closed;
    expect(reason).toBeInstanceOf(BoxTooLarge);
    expect(reason.message).toContain(`${name} (${limit})`);
    expect(await peer.box()).toBeUndefined();
  });
});

test("Infinity switches both off", async () => {
  const { peer } = await openedBy({ limits: { maxBoxBytes: Infinity, maxBoxKeys: Infinity } });
  peer.send(askOf(3 * 1024 * 1024));
  expect(await peer.box()).toEqual({ _answer: "1" });
  peer.send(askWithKeys(3000));
  expect(await peer.box()).toEqual({ _answer: "1" });
});

test("a box is refused as soon as it is announced, before its bytes have come", async () => {
  const { connection, peer } = await openedBy({ limits: { maxBoxBytes: 1000 } });
  peer.send(Uint8Array.of(0, 1, 0x6b, 0xff, 0xff)); // a value of 65,535 bytes is to follow
  expect(await connection.closed).toBeInstanceOf(BoxTooLarge);
});

test("a box that never ends holds no more than maxBoxBytes, many times over", async () => {
  const opened = await Promise.all(
    Array.from({ length: 20 }, () => openedBy({ limits: { maxBoxBytes: 100_000 } })),
  );
  const before = await heldBytes();
  for (const { peer } of opened) peer.send(askOf(99_999).subarray(0, -2));
  await Promise.all(opened.map(({ arrived }) => arrived(99_997)));
  // Doubled while it grows, and once in the socket's chunks.
  expect((await heldBytes()) - before).toBeLessThan(20 * 100_000 * 4);
  for (const { peer } of opened) peer.send(new Uint8Array(60_000).fill(1));
  for (const { connection } of opened) expect(await connection.closed).toBeInstanceOf(KeyTooLong);
});

test("one byte at a time costs as much per byte at the end as at the beginning", async () => {
  const { asks, seconds: few } = await answeredAsks(askOf(20_000));
  expect(asks).toBe(1);
  const { seconds: many } = await answeredAsks(askOf(200_000));
  // Ten times the bytes; with the square of them it would be a hundred times the time.
  expect(many).toBeLessThan(40 * Math.max(few, 0.02));
});
