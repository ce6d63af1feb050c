import { once } from "node:events";
import { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { HandshakeError, PlaintextAfterStartTLS } from "../../../src/core/errors/tls.ts";
import { describePeer } from "../../../src/node/tls/peer.ts";
import { upgrade } from "../../../src/node/tls/upgrade.ts";
import { testCertificates } from "../../support/certificates.ts";
import { rejection } from "../../support/settled.ts";
import { ending, failure, memoryPair, receive, securePair, socketPair, upgradeBoth } from "./streams.ts";

const { authority, server, client } = await testCertificates();
const verifyAuthorities = [authority];

const uncaught: unknown[] = [];
process.on("uncaughtExceptionMonitor", (error) => uncaught.push(error));
afterAll(() => expect(uncaught).toEqual([]));

const KINDS: readonly (readonly [string, () => Promise<[Duplex, Duplex]> | [Duplex, Duplex]])[] = [
  ["TCP", socketPair],
  ["memory", memoryPair],
];
test("a client does not parse the certificates of the issuers for the check of the name", async () => {
  const read = vi.spyOn(TLSSocket.prototype, "getPeerCertificate");
  onTestFinished(() => read.mockRestore());
  const [one, other] = await securePair(
    { verifyAuthorities, serverName: "calc.example" },
    { localCertificate: server },
    await socketPair(),
  );
  expect(read.mock.calls.filter(([detailed]) => detailed)).toEqual([]);
  expect(one.getPeerCertificate(true).issuerCertificate.raw).toBeDefined(); // as usual after the handshake
  one.destroy();
  other.destroy();
});

const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;

describe.each(KINDS)("over %s", (_, pair) => {
  test.each(VERSIONS)("%s carries bytes in both directions, with both ends verified", async (version) => {
    const [one, other] = await securePair(
      { localCertificate: client, verifyAuthorities, serverName: "calc.example", maxVersion: version },
      { localCertificate: server, verifyAuthorities },
      await pair(),
    );
    expect(describePeer(one)).toMatchObject({ protocol: version, cipher: expect.stringMatching(/^TLS_/) });
    expect(describePeer(one).certificate?.fingerprint).toBe(server.fingerprint);
    expect(describePeer(other).certificate?.fingerprint).toBe(client.fingerprint);
    one.write("ping");
    other.write("pong");
    expect(await Promise.all([receive(one, 4), receive(other, 4)])).toEqual(["pong", "ping"]);
    one.destroy();
    other.destroy();
  });

  test("without options the client has no certificate and the server has an ephemeral one", async () => {
    const [one, other] = await securePair({}, {}, await pair());
    expect(describePeer(one).certificate?.commonName).toBe("TEMPORARY CERTIFICATE");
    expect(describePeer(other).certificate).toBeUndefined();
    one.destroy();
    other.destroy();
  });

  test("data that the peer sends at once waits for a listener", async () => {
    const [clientStream, serverStream] = await pair();
    const serverSide = upgrade(serverStream, { role: "server", localCertificate: server });
    serverSide.then((tls) => tls.write("early"));
    const one = await upgrade(clientStream, { role: "client" });
    await delay(30);
    expect(one.isPaused()).toBe(true);
    expect(one.listenerCount("data")).toBe(0);
    expect(await receive(one, 5)).toBe("early");
    one.destroy();
    (await serverSide).destroy();
  });

  test.each([1, 5, 100])("a server accepts leftovers of %i bytes that were put back", async (size) => {
    const [clientStream, serverStream] = await pair();
    const clientSide = upgrade(clientStream, { role: "client" });
    const hello = await firstChunk(serverStream);
    if (hello.length > size) serverStream.unshift(hello.subarray(size));
    serverStream.unshift(Uint8Array.from(hello.subarray(0, size)));
    const other = await upgrade(serverStream, { role: "server", localCertificate: server });
    const one = await clientSide;
    other.write("ready");
    expect(await receive(one, 5)).toBe("ready");
    one.destroy();
    other.destroy();
  });

  test("megabytes pass through TLS unchanged", async () => {
    const [one, other] = await securePair({}, {}, await pair());
    const text = "0123456789abcdef".repeat(1 << 18);
    one.write(text);
    expect((await receive(other, text.length)) === text).toBe(true);
    one.destroy();
    other.destroy();
  });

  test("a stream that is cut during the handshake rejects once at each end", async () => {
    const [clientStream, serverStream] = await pair();
    const both = upgradeBoth([clientStream, serverStream], {}, {});
    clientStream.destroy();
    const { client: one, server: other } = await both;
    expect(failure(one)).toBeInstanceOf(HandshakeError);
    expect(failure(other)).toBeInstanceOf(HandshakeError);
    expect([clientStream.destroyed, serverStream.destroyed]).toEqual([true, true]);
  });

  test.each(["client", "server"] as const)(
    "a peer that ends without sending rejects the handshake of the %s",
    async (role) => {
      const [clientStream, serverStream] = await pair();
      const [ours, theirs] = role === "client" ? [clientStream, serverStream] : [serverStream, clientStream];
      theirs.on("error", () => {});
      const ended = upgrade(ours, { role });
      theirs.resume();
      theirs.end();
      const error = await ended.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(HandshakeError);
      expect(String(error)).toMatch(/closed during the TLS handshake/);
      expect(ours.destroyed).toBe(true);
    },
  );

  test.each(["client", "server"] as const)(
    "plaintext in place of TLS rejects the handshake of the %s",
    async (role) => {
      const [clientStream, serverStream] = await pair();
      const [ours, theirs] = role === "client" ? [clientStream, serverStream] : [serverStream, clientStream];
      theirs.on("error", () => {});
      const ended = upgrade(ours, { role });
      await delay(10);
      theirs.resume();
      theirs.write("\0\x05_answ\0\x011\0\0 and so on, plainly");
      const error = await ended.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(HandshakeError);
      expect(String(error)).toMatch(/the peer does not speak TLS/);
      expect(error).toHaveProperty("cause.code");
      expect(ours.destroyed).toBe(true);
      theirs.destroy();
    },
  );

  test("an aborted signal ends the handshake with its reason", async () => {
    for (const role of ["client", "server"] as const) {
      const [clientStream, serverStream] = await pair();
      const ours = role === "client" ? clientStream : serverStream;
      const abort = new AbortController();
      const ended = upgrade(ours, { role, signal: abort.signal });
      const reason = new Error("enough");
      setTimeout(() => abort.abort(reason), 20);
      expect(await ended.catch((error: unknown) => error)).toBe(reason);
      expect(ours.destroyed).toBe(true);
      clientStream.destroy();
      serverStream.destroy();
    }
  });
});

test.each(["client", "server"] as const)(
  "the end of a stream that does not close by itself rejects the handshake of the %s",
  async (role) => {
    const stream = new Duplex({ autoDestroy: false, read() {}, write: (_chunk, _encoding, done) => done() });
    const ended = upgrade(stream.pause(), { role });
    stream.push(null);
    const error = await ended.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HandshakeError);
    expect(String(error)).toMatch(/closed during the TLS handshake/);
    expect(stream.destroyed).toBe(true);
  },
);

