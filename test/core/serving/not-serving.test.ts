/** A connection that only calls: how it answers the asks of its peer. */
import { manualClock, memoryTransports, ScriptedPeer } from "ampwire/testing";
import { expect, test } from "vitest";
import { BaseConnection } from "../../../src/core/connection/connection.ts";
import { notServing } from "../../../src/core/serving/not-serving.ts";
import { SUM, Sum, TOTAL } from "../calculator.ts";

const REFUSED = { _error_code: "UNHANDLED", _error_description: "nothing is served here" };

function opened() {
  const [transport, other] = memoryTransports();
  const connection = new BaseConnection(transport, manualClock(), {}, notServing, []);
  return { connection, peer: new ScriptedPeer(other) };
}

test("an ask is answered with UNHANDLED, one without a tag is ignored, and calls continue", async () => {
  const { connection, peer } = opened();
  peer.send({ _command: "Sum" }, { _ask: "x", _command: "Sum" });
  await peer.expect({ _error: "x", ...REFUSED });
  const answer = connection.callRemote(Sum, { a: 1, b: 2 });
  await peer.expect(SUM);
  peer.send(TOTAL);
  expect(await answer).toEqual({ total: 3 });
  connection.destroy();
});

test("GoAway is answered, and ends the calls", async () => {
  const { connection, peer } = opened();
  peer.send({ _ask: "g", _command: "ampwire.GoAway" });
  await peer.expect({ _answer: "g" });
  expect(connection.acceptsCalls).toBe(false);
  connection.destroy();
});
