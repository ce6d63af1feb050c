/** `ampwire/websocket/client`: connections that only call. */
import { HeartbeatTimeout, LimitExceeded, locator, TLSNotAvailable, UnhandledCommand } from "ampwire";
import { manualClock } from "ampwire/testing";
import { type CallingOptions, connect, heartbeat, reconnecting } from "ampwire/websocket/client";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { calculator, Divide, Sum, summing, Wait, ZeroDivisionError } from "../core/calculator.ts";
import { ended, rejection } from "../support/settled.ts";
import { ourWebSocketServer, webSocketServer } from "../support/websockets.ts";
import { event } from "../support/within.ts";

async function connected(options: CallingOptions = {}) {
  const { url, next } = await ourWebSocketServer({ locator: calculator().locator });
  const client = await connect(url, { WebSocket, ...options });
  onTestFinished(async () => {
    client.destroy();
    await ended(client);
  });
  return { client, server: await next() };
}

test("calls are answered, also with errors", async () => {
  const { client } = await connected();
  expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  const error = await rejection(client.callRemote(Divide, { numerator: 1, denominator: 0 }));
  expect(error).toBeInstanceOf(ZeroDivisionError);
});

test("the peer's calls reject with UnhandledCommand", async () => {
  const { client, server } = await connected();
  const error = await rejection(server.callRemote(Sum, { a: 1, b: 2 }));
  expect(error).toBeInstanceOf(UnhandledCommand);
  expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
});

test("close waits for the calls in progress", async () => {
  const { client } = await connected();
  const call = client.callRemote(Sum, { a: 1, b: 2 });
  await client.close();
  expect(await call).toEqual({ total: 3 });
});

test("startTLS rejects with TLSNotAvailable", async () => {
  const { client } = await connected();
  expect(await rejection(client.startTLS())).toBeInstanceOf(TLSNotAvailable);
});

test("a heartbeat destroys the connection to a silent peer", async () => {
  const { url, server } = await webSocketServer();
  const clock = manualClock();
  const [[socket], client] = await Promise.all([
    event(server, "connection"),
    connect(url, { WebSocket, clock, heartbeat: heartbeat({ interval: 1000, timeout: 500 }) }),
  ]);
  const asked = event(socket, "message");
  clock.advance(1000);
  expect(String((await asked)[0])).toContain("ampwire.Heartbeat");
  clock.advance(500);
  expect(await ended(client)).toBeInstanceOf(HeartbeatTimeout);
});

test("heartbeat throws RangeError for an invalid interval", () => {
  expect(() => heartbeat({ interval: 0 })).toThrow(RangeError);
});

test("limits hold for calls", async () => {
  const { client } = await connected({ limits: { maxUnsentBytes: 1 } });
  const calls = [client.callRemote(Wait), client.callRemote(Wait)].map(rejection);
  client.destroy();
  const errors = await Promise.all(calls);
  expect(errors[1]).toBeInstanceOf(LimitExceeded);
});

test("invalid options reject before a WebSocket is opened", async () => {
  const { url, server } = await webSocketServer();
  let opened = 0;
  server.on("connection", () => opened++);
  const invalid = [{ limits: { maxBoxBytes: -1 } }, { connectTimeout: -1 }, { callTimeout: Number.NaN }];
  for (const options of invalid)
    expect(await rejection(connect(url, { WebSocket, ...options }))).toBeInstanceOf(RangeError);
  expect(() => reconnecting({ url, WebSocket, limits: { maxBoxBytes: -1 } })).toThrow(RangeError);
  expect(opened).toBe(0);
});

test("an aborted signal cancels the attempt", async () => {
  const { url } = await webSocketServer();
  const reason = new Error("no time");
  const signal = AbortSignal.abort(reason);
  expect(await rejection(connect(url, { WebSocket, signal }))).toBe(reason);
});

test("a client that reconnects calls again after the server has restarted", async () => {
  const first = await ourWebSocketServer({ locator: locator(summing) });
  const client = reconnecting({
    url: first.url,
    WebSocket,
    backoff: { initial: 10, max: 50 },
    heartbeat: heartbeat({ interval: 60_000 }),
  });
  onTestFinished(() => client.close());
  expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  await first.close();
  await expect.poll(() => client.state).not.toBe("connected");
  await ourWebSocketServer({ locator: locator(summing) }, first.port);
  expect(await client.callRemote(Sum, { a: 3, b: 4 })).toEqual({ total: 7 });
});

test("a client that reconnects may open its connections itself", async () => {
  const { url } = await ourWebSocketServer({ locator: locator(summing) });
  const client = reconnecting({ open: (signal) => connect(url, { WebSocket, signal }) });
  onTestFinished(() => client.close());
  expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
});

test("an invalid URL closes a client that reconnects", async () => {
  const client = reconnecting({ url: "http:/", WebSocket });
  expect(await ended(client)).toBeInstanceOf(SyntaxError);
});

/** A WebSocket that cannot be opened, and has no error event. */
class ClosedSocket extends EventTarget {
  binaryType = "";
  readonly readyState = 3;
  readonly bufferedAmount = 0;

  constructor() {
    super();
    queueMicrotask(() => this.dispatchEvent(new Event("close")));
  }

  send(): void {}
  close(): void {}
}

test("connect rejects if the WebSocket closes without an error event", async () => {
  const error = await rejection(connect("ws://127.0.0.1:1", { WebSocket: ClosedSocket }));
  expect(error).toMatchObject({ name: "ConnectFailed" });
});
