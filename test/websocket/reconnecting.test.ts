/** Clients that reconnect over WebSockets, of both entry points. */
import { type AddressInfo, createServer } from "node:net";
import { ConnectFailed, type Connection, locator } from "ampwire";
import {
  attach,
  connect,
  type ReconnectingOptions,
  reconnecting,
  type WebSocketURL,
} from "ampwire/websocket";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { reconnectingContract } from "../contracts/reconnecting.ts";
import { calculator, Sum } from "../core/calculator.ts";
import { Add } from "../support/reconnecting/commands.ts";
import { kept } from "../support/reconnecting/kept.ts";
import { ended, rejection } from "../support/settled.ts";
import { unixPlace } from "../support/unix-place.ts";
import { ourWebSocketServer, webSocketServer, webSocketServerAt } from "../support/websockets.ts";

// A UNIX socket: no other process can listen at this address before the test's server does.
reconnectingContract<Connection>({
  reconnecting,
  place() {
    const path = unixPlace();
    const url = `ws+unix:${path}:/`;
    return {
      serve: async (...responders) => {
        const connections = new Set<Connection>();
        await webSocketServerAt(path, (socket) => {
          const connection = attach(socket, { locator: locator(...responders) });
          connections.add(connection);
          void connection.closed.then(() => connections.delete(connection));
        });
        return { connections };
      },
      connect: (signal) => connect(url, { WebSocket, signal }),
      reconnecting: (options) => reconnecting({ ...options, url, WebSocket }),
    };
  },
});

function keep(options: ReconnectingOptions) {
  return kept<Connection, WebSocketURL>((behaviour) => reconnecting({ ...options, ...behaviour }), options);
}

test("calls made while the server restarts are queued, then answered", async () => {
  const first = await ourWebSocketServer({ locator: calculator().locator });
  const client = reconnecting({ url: new URL(first.url), WebSocket, backoff: { initial: 10, max: 50 } });
  onTestFinished(() => client.close());
  expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  await first.close();
  await expect.poll(() => client.state).not.toBe("connected");
  const calls = [1, 2, 3].map((b) => client.callRemote(Sum, { a: 1, b }));
  expect(client.waiting).toBe(3);
  await expect.poll(() => client.lastError).toBeInstanceOf(ConnectFailed);
  await ourWebSocketServer({ locator: calculator().locator }, first.port);
  expect(await Promise.all(calls)).toEqual([{ total: 2 }, { total: 3 }, { total: 4 }]);
  expect(client.state).toBe("connected");
});

test("a server that does not select the subprotocol is tried again", async () => {
  let agrees = false;
  const { url, server } = await webSocketServer({ handleProtocols: () => agrees && "amp" });
  server.on("connection", (socket) => attach(socket, { locator: calculator().locator }));
  const { client, become, clock } = keep({ url, WebSocket });
  const { error, delay } = await become("waiting");
  expect(error).toBeInstanceOf(ConnectFailed);
  agrees = true;
  clock.advance(delay ?? 0);
  expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
});

test("several URLs are tried in turn, and onConnection gets the URL used", async () => {
  const [first, second] = [
    await ourWebSocketServer({ locator: calculator().locator }),
    await ourWebSocketServer({ locator: calculator().locator }),
  ];
  const used: unknown[] = [];
  const urls = ["ws://127.0.0.1:1/", first.url, new URL(second.url)];
  const { client, clock, become } = keep({
    urls,
    WebSocket,
    backoff: { jitter: () => 1 }, // keeps the order of the list
    onConnection: (_, { address }) => void used.push(address),
  });
  expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  const waiting = become("waiting");
  await first.close();
  clock.advance((await waiting).delay ?? 0);
  expect(await client.callRemote(Sum, { a: 3, b: 4 })).toEqual({ total: 7 });
  expect(used).toEqual([first.url, urls[2]]);
});

test("each of several URLs is tried once in an attempt, also without a jitter", async () => {
  const tried: string[] = [];
  class Recording extends WebSocket {
    constructor(url: string, protocols: string) {
      tried.push(url);
      super(url, protocols);
    }
  }
  const urls = ["ws://127.0.0.1:1/", "ws://127.0.0.1:1/second"];
  const { become } = keep({ urls, WebSocket: Recording, backoff: {} }); // keep() sets a jitter
  expect((await become("waiting")).error).toBeInstanceOf(ConnectFailed);
  expect(tried.sort()).toEqual(urls);
});

test("a URL that does not answer is left after 10 seconds if there are several", async () => {
  const { url } = await ourWebSocketServer({ locator: calculator().locator });
  const silent = createServer();
  await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void silent.close());
  const accepted = new Promise<void>((resolve) => silent.once("connection", () => resolve()));
  const { port } = silent.address() as AddressInfo;
  const { client, clock } = keep({
    urls: [`ws://127.0.0.1:${port}/`, url],
    WebSocket,
    backoff: { jitter: () => 1 },
  });
  const call = client.callRemote(Sum, { a: 1, b: 2 });
  await accepted;
  clock.advance(10_000);
  expect(await call).toEqual({ total: 3 });
});

describe("invalid options", () => {
  test.each<[string, { readonly urls: unknown; readonly url?: string }]>([
    ["an empty list of URLs", { urls: [] }],
    ["text in place of a list", { urls: "ws://127.0.0.1:1/" }],
    ["one URL and several", { url: "ws://127.0.0.1:1/", urls: ["ws://127.0.0.1:1/"] }],
  ])("reconnecting refuses %s", (_, options) => {
    // The types forbid these; a program in JavaScript may pass them.
    expect(() => reconnecting({ WebSocket, ...options } as unknown as ReconnectingOptions)).toThrow(
      /^reconnecting: urls must be an array/,
    );
  });

  test.each<[string, Partial<ReconnectingOptions>]>([
    ["limits", { limits: { maxBoxBytes: -1 } }],
    ["heartbeat", { heartbeat: { interval: 0 } }],
    ["backoff", { backoff: { initial: -1 } }],
  ])("invalid %s throws RangeError before a WebSocket is opened", (_, wrong) => {
    expect(() => reconnecting({ url: "ws://127.0.0.1:1/", WebSocket, ...wrong })).toThrow(RangeError);
  });

  test("an invalid URL closes the client with the error of the WebSocket", async () => {
    const { client, changes } = keep({ url: "http:/", WebSocket });
    const error = await rejection(client.callRemote(Add, { a: 1, b: 1 }));
    expect(error).toBeInstanceOf(SyntaxError);
    expect(await ended(client)).toBe(error.cause);
    expect(changes.map(({ state }) => state)).toEqual(["connecting", "closed"]);
  });

  if (!("WebSocket" in globalThis)) {
    test("reconnecting throws TypeError if the platform has no WebSocket", () => {
      expect(() => reconnecting({ url: "ws://127.0.0.1:1/" })).toThrow(TypeError);
    });
  }
});

if ("WebSocket" in globalThis) {
  test("reconnecting uses the platform's WebSocket", async () => {
    const { url } = await ourWebSocketServer({ locator: calculator().locator });
    const { client } = keep({ url });
    expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  });
}
