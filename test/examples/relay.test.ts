/** The relay of examples/browser, without a browser: what becomes of errors and of either end. */
import { ConnectionClosed, ConnectionLost, UnhandledCommand } from "ampwire";
import { listen } from "ampwire/node";
import { expect, test } from "vitest";
import { relayTo } from "../../examples/browser/relay.ts";
import { calculator, Sum } from "../core/calculator.ts";
import { rejection } from "../support/settled.ts";
import { ourWebSocketClient, webSocketServer } from "../support/websockets.ts";

const HOST = "127.0.0.1";

test("passes on that nobody serves a command, and goes on", async () => {
  await using behind = await listen({ host: HOST, port: 0, locator: calculator().locator });
  const page = await relayedTo(behind.address().port);
  const error = await rejection(page.callRemoteString("Nonsense"));
  expect(error).toBeInstanceOf(UnhandledCommand);
  expect(await page.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  await page.close();
  while (behind.connections.size > 0) await new Promise(setImmediate);
});

test("ends when the server behind it does", async () => {
  const behind = await listen({ host: HOST, port: 0, locator: calculator().locator });
  const page = await relayedTo(behind.address().port);
  await page.callRemote(Sum, { a: 1, b: 2 });
  await behind.close();
  expect(await page.closed).toBeInstanceOf(ConnectionClosed);
});

test("ends when there is no server behind it", async () => {
  const behind = await listen({ host: HOST, port: 0 });
  await behind.close();
  const page = await relayedTo(behind.address().port);
  expect(await page.closed).toBeInstanceOf(ConnectionLost);
});

async function relayedTo(port: number) {
  const { server, url } = await webSocketServer();
  server.on("connection", relayTo({ host: HOST, port }));
  return await ourWebSocketClient(url);
}
