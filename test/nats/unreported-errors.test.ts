/** Errors of programs on NATS that no caller receives: as those of a connection, they never end the process. */
import { locator } from "ampwire";
import { subscribe, topic } from "ampwire/nats";
import { flushPending } from "ampwire/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CollectedWarnings, collectWarnings } from "../support/warnings.ts";
import { Note, Sum } from "./support/commands.ts";
import { network } from "./support/network.ts";

let collected: CollectedWarnings;
beforeEach(() => {
  collected = collectWarnings();
});
afterEach(() => collected.stop());

const warnings = () => collected.warnings().map(({ message }) => message);

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