test("no handshake begins on a stream whose peer has ended its side", async () => {
  const written: unknown[] = [];
  const stream = new Duplex({
    autoDestroy: false,
    read() {},
    write(chunk, _encoding, done) {
      written.push(chunk);
      done();
    },
  });
  stream.push(null);
  await once(stream.resume(), "end");
  await expect(upgrade(stream.pause(), { role: "client" })).rejects.toThrow(HandshakeError);
  expect(written).toEqual([]);
  expect(stream.destroyed).toBe(true);
});

test("a signal that was aborted before sends nothing", async () => {
  const [clientStream, serverStream] = await socketPair();
  const reason = new Error("too late");
  const ended = upgrade(clientStream, { role: "client", signal: AbortSignal.abort(reason) });
  expect(await ended.catch((error: unknown) => error)).toBe(reason);
  expect(clientStream.bytesWritten).toBe(0);
  serverStream.destroy();
});

test("bytes that wait before a client's handshake are a violation", async () => {
  const [clientStream, serverStream] = await socketPair();
  clientStream.unshift(Uint8Array.of(0));
  await expect(upgrade(clientStream, { role: "client" })).rejects.toThrow(PlaintextAfterStartTLS);
  expect([clientStream.destroyed, clientStream.bytesWritten]).toEqual([true, 0]);
  serverStream.destroy();
});

