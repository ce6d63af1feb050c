/** Properties of a connection that its transport has, its number, and the defaults of its calls. */
import { Connection } from "ampwire";
import { manualClock, memoryTransports, scriptedPeer } from "ampwire/testing";
import { expect, test } from "vitest";
import { rejection } from "../../support/settled.ts";
import { Sum } from "../calculator.ts";

test("a connection has the addresses of its transport", () => {
  const addresses = {
    localAddress: "/run/here",
    remoteAddress: { address: "192.0.2.1", port: 7, family: "IPv4" },
  } as const;
  const [transport] = memoryTransports();
  const { localAddress, remoteAddress } = new Connection(Object.assign(transport, addresses), manualClock());
  expect({ localAddress, remoteAddress }).toEqual(addresses);
});

test("each connection of the process has the next number in its id", () => {
  const [first, second] = [scriptedPeer(), scriptedPeer()].map(({ connection }) => connection.id);
  expect(first).toMatch(/^c[1-9]\d*$/);
  expect(second).toBe(`c${Number(first?.slice(1)) + 1}`);
});

test("callTimeout keeps the signal of a call, and a call with a timeout has no other", async () => {
  const clock = manualClock();
  const { connection } = scriptedPeer({ callTimeout: 1_000 }, { clock });
  const controller = new AbortController();
  const aborted = rejection(connection.callRemote(Sum, { a: 1, b: 2 }, { signal: controller.signal }));
  controller.abort(new Error("no longer needed"));
  expect((await aborted).message).toBe("no longer needed");
  const late = rejection(connection.callRemote(Sum, { a: 1, b: 2 }, { timeout: 2_000 }));
  clock.advance(1_999);
  expect(clock.pending).toBe(1);
  clock.advance(1);
  expect(await late).toMatchObject({ code: "CALL_TIMEOUT" });
});
