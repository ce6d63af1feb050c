/** `WebSocketTransport` over `ws`: as it is, and without the members that a browser's WebSocket does not have. */
import { ConnectionLost, LimitExceeded, ProtocolError, type TransportReceiver } from "ampwire";
import type { WebSocketLike } from "ampwire/websocket";
import { describe, expect, test } from "vitest";
import { platformClock } from "../../src/core/platform-clock.ts";
import { WebSocketTransport } from "../../src/websocket/websocket-transport.ts";
import { transportContract } from "../contracts/transport.ts";
import { ReceiverProbe } from "../support/receiver-probe.ts";
import { likeABrowser, sockets } from "../support/websockets.ts";
import { event, until } from "../support/within.ts";

describe("over ws", () => {
  transportContract(
    async (a, b) => {
      const [client, server] = await sockets();
      return [started(client, a), started(server, b)];
    },
    { halfClose: false },
  );
});

test("an error without a message, as of Node's own WebSocket, does not hide the close code", async () => {
  const [client, server] = await sockets();
  const probe = new ReceiverProbe();
  started(client, probe);
  client.emit("error", new TypeError(""));
  server.terminate();
  await probe.event("lost");
  expect(probe.reasons[0]?.message).toBe("the WebSocket was closed with code 1006");
});

describe.each(["client", "server"] as const)("a %s", (role) => {
  test("a text message closes the socket with 4003 and is a ProtocolError", async () => {
    const { transport, probe, raw } = await withRaw(role);
    raw.send("text");
    raw.send(Buffer.of(1));
    const [code, reason] = await event(raw, "close");
    expect([code, String(reason)]).toEqual([4003, "binary messages only"]);
    expect(probe.reasons[0]).toBeInstanceOf(ProtocolError);
    expect(probe.heard).toEqual(["lost"]);
    transport.destroy();
  });

  test.each([1000, 1001])("close code %i is an orderly end", async (code) => {
    const { probe, raw } = await withRaw(role);
    raw.close(code, "goodbye");
    await probe.event("lost");
    expect(probe.heard).toEqual(["ended", "lost"]);
    expect(probe.reasons).toEqual([undefined]);
  });

  test("a close without a code is an orderly end", async () => {
    const { probe, raw } = await withRaw(role);
    raw.close();
    await probe.event("lost");
    expect(probe.heard).toEqual(["ended", "lost"]);
  });

  test.each([
    [1011, "out of order", "the WebSocket was closed with code 1011: out of order"],
    [4000, "", "the WebSocket was closed with code 4000"],
  ])("close code %i is a loss", async (code, text, message) => {
    const { probe, raw } = await withRaw(role);
    raw.close(code, text);
    await probe.event("lost");
    expect(probe.heard).toEqual(["lost"]);
    expect(probe.reasons[0]).toBeInstanceOf(ConnectionLost);
    expect(probe.reasons[0]?.message).toBe(message);
  });

  test("a cut connection is a loss with code 1006", async () => {
    const { probe, raw } = await withRaw(role);
    raw.terminate();
    await probe.event("lost");
    expect(probe.reasons[0]?.message).toBe("the WebSocket was closed with code 1006");
  });

  test("an error of the WebSocket is the reason of the loss", async () => {
    const { probe, raw } = await withRaw(role, 100);
    raw.send(new Uint8Array(101));
    await probe.event("lost");
    expect(probe.reasons[0]?.message).toBe("Max payload size exceeded");
  });

  test("end closes the socket with 1000", async () => {
    const { transport, raw } = await withRaw(role);
    transport.end();
    expect((await event(raw, "close"))[0]).toBe(1000);
  });
});

test("bytes that arrive while paused are kept, if the socket cannot be paused", async () => {
  const { transport, probe, raw } = await withRaw("client", 1e6, likeABrowser);
  transport.pause();
  for (const byte of [1, 2, 3]) raw.send(Buffer.of(byte));
  raw.close(1000);
  await event(raw, "close");
  await until(() => transport.undelivered >= 3);
  expect(probe.heard).toEqual([]);
  transport.resume();
  expect(probe.heard).toEqual([]); // not before resume has returned
  await probe.event("lost");
  expect(probe.heard).toEqual(["bytes", "ended", "lost"]);
  expect(probe.all).toEqual(Buffer.of(1, 2, 3));
});

