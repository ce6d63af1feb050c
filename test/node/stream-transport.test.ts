/** The transport contract for every kind of Node stream, and tests that only apply to streams. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import {
  type AddressInfo,
  connect,
  createServer,
  type ListenOptions,
  type NetConnectOpts,
  type Socket,
} from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Duplex, PassThrough } from "node:stream";
import type { ChunkOwnership, TransportReceiver } from "ampwire";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { CombinedDuplex } from "../../src/node/combined-duplex.ts";
import { SharedBufferSocket } from "../../src/node/shared-buffer-socket.ts";
import { StreamTransport } from "../../src/node/stream-transport.ts";
import type { TLSRole } from "../../src/node/tls/options.ts";
import { transportContract } from "../contracts/transport.ts";
import { ForwardingReceiver } from "../support/forwarding-receiver.ts";
import { ReceiverProbe } from "../support/receiver-probe.ts";

type Pair = readonly [a: Duplex, b: Duplex];

const KINDS: readonly (readonly [string, () => Promise<Pair>])[] = [
  ["TCP", () => sockets({ host: "127.0.0.1", port: 0 })],
  ["a UNIX socket", () => sockets({ path: scratchPath() })],
  [
    "TCP, with a shared buffer at one end",
    () => sockets({ host: "127.0.0.1", port: 0 }, SharedBufferSocket.open),
  ],
  [
    "a UNIX socket, with a shared buffer at one end",
    () => sockets({ path: scratchPath() }, SharedBufferSocket.open),
  ],
  ["two pipes in memory", async () => pipes()],
];

describe.each(KINDS)("%s", (_, open) => {
  transportContract(async (a, b) => started(await open(), a, b));
});

describe.each(KINDS)("TLS on %s", (_, open) => {
  transportContract(async (a, b) => {
    const greeted = new GreetedReceiver(a);
    const ends = started(await open(), greeted, b);
    await upgraded(ends);
    // Until its first byte a TLS client treats an end as a refusal of its certificate.
    ends[1].write(Uint8Array.of(0));
    await Promise.all([greeted.done, ends[1].flushed()]);
    return ends;
  });
});

test.each([
  ["in object mode", new PassThrough({ objectMode: true })],
  ["with an encoding set", new PassThrough().setEncoding("utf8")],
])("StreamTransport rejects a stream %s", (_, stream) => {
  expect(() => new StreamTransport(stream, { role: undefined, handshakeDelay: 0 })).toThrow(TypeError);
});

test("a transport is lost at once if its stream was destroyed before", async () => {
  const stream = new PassThrough();
  stream.destroy();
  const probe = new ReceiverProbe();
  transportOn(stream, undefined).start(probe);
  await probe.event("lost");
});

test("a transport is lost with the error of its stream", async () => {
  const stream = new PassThrough();
  const probe = new ReceiverProbe();
  transportOn(stream, undefined).start(probe);
  const error = new Error("the cable");
  stream.destroy(error);
  await probe.event("lost");
  expect(probe.reasons).toEqual([error]);
});

test.each([
  ["", connect],
  [" that had a borrower", SharedBufferSocket.open],
])("detach returns the stream%s, with the leftovers first", async (_, open) => {
  const [a, b] = await sockets({ host: "127.0.0.1", port: 0 }, open);
  const probe = new ReceiverProbe();
  const transport = transportOn(a, undefined);
  transport.start(probe);
  transport.pause();
  b.end(Buffer.of(3, 4));
  const given = transport.detach(Uint8Array.of(1, 2));
  expect(given).toBe(a);
  expect(given.listenerCount("data")).toBe(0);
  const chunks: Buffer[] = [];
  for await (const chunk of given) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks)).toEqual(Buffer.of(1, 2, 3, 4));
  expect(probe.heard).toEqual([]);
});

describe("a socket with unsent data after a write", () => {
  async function behind(): Promise<{ near: StreamTransport; probe: ReceiverProbe; peer: Duplex }> {
    const [a, peer] = await sockets({ host: "127.0.0.1", port: 0 });
    const near = transportOn(a, undefined);
    const probe = new ReceiverProbe();
    near.start(probe);
    near.write(new Uint8Array(64 * 1024 * 1024));
    expect(near.unsent).toBeGreaterThan(0);
    return { near, probe, peer };
  }

  test("drained is called when a slow socket has written all data, without another write", async () => {
    const { near, probe, peer } = await behind();
    peer.resume();
    await near.flushed();
    expect(near.unsent).toBe(0);
    expect(probe.drains).toBe(1);
  });

  test("drained is called once for several writes", async () => {
    const { near, probe, peer } = await behind();
    for (let index = 0; index < 10; index++) near.write(new Uint8Array(10), new Uint8Array(20));
    peer.resume();
    await near.flushed();
    expect(near.unsent).toBe(0);
    expect(probe.drains).toBe(1);
    near.write(new Uint8Array(64 * 1024 * 1024));
    await near.flushed();
    expect(probe.drains).toBe(2);
  });

  test("end() sends the unsent data first", async () => {
    const { near, peer } = await behind();
    near.write(Uint8Array.of(1));
    near.end();
    let length = 0;
    for await (const chunk of peer) length += (chunk as Buffer).length;
    expect(length).toBe(64 * 1024 * 1024 + 1);
    await near.flushed();
  });
});

test.each([
  ["a socket", connect, 20],
  ["a socket with a shared buffer, and a large value", SharedBufferSocket.open, 60_000],
] as const)("%s: no word is asked for on what it writes at once", async (_, open, length) => {
  const [a] = await sockets({ host: "127.0.0.1", port: 0 }, open);
  const near = transportOn(a, undefined);
  const probe = new ReceiverProbe();
  near.start(probe);
  const ticks = vi.spyOn(process, "nextTick");
  onTestFinished(() => ticks.mockRestore());
  for (let index = 0; index < 10; index++) near.write(Uint8Array.of(index));
  near.write(new Uint8Array(10), new Uint8Array(length));
  expect(near.unsent).toBe(0);
  expect(ticks).not.toHaveBeenCalled();
});

/** Keeps the first byte for itself. */
class GreetedReceiver extends ForwardingReceiver {
  readonly done: Promise<void>;
  #greeted: (() => void) | undefined;

