/** A peer that disconnects while this end does not read, on real sockets: this end notices it, and the signals of responders abort. */
import type { Socket } from "node:net";
import { type ConnectionOptions, command, locator } from "ampwire";
import type { NodeConnection } from "ampwire/node";
import { flushPending, manualClock } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { ours } from "../../support/loopback.ts";
import { ANS, type RawPeer, STLS } from "../../support/raw-peer.ts";
import { until } from "../../support/within.ts";

const Wait = command("Wait");

/** The ways in which a peer goes. */
const ENDS: readonly (readonly [string, (state: State) => void])[] = [
  ["ends its side (FIN)", ({ peer }) => peer.finish()],
  ["resets the connection (RST)", ({ socket }) => void socket.resetAndDestroy()],
  ["closes the socket", ({ peer }) => void peer.socket.destroy()],
];

interface Running {
  readonly signal: AbortSignal;
  readonly finish: () => void;
}

interface State {
  readonly connection: NodeConnection;
  readonly peer: RawPeer;
  /** The peer's socket below TLS. */
  readonly socket: Socket;
  readonly running: readonly Running[];
  /** Lets time pass until the signal of the first responder aborts, and returns the milliseconds. */
  readonly noticedAfter: () => Promise<number>;
}

/** A server's connection that runs responders, with some more asks that wait. */
async function running(secure: boolean, asks: number, options: ConnectionOptions): Promise<State> {
  const clock = manualClock();
  const found: Running[] = [];
  const wait = Wait.responder(
    // On Node every signal is an AbortSignal.
    (_, { signal }) => new Promise<void>((finish) => found.push({ signal: signal as AbortSignal, finish })),
  );
  const { tls: _none, ...rest } = options;
  const joined = await ours("server", { ...rest, clock, locator: locator(wait) });
  let peer: RawPeer = joined.peer;
  if (secure) {
    peer.send(STLS);
    expect(await peer.box()).toEqual(ANS);
    peer = await peer.secure();
  }
  peer.send(...Array.from({ length: asks }, (_, i) => ({ _ask: String(i + 1), _command: "Wait" })));
  await until(() => found.length > 0);
  await flushPending();
  const noticedAfter = async () => {
    const from = clock.now();
    while (!found[0]?.signal.aborted) {
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
      if (found[0]?.signal.aborted) break;
      if (clock.now() - from > 10_000) throw new Error("the lost peer was not noticed within 10 s");
      clock.advance(250);
    }
    return clock.now() - from;
  };
  return { connection: joined.connection, peer, socket: joined.peer.socket, running: found, noticedAfter };
}

const STATES: readonly (readonly [string, number, ConnectionOptions["limits"]])[] = [
  ["reading", 1, {}],
  ["at maxAsksInProgress", 2, { maxAsksInProgress: 2 }],
  ["over maxAsksInProgress", 40, { maxAsksInProgress: 2 }],
];

describe.each([
  ["in plaintext", false],
  ["inside TLS", true],
])("%s", (_, secure) => {
  describe.each(ENDS)("a peer that %s", (__, end) => {
    test.each(STATES)("aborts context.signal within two seconds, %s", async (___, asks, limits) => {
      const state = await running(secure, asks, { limits });
      const { connection, noticedAfter, running: found } = state;
      end(state);
      expect(await noticedAfter()).toBeLessThanOrEqual(2000);
      while (connection.reason === undefined) {
        for (const { finish } of found) finish(); // queued asks begin when others have finished
        await new Promise(setImmediate);
      }
    });

    test("aborts context.signal within two seconds after close() was called", async () => {
      const state = await running(secure, 3, { limits: { maxAsksInProgress: 2 } });
      const { connection, noticedAfter, running: found } = state;
      void connection.close();
      end(state);
      expect(await noticedAfter()).toBeLessThanOrEqual(2000);
      for (const { finish } of found) finish();
    });
  });

  test("with finishHalfClosed a peer that ends its side still receives the answers, without an abort", async () => {
    const { peer, running: found } = await running(secure, 2, {
      limits: { maxAsksInProgress: 2 },
      finishHalfClosed: true,
    });
    peer.finish();
    await flushPending();
    expect(found[0]?.signal.aborted).toBe(false);
    for (const { finish } of found) finish();
    expect([await peer.box(), await peer.box()]).toEqual([{ _answer: "1" }, { _answer: "2" }]);
    expect(await peer.box()).toBeUndefined();
  });

  test("a peer that goes while queued asks are over maxBytesInProgress is noticed after pauseTimeout", async () => {
    const { connection, peer, noticedAfter } = await running(secure, 20_000, {
      limits: { maxAsksInProgress: 1, maxBytesInProgress: 2000, pauseTimeout: 5000 },
    });
    peer.finish();
    expect(await noticedAfter()).toBeLessThanOrEqual(7000);
    expect(connection.reason?.message).toContain("pauseTimeout");
  });
});