test("more than maxBufferedBytes while paused closes the socket with LimitExceeded", async () => {
  const { transport, probe, raw } = await withRaw("client", 1e6, likeABrowser, 100);
  transport.pause();
  raw.send(new Uint8Array(100));
  await until(() => transport.undelivered >= 100);
  expect(probe.heard).toEqual([]);
  raw.send(Buffer.of(1));
  const [code] = await event(raw, "close");
  expect(code).toBe(4011);
  expect(probe.heard).toEqual(["lost"]);
  expect(probe.reasons[0]).toBeInstanceOf(LimitExceeded);
  expect(probe.reasons[0]).toMatchObject({
    code: "LIMIT_EXCEEDED",
    message: "101 bytes came while reading was paused: the limit is maxBufferedBytes",
  });
  expect(transport.undelivered).toBe(0);
});

test("messages longer than maxBufferedBytes are delivered while reading", async () => {
  const { probe, raw } = await withRaw("client", 1e6, likeABrowser, 100);
  raw.send(new Uint8Array(1000));
  expect((await probe.bytes(1000)).length).toBe(1000);
});

test("bytes that came before a text message are delivered first", async () => {
  const { transport, probe, raw } = await withRaw("client", 1e6, likeABrowser);
  transport.pause();
  raw.send(Buffer.of(1));
  raw.send("text");
  raw.send(Buffer.of(2));
  await event(raw, "close");
  transport.resume();
  await probe.event("lost");
  expect(probe.heard).toEqual(["bytes", "lost"]);
  expect(probe.all).toEqual(Buffer.of(1));
  expect(probe.reasons[0]).toBeInstanceOf(ProtocolError);
});

test.each([
  [64 * 1024, [65_536]],
  [150_000, [65_536, 65_536, 18_928]],
])("a chunk of %i bytes is sent in messages of 64 KiB at most", async (length, expected) => {
  const { transport, raw } = await withRaw("client");
  const lengths: number[] = [];
  raw.on("message", (message: Buffer) => lengths.push(message.length));
  transport.write(new Uint8Array(length));
  while (lengths.length < expected.length) await event(raw, "message");
  expect(lengths).toEqual(expected);
});

test("bytes that arrive while kept ones are delivered stay in order", async () => {
  const { transport, probe, raw } = await withRaw("client", 1e6, likeABrowser);
  transport.pause();
  for (let byte = 0; byte < 20; byte++) raw.send(Buffer.of(byte));
  await until(() => transport.undelivered >= 20);
  probe.onReceived = () => {
    transport.pause();
    setImmediate(() => transport.resume());
  };
  transport.resume();
  for (let byte = 20; byte < 40; byte++) raw.send(Buffer.of(byte));
  expect(await probe.bytes(40)).toEqual(Buffer.from(Array.from({ length: 40 }, (_, byte) => byte)));
  expect(transport.undelivered).toBe(0);
});

test("destroy is a loss at once, if the socket waits for the peer to close", async () => {
  const { transport, probe, raw } = await withRaw("client", 1e6, likeABrowser);
  raw.pause();
  const reason = new Error("enough");
  transport.destroy(reason);
  await probe.event("lost");
  expect(probe.reasons).toEqual([reason]);
  raw.resume();
});

test.each([
  [1000, undefined],
  [4011, new Error("enough")],
])("destroy closes a socket that cannot be terminated with code %i", async (code, reason) => {
  const { transport, probe, raw } = await withRaw("server", 1e6, likeABrowser);
  const closed = event(raw, "close");
  transport.destroy(reason);
  await probe.event("lost");
  expect((await closed)[0]).toBe(code);
});

test("a socket that was closed before start is a loss", async () => {
  const [client] = await sockets();
  client.terminate();
  await event(client, "close");
  const probe = new ReceiverProbe();
  started(client, probe);
  await probe.event("lost");
  expect(probe.heard).toEqual(["ended", "lost"]);
});

function started(socket: WebSocketLike, receiver: TransportReceiver, limit = 1e6): WebSocketTransport {
  const transport = new WebSocketTransport(socket, platformClock, false, limit);
  transport.start(receiver);
  return transport;
}

async function withRaw(
  role: "client" | "server",
  maxPayload?: number,
  wrap: (socket: WebSocketLike) => WebSocketLike = (socket) => socket,
  limit?: number,
) {
  const [client, server] = await sockets(maxPayload);
  const [mine, raw] = role === "client" ? [client, server] : [server, client];
  const probe = new ReceiverProbe();
  return { transport: started(wrap(mine), probe, limit), probe, raw };
}
