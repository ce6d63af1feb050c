/** The channels hear of connections, unless an observer does. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { command, locator } from "ampwire";
import { expect, onTestFinished, test } from "vitest";
import { pair } from "../support/loopback.ts";

const Ping = command("Ping");
const pings = locator(Ping.responder(() => {}));

test.each([{}, { observer: undefined }])("with %j each call is told, and its end", async (options) => {
  const heard: string[] = [];
  for (const event of ["start", "answer"]) {
    const listener = () => void heard.push(event);
    subscribe(`ampwire:call:${event}`, listener);
    onTestFinished(() => void unsubscribe(`ampwire:call:${event}`, listener));
  }
  const { client } = await pair({ locator: pings, ...options }, options);
  await client.callRemote(Ping);
  expect(heard.sort()).toEqual(["answer", "answer", "start", "start"]);
});
