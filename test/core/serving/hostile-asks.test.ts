/** Asks that a peer could use to make this end work: unknown commands, and errors that are reported. */
import { locator, type Observer } from "ampwire";
import { flushPending, manualClock, scriptedPeer } from "ampwire/testing";
import { expect, test } from "vitest";
import { ended } from "../../support/settled.ts";
import { Sum } from "../calculator.ts";

test("an observer sees an unknown command fail", async () => {
  const failed: unknown[] = [];
  const observer: Observer = { callFailed: ({ command }) => void failed.push(command) };
  const { peer } = scriptedPeer({ observer });
  peer.send({ _ask: "1", _command: "Nope" });
  await peer.next();
  expect(failed).toEqual(["Nope"]);
});

test("errors of one connection are reported up to a rate, and then their number", async () => {
  const clock = manualClock();
  const reported: unknown[] = [];
  const { connection, peer } = scriptedPeer(
    { locator: locator(), onError: (error) => void reported.push(error) },
    { clock },
  );
  for (let n = 0; n < 1_000; n++) peer.send({ _command: "Nope" });
  await flushPending();
  expect(reported).toHaveLength(20);
  clock.advance(1_000);
  expect(String(reported.at(-1))).toContain("980 more errors of this connection were not reported");
  connection.destroy();
  await ended(connection);
  expect(clock.pending).toBe(0);
});

test("null that a responder returns is called null", async () => {
  const reported: Error[] = [];
  const broken = Sum.responder((() => null) as never);
  const { peer } = scriptedPeer({
    locator: locator(broken),
    onError: (error) => void reported.push(error as Error), // a BadLocalReturn
  });
  peer.send({ _ask: "1", _command: "Sum", a: "1", b: "2" });
  await peer.next();
  expect(reported[0]?.message).toContain("returned null, not an object");
});
