/** WebSockets that a server has accepted: their addresses, and the limits that they share. */
import { once } from "node:events";
import { bytes, ConnectionLost, command, locator, ProtocolError } from "ampwire";
import { type AttachWebSocketOptions, attach, connect } from "ampwire/websocket";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { calculator, Sum } from "../core/calculator.ts";
import { webSocketServer } from "../support/websockets.ts";

const Hang = command("Hang", { arguments: { data: bytes() } });
const hang = Hang.responder(() => new Promise<never>(() => {}));

async function serve(options: (request: AttachWebSocketOptions["request"]) => AttachWebSocketOptions) {
  const { url, server } = await webSocketServer();
  const accepted: ReturnType<typeof attach>[] = [];
  server.on("connection", (socket, request) => accepted.push(attach(socket, options(request))));
  return { url, accepted };
}

async function open(url: string) {
  const connection = await connect(url, { WebSocket });
  onTestFinished(() => connection.destroy());
  return connection;
}

test("an attached WebSocket has the addresses of its HTTP request, also in errors and after its end", async () => {
  const errors: unknown[] = [];
  const { url, accepted } = await serve((request) => ({
    request,
    onError: (_, about) => errors.push(about.connection?.remoteAddress),
  }));
  const socket = new WebSocket(url, "amp");
  await once(socket, "open");
  const [connection] = accepted;
  const remote = { address: "127.0.0.1", port: expect.any(Number), family: "IPv4" };
  expect(connection?.remoteAddress).toEqual(remote);
  expect(connection?.localAddress).toEqual({ ...remote, port: Number(new URL(url).port) });
  socket.send("text");
  expect(await connection?.closed).toBeInstanceOf(ProtocolError);
  expect(connection?.remoteAddress).toEqual(remote);
  expect(errors).toEqual([remote]);
});

test("remoteAddress replaces the address of the request, and without both the address is unknown", async () => {
  const remoteAddress = { address: "2001:db8::1", port: 5, family: "IPv6" } as const;
  const proxied = await serve((request) => ({ request, remoteAddress }));
  const local = await serve((request) => ({ request, remoteAddress: "/run/amp.sock" }));
  const unknown = await serve(() => ({}));
  await Promise.all([open(proxied.url), open(local.url), open(unknown.url)]);
  expect(proxied.accepted[0]?.remoteAddress).toEqual(remoteAddress);
  expect(local.accepted[0]?.remoteAddress).toBe("/run/amp.sock");
  expect(unknown.accepted[0]?.remoteAddress).toBeUndefined();
});

test("attach refuses values that are not a request, an address or limits", async () => {
  const { url, server } = await webSocketServer();
  const accepted = once(server, "connection");
  await open(url);
  const [socket] = await accepted;
  const wrong = (options: object) => () => attach(socket as WebSocket, options);
  expect(wrong({ request: 5 })).toThrow(/request must be the HTTP request/);
  expect(wrong({ request: {} })).toThrow(/request must be the HTTP request/);
  expect(wrong({ remoteAddress: 5 })).toThrow(/remoteAddress must be/);
  for (const remoteAddress of [{ ip: "::1" }, { address: "::1" }, { port: 5 }, { address: 1, port: 5 }])
    expect(wrong({ remoteAddress })).toThrow(/remoteAddress must be/);
  expect(wrong({ serverLimits: { maxBytes: 5 } })).toThrow(/serverLimits: unknown option "maxBytes"/);
  expect(wrong({ serverLimits: { maxUnsentBytes: 0 } })).toThrow(RangeError);
});

test("at serverLimits.maxBytesInProgress a WebSocket over its share is not read, and the others are served", async () => {
  const { url, accepted } = await serve(() => ({
    locator: locator(hang, calculator().locator),
    serverLimits: { maxBytesInProgress: 300_000 }, // another object for each WebSocket
  }));
  const greedy = await open(url);
  const honest = await open(url);
  const asks = Array.from({ length: 20 }, () =>
    greedy.callRemote(Hang, { data: new Uint8Array(60_000) }).catch((error: unknown) => error),
  );
  await expect.poll(async () => (await honest.callRemote(Sum, { a: 1, b: 2 })).total).toBe(3);
  const late = greedy.callRemote(Sum, { a: 1, b: 2 }).then(
    () => "answered",
    () => "rejected",
  );
  for (let round = 0; round < 5; round++)
    expect(await honest.callRemote(Sum, { a: round, b: 0 })).toEqual({ total: round });
  expect(accepted).toHaveLength(2);
  greedy.destroy();
  expect(await late).toBe("rejected");
  for (const ask of asks) expect(await ask).toBeInstanceOf(ConnectionLost);
  // The budget is free again.
  const next = await open(url);
  expect(await next.callRemote(Sum, { a: 2, b: 2 })).toEqual({ total: 4 });
});