test.each([
  ["plaintext that resembles the second byte of TLS", [0, 3, 1, 0, 5, 1], false],
  ["a record of TLS that is not a handshake", [23, 3, 1, 0, 5, 1], false],
  ["another version", [22, 2, 1, 0, 5, 1], false],
  ["the first message of a server", [22, 3, 1, 0, 5, 2], false],
  ["a whole ClientHello", [22, 3, 1, 0, 5, 1], true],
  ["the beginning of a ClientHello", [22, 3, 1, 0, 5], true],
])(
  "a client that has not begun its handshake recognizes %s that was sent too early",
  async (_, bytes, isHello) => {
    const [clientStream, serverStream] = await socketPair();
    clientStream.unshift(Uint8Array.from(bytes));
    await expect(upgrade(clientStream, { role: "client" })).rejects.toThrow(
      isHello ? /both ends are TLS clients/ : /sent plaintext after StartTLS: 6 bytes/,
    );
    serverStream.destroy();
  },
);

test("a closed stream rejects with HandshakeError", async () => {
  const [clientStream, serverStream] = await socketPair();
  clientStream.destroy();
  await expect(upgrade(clientStream, { role: "client" })).rejects.toThrow(HandshakeError);
  await delay(20); // the stream ended, although no code has read from it
  await expect(upgrade(serverStream, { role: "server" })).rejects.toThrow(HandshakeError);
});

test.each(["client", "server"] as const)(
  "the cause of the error is that of the stream below, if it has ended before the handshake of the %s",
  async (role) => {
    const cause = new Error("cable cut");
    const stream = new Duplex({ read() {}, write() {} }).pause();
    stream.destroy(cause);
    const error = await rejection(upgrade(stream, { role }));
    expect(error).toBeInstanceOf(HandshakeError);
    expect(error.cause).toBe(cause);
  },
);

test("a reset during the handshake rejects once", async () => {
  const [clientStream, serverStream] = await socketPair();
  const ended = upgrade(clientStream, { role: "client" });
  await firstChunk(serverStream);
  serverStream.resetAndDestroy();
  const error = await ended.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HandshakeError);
  expect(error).toHaveProperty("cause.code", "ECONNRESET");
});

test("after the upgrade, an error of the socket below becomes an error of the TLS socket", async () => {
  const [clientStream, serverStream] = await socketPair();
  const [one, other] = await securePair({}, {}, [clientStream, serverStream]);
  const seen = ending(one);
  other.resume();
  serverStream.resetAndDestroy();
  expect(await seen).not.toBe("open");
  expect(one.destroyed).toBe(true);
  other.destroy();
});

async function firstChunk(stream: Duplex): Promise<Uint8Array> {
  return new Promise((resolve) => {
    stream.once("data", (chunk: Uint8Array) => {
      stream.pause();
      resolve(chunk);
    });
    stream.resume();
  });
}

test("a stream that is not a socket gets no bytes before the TLS client listens to it", async () => {
  const written: Uint8Array[] = [];
  const stream = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      written.push(chunk);
      done(new Error("broken"));
    },
  });
  const upgraded = upgrade(stream, { role: "client" });
  expect(written).toEqual([]);
  expect((await rejection(upgraded)).message).toContain("broken");
  expect(written).toHaveLength(1);
});
