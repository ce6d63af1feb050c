/** Errors of programs on NATS that no caller receives: as those of a connection, they never end the process. */
import { locator } from "ampwire";
import { subscribe, topic } from "ampwire/nats";
import { flushPending } from "ampwire/testing";
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from "vitest";
import { Note, Sum } from "./support/commands.ts";
import { network } from "./support/network.ts";

let emitted: MockInstance;
let now = Date.now();
beforeEach(() => {
  // The number of warnings in one second is limited: each test begins another second.
  now += 10_000;
  vi.useFakeTimers({ toFake: ["Date"], now });
  emitted = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
});
afterEach(() => {
  emitted.mockRestore();
  vi.useRealTimers();
});

const warnings = () => emitted.mock.calls.map(([warning]) => String((warning as Error).message));

const responders = locator(
  Note.responder(() => {
    throw new Error("a bug");
  }),
  Sum.responder(({ a, b }) => ({ total: a + b })),
);

test("without onError, an error of a worker is a warning with its command", async () => {
  const { work, call } = network();
  await work({ locator: responders });
  call().callRemote(Note, { text: "" });
  await flushPending();
  expect(warnings()).toEqual([expect.stringMatching(/^Note, .*Error: a bug \(set onError/)]);
});

test.each([
  [
    "throws",
    () => {
      throw new Error("broken onError");
    },
  ],
  ["rejects", () => Promise.reject(new Error("broken onError"))],
])("a worker serves on if its onError %s", async (_, onError) => {
  const { work, call } = network();
  await work({ locator: responders, onError });
  const calc = call();
  calc.callRemote(Note, { text: "" });
  await flushPending();
  expect(warnings()).toEqual([expect.stringContaining("broken onError"), expect.stringContaining("a bug")]);
  expect(await calc.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
});

test("without onError, an error of a subscription is a warning with its command", async () => {
  const { nats } = network();
  subscribe(nats, { service: "calc", topic: "news", locator: responders });
  topic(nats.connect(), { service: "calc", topic: "news" }).callRemote(Note, { text: "" });
  await flushPending();
  expect(warnings()).toEqual([expect.stringMatching(/^Note, .*Error: a bug \(set onError/)]);
});
