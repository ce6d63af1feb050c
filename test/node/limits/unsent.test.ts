/** unsentTimeout at real sockets: a peer that reads a large value slowly, and one that reads nothing. */
import { bigBytes, command, type HeartbeatOptions, UnsentTimeout } from "ampwire";
import { manualClock } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { attached } from "../../support/loopback.ts";
import { ANS, type RawPeer, STLS } from "../../support/raw-peer.ts";
import { causeOf, ended, rejection } from "../../support/settled.ts";

/** More bytes than the peer reads in three steps and the buffers of the system take, which may be 8 MiB. */
const VALUE = 20 * 1024 * 1024;
const STEP = 3 * 1024 * 1024;
const Put = command("Put", { arguments: { data: bigBytes({ maxBytes: VALUE }) } });

async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

/** A connection that sends a large value to a peer that does not read yet. */
async function sending(secure: boolean, heartbeat?: HeartbeatOptions) {
  const clock = manualClock();
  const joined = await attached("server", {
    clock,
    heartbeat,
    limits: { unsentTimeout: 1000, maxUnsentBytes: 2 * VALUE },
  });
  const { connection } = joined;
  let peer: RawPeer = joined.peer;
  if (secure) {
    peer.send(STLS);
    expect(await peer.box()).toEqual(ANS);
    peer = await peer.secure();
    while (!connection.secure) await turns();
  }
  peer.socket.pause();
  const call = rejection(connection.callRemote(Put, { data: new Uint8Array(VALUE) }));
  await turns();
  return { clock, connection, peer, call };
}

describe.each([
  ["in plaintext", false],
  ["inside TLS", true],
])("%s", (_, secure) => {
  test.each([
    ["by default", undefined, 5],
    ["with a heartbeat", { interval: 900 }, 3], // later the peer would have to answer
  ])("a peer that reads a large value slowly keeps the connection %s", async (__, heartbeat, steps) => {
    const { clock, connection, peer } = await sending(secure, heartbeat);
    let read = 0;
    // The system takes more only when a third of its buffer is free, so the peer reads a few megabytes in each step.
    for (let step = 0; step < steps && connection.reason === undefined; step++) {
      const until = Math.min(VALUE, read + STEP);
      while (read < until) {
        const chunk: Buffer | null = peer.socket.read();
        read += chunk?.length ?? 0;
        if (chunk === null) await turns(1);
      }
      // The system moves the bytes on its own; on a busy machine that takes some milliseconds.
      for (let wait = 0; wait < 30; wait++) await new Promise((resolve) => setTimeout(resolve, 1));
      clock.advance(900);
    }
    expect(connection.reason).toBeUndefined();
    expect(read).toBeGreaterThanOrEqual(steps * STEP);
  });

  test("a peer that reads nothing loses the connection after unsentTimeout", async () => {
    const { clock, connection, call } = await sending(secure);
    clock.advance(999);
    expect(connection.reason).toBeUndefined();
    clock.advance(1);
    expect(await ended(connection)).toBeInstanceOf(UnsentTimeout);
    expect(causeOf(await call)).toBe(await ended(connection));
  });
});
