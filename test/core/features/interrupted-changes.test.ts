/** A change of protocol that is cut off once it was answered, and what `onError` hears of it. */
import { locator, ProtocolSwitchCommand, StartTLS } from "ampwire";
import { flushPending, manualClock, scriptedPeer } from "ampwire/testing";
import { expect, test } from "vitest";

const Switch = new ProtocolSwitchCommand("Switch");

test.each(["destroyed", "given up at the limit"])(
  "a handshake that is %s is no error of the responder's",
  async (how) => {
    const errors: unknown[] = [];
    const clock = manualClock();
    const { connection, peer } = scriptedPeer(
      { locator: locator(StartTLS.responder(() => ({}))), onError: (error) => errors.push(error) },
      { fakeTLS: true, clock },
    );
    peer.send({ _ask: "1", _command: "StartTLS" });
    await peer.expect({ _answer: "1" });
    await flushPending();
    if (how === "destroyed") connection.destroy();
    else clock.advance(10_000);
    await connection.closed;
    await flushPending();
    expect(errors).toEqual([]);
  },
);

test("a switch whose stream nobody takes is one", async () => {
  const reason = new Error("not me");
  const protocol = () => {
    throw reason;
  };
  const errors: unknown[] = [];
  const { peer } = scriptedPeer({
    locator: locator(Switch.responder(() => ({ protocol }))),
    onError: (error) => errors.push(error),
  });
  peer.send({ _ask: "1", _command: "Switch" });
  await peer.expect({ _answer: "1" });
  await flushPending();
  expect(errors).toEqual([reason]);
});
