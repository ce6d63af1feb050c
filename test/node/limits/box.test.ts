/** maxBoxBytes and maxBoxKeys at the limit and above it, by default and as an option; and the cost of a slow peer. */
import { Box, BoxTooLarge, DEFAULT_LIMITS, encodeBox, KeyTooLong, type Limits } from "ampwire";
import { describe, expect, test } from "vitest";
import { heldBytes } from "../../support/memory.ts";
import { bytesOf } from "../../support/raw-peer.ts";
import { ended } from "../../support/settled.ts";
import { answeredAsks, openedBy } from "./hostile.ts";

const ECHO = { _ask: "1", _command: "Echo" };

/** Returns an ask of this number of bytes. */
function askOf(bytes: number): Uint8Array {
  const entries = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(ECHO)) entries.set(key, Buffer.from(value));
  for (let index = 0; ; index++) {
    const missing = bytes - encodeBox(new Box(entries)).length;
    if (missing === 0) return encodeBox(new Box(entries));
    const key = `k${String(index).padStart(4, "0")}`;
    // Always leaves enough bytes for the next key.
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

  test("an ask at the limit is answered", async () => {
    const { peer } = await openedBy({ limits });
    peer.send(ask(limit));
    expect(await peer.box()).toEqual({ _answer: "1" });
  });

  test("an ask one over the limit closes the connection, and the reason names the limit", async () => {
    const { connection, peer } = await openedBy({ limits });
    peer.send(ask(limit + 1));
    const reason = await ended(connection);
    expect(reason).toBeInstanceOf(BoxTooLarge);
    expect(reason.message).toContain(`${name} (${limit})`);
    expect(await peer.box()).toBeUndefined();
  });
});

test("Infinity disables both limits", async () => {
  const { peer } = await openedBy({ limits: { maxBoxBytes: Infinity, maxBoxKeys: Infinity } });
  peer.send(askOf(3 * 1024 * 1024));
  expect(await peer.box()).toEqual({ _answer: "1" });
  peer.send(askWithKeys(3000));
  expect(await peer.box()).toEqual({ _answer: "1" });
});

test("a box is rejected when its length is announced, before its bytes have arrived", async () => {
  const { connection, peer } = await openedBy({ limits: { maxBoxBytes: 1000 } });
  peer.send(Uint8Array.of(0, 1, 0x6b, 0xff, 0xff)); // a value of 65,535 bytes is to follow
  expect(await ended(connection)).toBeInstanceOf(BoxTooLarge);
});

test("a box without end takes no more memory than maxBoxBytes, on many connections", async () => {
  const opened = await Promise.all(
    Array.from({ length: 20 }, () => openedBy({ limits: { maxBoxBytes: 100_000 } })),
  );
  const before = await heldBytes();
  for (const { peer } of opened) peer.send(askOf(99_999).subarray(0, -2));
  await Promise.all(opened.map(({ arrived }) => arrived(99_997)));
  // The buffer doubles as it grows, and the socket's chunks hold the bytes once more.
  expect((await heldBytes()) - before).toBeLessThan(20 * 100_000 * 4);
  for (const { peer } of opened) peer.send(new Uint8Array(60_000).fill(1));
  for (const { connection } of opened) expect(await ended(connection)).toBeInstanceOf(KeyTooLong);
});

test("a box that comes byte by byte has a constant cost for each byte", async () => {
  const { asks, seconds: few } = await answeredAsks(askOf(20_000));
  expect(asks).toBe(1);
  const { seconds: many } = await answeredAsks(askOf(200_000));
  // Ten times the bytes. With quadratic cost it would take a hundred times as long.
  expect(many).toBeLessThan(40 * Math.max(few, 0.02));
});
