/** The relay of examples/browser without a browser: how it forwards errors and the end of a connection. */
import { ConnectionClosed, ConnectionLost, UnhandledCommand } from "ampwire";
import { listen } from "ampwire/node";
import { expect, test } from "vitest";
import { relayTo } from "../../examples/browser/relay.ts";
import { calculator, Sum } from "../core/calculator.ts";
import { rejection } from "../support/settled.ts";
import { ourWebSocketClient, webSocketServer } from "../support/websockets.ts";

const HOST = "127.0.0.1";

test("the relay forwards UNHANDLED and stays open", async () => {
  await using upstream = await listen({ host: HOST, port: 0, locator: calculator().locator });
  const page = await relayedTo(upstream.address().port);
  const error = await rejection(page.callRemoteString("Nonsense"));
  expect(error).toBeInstanceOf(UnhandledCommand);
  expect(await page.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  await page.close();
  while (upstream.connections.size > 0) await new Promise(setImmediate);
});

test("the relay closes the page's connection when the upstream server closes", async () => {
  const upstream = await listen({ host: HOST, port: 0, locator: calculator().locator });
  const page = await relayedTo(upstream.address().port);
  await page.callRemote(Sum, { a: 1, b: 2 });
  await upstream.close();
  expect(await page.closed).toBeInstanceOf(ConnectionClosed);
});

test("the relay closes the page's connection when there is no upstream server", async () => {
  const upstream = await listen({ host: HOST, port: 0 });
  await upstream.close();
  const page = await relayedTo(upstream.address().port);
  expect(await page.closed).toBeInstanceOf(ConnectionLost);
});

async function relayedTo(port: number) {
  const { server, url } = await webSocketServer();
  server.on("connection", relayTo({ host: HOST, port }));
  return await ourWebSocketClient(url);
}
