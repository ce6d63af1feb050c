/** The diagnostics channels publish events of connections, unless the connection has an observer of its own. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { command, locator } from "ampwire";
import { expect, onTestFinished, test } from "vitest";
import { pair } from "../support/loopback.ts";

const Ping = command("Ping");
const pings = locator(Ping.responder(() => {}));

test.each([{}, { observer: undefined }])(
  "with %j the start and the end of each call are published",
  async (options) => {
    const heard: string[] = [];
    for (const event of ["start", "answer"]) {
      const listener = () => void heard.push(event);
      subscribe(`ampwire:call:${event}`, listener);
      onTestFinished(() => void unsubscribe(`ampwire:call:${event}`, listener));
    }
    const { client } = await pair({ locator: pings, ...options }, options);
    await client.callRemote(Ping);
    expect(heard.sort()).toEqual(["answer", "answer", "start", "start"]);
  },
);
