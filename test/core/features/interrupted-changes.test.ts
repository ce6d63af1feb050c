/** A protocol change that is interrupted after its answer, and the errors that `onError` receives. */
import {
  Box,
  Connection,
  encodeBox,
  locator,
  ProtocolSwitchCommand,
  StartTLS,
  type StartTLSTransport,
  type TLSOptions,
} from "ampwire";
import { flushPending, manualClock, memoryTransports, scriptedPeer } from "ampwire/testing";
import { expect, test } from "vitest";

const Switch = new ProtocolSwitchCommand("Switch");

test.each(["destroyed", "timed out"])(
  "a handshake that is %s is not reported as an error of the responder",
  async (how) => {
    const errors: [unknown, string | undefined][] = [];
    const clock = manualClock();
    const { connection, peer } = scriptedPeer(
      {
        locator: locator(StartTLS.responder(() => ({}))),
        onError: (error, { command }) => errors.push([error, command]),
      },
      { fakeTLS: true, clock },
    );
    peer.send({ _ask: "1", _command: "StartTLS" });
    await peer.expect({ _answer: "1" });
    await flushPending();
    if (how === "destroyed") connection.destroy();
    else clock.advance(10_000);
    await connection.closed;
    await flushPending();
    // The timeout is reported as a failure of the peer.
    const timeout = expect.objectContaining({ code: "HANDSHAKE_TIMEOUT" });
    expect(errors).toEqual(how === "destroyed" ? [] : [[timeout, undefined]]);
  },
);

test.each(["StartTLS", "Switch"])(
  "%s begins when everything before it has been taken by the peer",
  async (name) => {
    const [mine, theirs] = memoryTransports({ capacity: 10, fakeTLS: true });
    let begun = false;
    const begin = () => {
      begun = true;
    };
    const prepare = mine.prepareTLS;
    if (prepare === undefined) throw new Error("fakeTLS provides it");
    const watched = {
      prepareTLS: (options: TLSOptions): StartTLSTransport => {
        const start = prepare(options);
        return (...given) => {
          begin();
          return start(...given);
        };
      },
    };
    const connection = new Connection(Object.assign(mine, watched), manualClock(), {
      locator: locator(
        StartTLS.responder(() => ({})),
        Switch.responder(() => ({ protocol: begin })),
      ),
    });
    theirs.pause();
    theirs.start({ received() {}, ended() {}, drained() {}, lost() {} });
    theirs.write(encodeBox(new Box({ _ask: "1", _command: name })));
    await flushPending();
    expect(mine.unsent).toBeGreaterThan(0); // the answer
    expect(begun).toBe(false);
    theirs.resume();
    await flushPending();
    expect(begun).toBe(true);
    connection.destroy();
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
