/** GoAway with a page that only calls: it does not serve anything, and still leaves a server that closes. */
import { command } from "ampwire";
import { connect, reconnecting } from "ampwire/websocket/client";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { calculator, Sum } from "../core/calculator.ts";
import { causeOf, ended, rejection } from "../support/settled.ts";
import { ourWebSocketServer } from "../support/websockets.ts";
import { until } from "../support/within.ts";

test("a page that only calls begins no call after GoAway, and its call in progress is answered", async () => {
  const calc = calculator();
  const { next, url } = await ourWebSocketServer({ locator: calc.locator });
  const client = await connect(url, { WebSocket });
  const server = await next();
  for (let call = 0; call < 2; call++) await client.callRemote(Sum, { a: 1, b: 2 });
  const waiting = client.callRemoteString("Wait");
  await until(() => calc.waiting > 0);
  const closed = server.close();
  expect(await client.callsEnded).toMatchObject({ code: "UNAVAILABLE" });
  expect(causeOf(await rejection(client.callRemote(Sum, { a: 1, b: 2 })))).toBe(await client.callsEnded);
  calc.answer("done");
  expect((await waiting).text("after")).toBe("done");
  await closed;
  await ended(client);
});

test("a page that only calls answers every other ask with UNHANDLED", async () => {
  const { next, url } = await ourWebSocketServer({ locator: calculator().locator });
  const client = await connect(url, { WebSocket });
  const server = await next();
  expect(await rejection(server.callRemote(command("ampwire.GoAwai")))).toMatchObject({
    name: "UnhandledCommand",
  });
  expect(client.acceptsCalls).toBe(true);
  await client.close();
});

test("a reconnecting page loses no call when the server closes its connection", async () => {
  const { next, url } = await ourWebSocketServer({ locator: calculator().locator });
  const client = reconnecting({ url, WebSocket, backoff: { initial: 1, max: 1 } });
  onTestFinished(() => client.destroy());
  for (let closing = 0; closing < 5; closing++) {
    for (let call = 0; call < 2; call++) await client.callRemote(Sum, { a: 1, b: 2 });
    const server = await next();
    const answers: Promise<{ total: number }>[] = [];
    const closed = server.close();
    for (let call = 0; call < 50; call++) {
      answers.push(client.callRemote(Sum, { a: 1, b: 2 }));
      if (call % 10 === 0) await new Promise(setImmediate);
    }
    for (const answer of answers) expect(await answer).toEqual({ total: 3 });
    await closed;
  }
  await client.close();
});
