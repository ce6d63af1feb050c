import {
  HandshakeError,
  InvalidCertificate,
  PeerVerifyError,
  PlaintextAfterStartTLS,
  type TLSOptions,
  type TransportReceiver,
} from "ampwire";
import {
  byteByByte,
  fakeCertificate,
  flushPending,
  type MemoryTransport,
  memoryTransports,
} from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { transportContract } from "../contracts/transport.ts";
import { ReceiverProbe } from "../support/receiver-probe.ts";
import { rejection } from "../support/settled.ts";

describe("transports in memory", () => {
  transportContract(async (a, b) => started(memoryTransports(), a, b));
});

describe("transports in memory with a small capacity and random pieces", () => {
  const pieces = (bytes: Uint8Array) =>
    [bytes.slice(0, 10), bytes.slice(10)].filter(({ length }) => length > 0);
  transportContract(async (a, b) => started(memoryTransports({ capacity: 1000, chunking: pieces }), a, b));
});

describe("transports in memory after a fake handshake", () => {
  transportContract(async (a, b) => {
    const ends = started(memoryTransports({ fakeTLS: true }), a, b);
    for (const end of ends) end.pause();
    await Promise.all([startTLS(ends[0], "asker"), startTLS(ends[1], "responder")]);
    for (const end of ends) end.resume();
    return ends;
  });
});

test("bytes are delivered in microtasks, never inside the call that caused them", async () => {
  const [a, b] = memoryTransports();
  const probe = new ReceiverProbe();
  b.start(probe);
  a.write(Uint8Array.of(1));
  expect(probe.chunks).toEqual([]);
  await Promise.resolve();
  expect(probe.chunks).toEqual([Uint8Array.of(1)]);
});

test("bytes that arrive before start are kept", async () => {
  const [a, b] = memoryTransports();
  a.write(Uint8Array.of(1, 2));
  a.end();
  await flushPending();
  expect(b.undelivered).toBe(2);
  const probe = new ReceiverProbe();
  b.start(probe);
  await probe.event("ended");
  expect(probe.heard).toEqual(["bytes", "ended"]);
});

test("a transport that is started after its loss reports the loss", async () => {
  const [a] = memoryTransports();
  const reason = new Error("too late");
  a.destroy(reason);
  const probe = new ReceiverProbe();
  a.start(probe);
  await probe.event("lost");
  expect(probe.reasons).toEqual([reason]);
});

test("unsent is the number of bytes over the capacity", () => {
  const [a, b] = memoryTransports({ capacity: 100 });
  a.write(new Uint8Array(100));
  expect(a.unsent).toBe(0);
  a.write(new Uint8Array(7));
  expect(a.unsent).toBe(7);
  expect(b.undelivered).toBe(100);
});

test("bytes are cut as the option chunking says", async () => {
  const [a, b] = memoryTransports({ chunking: byteByByte });
  const probe = new ReceiverProbe();
  b.start(probe);
  a.write(Uint8Array.of(1, 2, 3));
  await probe.bytes(3);
  expect(probe.chunks).toHaveLength(3);
});

test("detach passes the stream on, with the leftovers first", async () => {
  const [a, b] = memoryTransports();
  const before = new ReceiverProbe();
  b.start(before);
  b.pause();
  a.write(Uint8Array.of(3));
  const next = b.detach(Uint8Array.of(1, 2));
  a.write(Uint8Array.of(4));
  const after = new ReceiverProbe();
  next.start(after);
  expect(await after.bytes(4)).toEqual(Buffer.of(1, 2, 3, 4));
  next.destroy();
  await after.event("lost");
  expect(before.heard).toEqual([]);
});

test("a write to a peer that is gone reports the loss", async () => {
  const [a, b] = memoryTransports();
  const [probeA, probeB] = [new ReceiverProbe(), new ReceiverProbe()];
  started([a, b], probeA, probeB);
  b.destroy();
  await probeA.event("ended");
  a.write(Uint8Array.of(1));
  await probeA.event("lost");
  expect(probeA.reasons[0]?.message).toBe("the peer is gone: a write failed");
});

