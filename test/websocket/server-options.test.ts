/** `serverOptions` with a server of `ws`. */
import { bigBytes, command, locator } from "ampwire";
import { attach, connect, serverOptions, type WebSocketOptions } from "ampwire/websocket";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { calculator, Sum } from "../core/calculator.ts";
import { webSocketServer } from "../support/websockets.ts";
import { event } from "../support/within.ts";

const Length = command("Length", { arguments: { data: bigBytes() }, response: { data: bigBytes() } });

async function serve(options: WebSocketOptions = {}): Promise<string> {
  const { url, server } = await webSocketServer(serverOptions(options));
  server.on("connection", (socket) => attach(socket, options));
  return url;
}

async function rawSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, "amp");
  onTestFinished(() => socket.terminate());
  await event(socket, "open");
  return socket;
}

test("maxPayload is the limit of a box, and 64 KiB at least", () => {
  expect(serverOptions().maxPayload).toBe(1024 * 1024);
  expect(serverOptions({ limits: { maxBoxBytes: 5_000_000 } }).maxPayload).toBe(5_000_000);
  expect(serverOptions({ limits: { maxBoxBytes: 100 } }).maxPayload).toBe(64 * 1024);
});

test("invalid limits throw", () => {
  expect(() => serverOptions({ limits: { maxBoxBytes: -1 } })).toThrow(RangeError);
});

test("a server refuses a longer message with 1009", async () => {
  const socket = await rawSocket(await serve());
  socket.send(new Uint8Array(1024 * 1024 + 1));
  expect((await event(socket, "close"))[0]).toBe(1009);
});

test("a server without a limit of a box has no limit of a message", async () => {
  const limits = { maxBoxBytes: Number.POSITIVE_INFINITY, maxBoxKeys: Number.POSITIVE_INFINITY };
  const socket = await rawSocket(await serve({ limits, locator: calculator().locator }));
  const closed = event(socket, "close");
  socket.send(new Uint8Array(2_000_000)); // empty boxes
  expect((await closed)[0]).not.toBe(1009);
});

test("a client may send boxes up to the limit, and any number of them at once", async () => {
  const limits = { maxBoxBytes: 2_000_000 };
  const responders = locator(Length.responder(({ data }) => ({ data: data.subarray(0, 3) })));
  const connection = await connect(await serve({ limits, locator: responders }), { WebSocket, limits });
  const calls = [1, 2, 3, 4, 5].map((byte) =>
    connection.callRemote(Length, { data: new Uint8Array(1_900_000).fill(byte) }),
  );
  expect((await Promise.all(calls)).map(({ data }) => data[0])).toEqual([1, 2, 3, 4, 5]);
  await connection.close();
});

test("a server selects the subprotocol and does not compress", async () => {
  const url = await serve({ locator: calculator().locator });
  const socket = await rawSocket(url);
  expect([socket.protocol, socket.extensions]).toEqual(["amp", ""]);
  const connection = await connect(url, { WebSocket });
  expect(await connection.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  await connection.close();
});
