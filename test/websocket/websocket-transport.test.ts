/** The contract over the WebSockets of `ws`, with and without what they have and a browser's have not. */
import { once } from "node:events";
import { ConnectionLost, ProtocolError, type TransportReceiver } from "ampwire";
import type { WebSocketLike } from "ampwire/websocket";
import { describe, expect, test } from "vitest";
import { platformClock } from "../../src/websocket/platform.ts";
import { WebSocketTransport } from "../../src/websocket/websocket-transport.ts";
import { transportContract } from "../contracts/transport.ts";
import { ReceiverProbe } from "../support/receiver-probe.ts";
import { sockets } from "../support/websockets.ts";

describe("over ws", () => {
  transportContract(
    async (a, b) => {
      const [client, server] = await sockets();
      return [started(client, a), started(server, b)];
    },
    { halfClose: false },
  );
});

test("an error without a text, as that of Node's own WebSocket, leaves the word to the code", async () => {
  const [client, server] = await sockets();
  const probe = new ReceiverProbe();
  started(client, probe);
  client.emit("error", new TypeError(""));
  server.terminate();
  await probe.event("lost");
  expect(probe.reasons[0]?.message).toBe("the WebSocket was closed with code 1006");
});

describe.each(["client", "server"] as const)("a %s", (role) => {
  test("refuses text", async () => {
    const { transport, probe, raw } = await withRaw(role);
    raw.send("text");
    raw.send(Buffer.of(1));
    const [code, reason] = await once(raw, "close");
    expect([code, String(reason)]).toEqual([4003, "binary messages only"]);
    expect(probe.reasons[0]).toBeInstanceOf(ProtocolError);
    expect(probe.heard).toEqual(["lost"]);
    transport.destroy();
  });

  test.each([1000, 1001])("takes code %i for an orderly end", async (code) => {
    const { probe, raw } = await withRaw(role);
    raw.close(code, "goodbye");
    await probe.event("lost");
    expect(probe.heard).toEqual(["ended", "lost"]);
    expect(probe.reasons).toEqual([undefined]);
  });

  test("takes no code for an orderly end", async () => {
    const { probe, raw } = await withRaw(role);
    raw.close();
    await probe.event("lost");
    expect(probe.heard).toEqual(["ended", "lost"]);
  });

  test.each([
    [1011, "out of order", "the WebSocket was closed with code 1011: out of order"],
    [4000, "", "the WebSocket was closed with code 4000"],
  ])("takes code %i for a loss", async (code, text, message) => {
    const { probe, raw } = await withRaw(role);
    raw.close(code, text);
    await probe.event("lost");
    expect(probe.heard).toEqual(["lost"]);
    expect(probe.reasons[0]).toBeInstanceOf(ConnectionLost);
    expect(probe.reasons[0]?.message).toBe(message);
  });

  test("takes a connection that is cut for a loss", async () => {
    const { probe, raw } = await withRaw(role);
    raw.terminate();
    await probe.event("lost");
    expect(probe.reasons[0]?.message).toBe("the WebSocket was closed with code 1006");
  });

  test("is lost with the error of the WebSocket", async () => {
    const { probe, raw } = await withRaw(role, 100);
    raw.send(new Uint8Array(101));
    await probe.event("lost");
    expect(probe.reasons[0]?.message).toBe("Max payload size exceeded");
  });

  test("closes with 1000", async () => {
    const { transport, raw } = await withRaw(role);
    transport.end();
    expect((await once(raw, "close"))[0]).toBe(1000);
  });
});

test("keeps what comes while it is paused, where the WebSocket cannot be paused", async () => {
  const { transport, probe, raw } = await withRaw("client", 1e6, likeABrowsers);
  transport.pause();
  for (const byte of [1, 2, 3]) raw.send(Buffer.of(byte));
  raw.close(1000);
  await once(raw, "close");
  while (transport.undelivered < 3) await new Promise(setImmediate);
  expect(probe.heard).toEqual([]);
  transport.resume();
  expect(probe.heard).toEqual([]); // not inside the caller
  await probe.event("lost");
  expect(probe.heard).toEqual(["bytes", "ended", "lost"]);
  expect(probe.all).toEqual(Buffer.of(1, 2, 3));
});

test("delivers in order what comes while it is delivering what it has kept", async () => {
  const { transport, probe, raw } = await withRaw("client", 1e6, likeABrowsers);
  transport.pause();
  for (let byte = 0; byte < 20; byte++) raw.send(Buffer.of(byte));
  while (transport.undelivered < 20) await new Promise(setImmediate);
  probe.onReceived = () => {
    transport.pause();
    setImmediate(() => transport.resume());
  };
  transport.resume();
  for (let byte = 20; byte < 40; byte++) raw.send(Buffer.of(byte));
  expect(await probe.bytes(40)).toEqual(Buffer.from(Array.from({ length: 40 }, (_, byte) => byte)));
  expect(transport.undelivered).toBe(0);
});

test("is lost at once when destroyed, where the WebSocket waits for the peer's goodbye", async () => {
  const { transport, probe, raw } = await withRaw("client", 1e6, likeABrowsers);
  raw.pause();
  const reason = new Error("enough");
  transport.destroy(reason);
  await probe.event("lost");
  expect(probe.reasons).toEqual([reason]);
  raw.resume();
});

test("is lost when its WebSocket was closed before", async () => {
  const [client] = await sockets();
  client.terminate();
  await once(client, "close");
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
  dressed: (socket: WebSocketLike) => WebSocketLike = (socket) => socket,
) {
  const [client, server] = await sockets(maxPayload);
  const [mine, raw] = role === "client" ? [client, server] : [server, client];
  const probe = new ReceiverProbe();
  return { transport: started(dressed(mine), probe), probe, raw };
}

/** Without pause, resume and terminate. */
function likeABrowsers(socket: WebSocketLike): WebSocketLike {
  return {
    get binaryType() {
      return socket.binaryType;
    },
    set binaryType(type) {
      socket.binaryType = type;
    },
    get readyState() {
      return socket.readyState;
    },
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (data) => socket.send(data),
    close: (code, reason) => socket.close(code, reason),
    addEventListener: (type, listener) => socket.addEventListener(type, listener),
    removeEventListener: (type, listener) => socket.removeEventListener(type, listener),
  };
}