describe("fake TLS", () => {
  const alice = fakeCertificate("alice");
  const bob = fakeCertificate("bob");

  test("fake TLS is not available unless the option is set", () => {
    expect(memoryTransports()[0].prepareTLS).toBeUndefined();
  });

  test("fake TLS gives each end the other's certificate, and says that nothing is encrypted", async () => {
    const [a, b] = started(memoryTransports({ fakeTLS: true }));
    const [atA, atB] = await Promise.all([
      startTLS(a, "asker", { localCertificate: alice, verifyAuthorities: [bob], serverName: "bob" }),
      startTLS(b, "responder", { localCertificate: bob }),
    ]);
    expect(atA).toEqual({
      peerCertificate: bob,
      hostCertificate: alice,
      protocol: "fake",
      cipher: "none",
      verified: true,
    });
    expect(atB).toMatchObject({ peerCertificate: alice, hostCertificate: bob, verified: false });
  });

  test.each<[string, TLSOptions, TLSOptions]>([
    ["a peer without certificate", { verifyAuthorities: [bob] }, {}],
    ["another peer", { verifyAuthorities: [bob] }, { localCertificate: alice }],
    ["another name", { verifyAuthorities: [bob], serverName: "carol" }, { localCertificate: bob }],
  ])("fake TLS rejects %s", async (_, ours, theirs) => {
    const probe = new ReceiverProbe();
    const [a, b] = started(memoryTransports({ fakeTLS: true }), probe);
    const failed = rejection(startTLS(a, "asker", ours));
    await startTLS(b, "responder", theirs);
    const error = await failed;
    expect(error).toBeInstanceOf(PeerVerifyError);
    await probe.event("lost");
    expect(probe.reasons).toEqual([error]);
  });

  test.each<TLSOptions>([{ verifyAuthorities: [] }, { serverName: "bob" }])("refuses %j", (options) => {
    const [a] = memoryTransports({ fakeTLS: true });
    expect(() => a.prepareTLS?.(options)).toThrow(InvalidCertificate);
  });

  test("fake TLS rejects plaintext from before the handshake", async () => {
    const [a] = started(memoryTransports({ fakeTLS: true }));
    const start = a.prepareTLS?.({});
    const error = await rejection(Promise.resolve(start?.(Uint8Array.of(1), "asker")));
    expect(error).toBeInstanceOf(PlaintextAfterStartTLS);
  });

  test.each<[string, (peer: MemoryTransport) => void]>([
    ["plaintext", (peer) => peer.write(Uint8Array.of(1))],
    ["the end", (peer) => peer.end()],
    ["nobody", (peer) => peer.destroy()],
  ])("fake TLS fails when %s comes in place of a handshake", async (_, act) => {
    const [a, b] = started(memoryTransports({ fakeTLS: true }));
    const failed = rejection(startTLS(a, "asker"));
    act(b);
    expect(await failed).toBeInstanceOf(HandshakeError);
  });

  test("fake TLS rejects with the reason of a destroy during the handshake", async () => {
    const [a, b] = started(memoryTransports({ fakeTLS: true }));
    b.pause();
    const failed = rejection(startTLS(a, "asker"));
    const reason = new Error("no more patience");
    await flushPending();
    a.destroy(reason);
    expect(await failed).toBe(reason);
  });

  test("fake TLS waits for the other end, and keeps bytes that come after its handshake", async () => {
    const probe = new ReceiverProbe();
    const [a, b] = started(memoryTransports({ fakeTLS: true }), new ReceiverProbe(), probe);
    const session = startTLS(a, "asker");
    await flushPending();
    a.write(Uint8Array.of(1));
    await flushPending();
    expect(probe.heard).toEqual([]);
    await startTLS(b, "responder");
    await session;
    expect(await probe.bytes(1)).toEqual(Buffer.of(1));
  });
});

function started(
  ends: [MemoryTransport, MemoryTransport],
  a: TransportReceiver = new ReceiverProbe(),
  b: TransportReceiver = new ReceiverProbe(),
): [MemoryTransport, MemoryTransport] {
  ends[0].start(a);
  ends[1].start(b);
  return ends;
}

async function startTLS(end: MemoryTransport, side: "asker" | "responder", options: TLSOptions = {}) {
  const start = end.prepareTLS?.(options);
  if (start === undefined) throw new Error("the transport has no fake TLS");
  return await start(new Uint8Array(0), side);
}