  constructor(receiver: TransportReceiver) {
    super(receiver);
    this.done = new Promise((resolve) => {
      this.#greeted = resolve;
    });
  }

  override received(chunk: Uint8Array, ownership?: ChunkOwnership): void {
    if (this.#greeted === undefined) return super.received(chunk, ownership);
    this.#greeted();
    this.#greeted = undefined;
  }
}

function started(
  [streamA, streamB]: Pair,
  a: TransportReceiver,
  b: TransportReceiver,
): [StreamTransport, StreamTransport] {
  const ends: [StreamTransport, StreamTransport] = [
    transportOn(streamA, "client"),
    transportOn(streamB, "server"),
  ];
  ends[0].start(a);
  ends[1].start(b);
  return ends;
}

describe("a TLS socket", () => {
  async function secured(): Promise<{ near: StreamTransport; nearProbe: ReceiverProbe; far: ReceiverProbe }> {
    const nearProbe = new ReceiverProbe();
    const far = new ReceiverProbe();
    const ends = started(await sockets({ host: "127.0.0.1", port: 0 }), nearProbe, far);
    await upgraded(ends);
    return { near: ends[0], nearProbe, far };
  }

  async function received(probe: ReceiverProbe, length: number): Promise<number[]> {
    await vi.waitFor(() => expect(probe.length).toBe(length));
    const lengths = probe.chunks.map((chunk) => chunk.length);
    probe.chunks.length = probe.length = 0;
    return lengths;
  }

  test("a small write inside TLS leaves nothing unsent, so that its bytes can be reused", async () => {
    const { near, nearProbe, far } = await secured();
    const bytes = Uint8Array.of(1, 2, 3);
    near.write(bytes);
    expect(near.unsent).toBe(0);
    bytes.fill(9);
    await vi.waitFor(() => expect(far.length).toBe(3));
    expect([...(far.chunks[0] ?? [])]).toEqual([1, 2, 3]);
    expect(nearProbe.drains).toBe(0);
  });

  test("a write inside TLS after another one of the same turn is unsent until drained", async () => {
    const { near, nearProbe } = await secured();
    near.write(new Uint8Array(3));
    near.write(new Uint8Array(4));
    expect(near.unsent).toBe(4);
    await near.flushed();
    expect([near.unsent, nearProbe.drains]).toEqual([0, 1]);
  });

  test("after two writes of one turn inside TLS, the writes of the next turn are sent as one record", async () => {
    const { near, far } = await secured();
    const turn = async () => {
      near.write(new Uint8Array(10));
      near.write(new Uint8Array(20));
      return received(far, 30);
    };
    expect(await turn()).toEqual([10, 20]);
    expect(await turn()).toEqual([30]);
    near.write(new Uint8Array(5)); // the last one that waits
    expect(await received(far, 5)).toEqual([5]);
    near.write(new Uint8Array(6));
    expect(near.unsent).toBe(0);
    expect(await received(far, 6)).toEqual([6]);
  });

  test("a large write inside TLS does not wait for others", async () => {
    const { near, far } = await secured();
    near.write(new Uint8Array(10));
    near.write(new Uint8Array(20));
    await received(far, 30);
    near.write(new Uint8Array(100_000));
    near.write(new Uint8Array(1));
    near.end();
    await vi.waitFor(() => expect(far.length).toBe(100_001));
  });
});

function transportOn(stream: Duplex, role: TLSRole | undefined): StreamTransport {
  onTestFinished(() => void stream.destroy());
  return new StreamTransport(stream, { role, handshakeDelay: 0 });
}

async function upgraded([a, b]: readonly [StreamTransport, StreamTransport]): Promise<void> {
  for (const end of [a, b]) end.pause();
  await Promise.all([
    a.prepareTLS({})(new Uint8Array(0), "asker"),
    b.prepareTLS({})(new Uint8Array(0), "responder"),
  ]);
  for (const end of [a, b]) end.resume();
}

async function sockets(
  where: ListenOptions,
  open: (options: NetConnectOpts) => Socket = connect,
): Promise<Pair> {
  const server = createServer({ allowHalfOpen: true }).listen(where);
  await once(server, "listening");
  const address = server.address();
  const client = open({
    ...(typeof address === "string" ? { path: address } : { ...where, port: (address as AddressInfo).port }),
    allowHalfOpen: true,
  });
  const [[accepted]] = await Promise.all([once(server, "connection"), once(client, "connect")]);
  server.close();
  return [client, accepted as Socket];
}

function scratchPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "ampwire-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "socket");
}

/** Two streams joined like a child's pipes. They are not sockets, so a read returns the written chunk itself. */
function pipes(): Pair {
  const [there, back] = [new PassThrough(), new PassThrough()];
  return [new CombinedDuplex(back, there), new CombinedDuplex(there, back)];
}
