/** A protocol change that is interrupted after its answer, and the errors that `onError` receives. */
import { locator, ProtocolSwitchCommand, StartTLS } from "ampwire";
import { flushPending, manualClock, scriptedPeer } from "ampwire/testing";
import { expect, test } from "vitest";

const Switch = new ProtocolSwitchCommand("Switch");

test.each(["destroyed", "timed out"])(
  "a handshake that is %s is not reported as an error of the responder",
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

test("an error of the new protocol's function is reported as an error of the responder", async () => {
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
