/** handshakeTimeout and idleTimeout to the millisecond, with silent peers and with peers that send one byte a second. */
import {
  CallTimeout,
  type ConnectionOptions,
  DEFAULT_LIMITS,
  HandshakeTimeout,
  IdleTimeout,
  type Limits,
  locator,
  StartTLS,
} from "ampwire";
import { flushPending, manualClock, type ScriptedPeer, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { ANS, bytesOf, STLS } from "../../support/raw-peer.ts";
import { causeOf, ended, rejection } from "../../support/settled.ts";
import { Mark, witness } from "../../support/witness.ts";

const SECOND = 1000;
const HOUR = 3600 * SECOND;

function never(): Promise<never> {
  return new Promise(() => {});
}

function opened(options: ConnectionOptions = {}) {
  const clock = manualClock();
  return { clock, ...scriptedPeer(options, { clock, fakeTLS: true }) };
}

async function drip(peer: ScriptedPeer, byte: number, advance: (milliseconds: number) => void) {
  peer.send(Uint8Array.of(byte));
  await flushPending();
  advance(SECOND);
}

describe.each<[string, Partial<Limits>]>([
  ["by default", {}],
  ["as an option", { handshakeTimeout: 7000 }],
])("handshakeTimeout %s", (_, limits) => {
  const limit = limits.handshakeTimeout ?? DEFAULT_LIMITS.handshakeTimeout;

  test("a StartTLS that is never answered fails at the timeout, and not before", async () => {
    const { clock, connection, peer } = opened({ limits });
    const upgrade = rejection(connection.startTLS());
    const held = rejection(connection.callRemote(Mark, { text: "held" }));
    await peer.expect(STLS);
    clock.advance(limit - 1);
    await flushPending();
    expect(connection.state).toBe("upgrading");
    clock.advance(1);
    expect(await upgrade).toBeInstanceOf(HandshakeTimeout);
    const reason = await ended(connection);
    expect(causeOf(await upgrade)).toBe(reason);
    expect(causeOf(await held)).toBe(reason);
    expect(clock.pending).toBe(0);
    expect(peer.unread).toBe(0);
  });

  test.each<[string, ConnectionOptions]>([
    ["a tls function", { tls: never }],
    ["a responder of StartTLS", { locator: locator(StartTLS.responder(never)) }],
  ])(
    "%s that never returns ends the connection of the peer at the timeout, and not before",
    async (_, own) => {
      const errors: unknown[] = [];
      const onError = (error: unknown) => void errors.push(error);
      const { clock, connection, peer } = opened({ limits, onError, ...own });
      peer.send(bytesOf(STLS));
      await flushPending();
      clock.advance(limit - 1);
      await flushPending();
      expect(connection.state).toBe("upgrading");
      clock.advance(1);
      await ended(connection);
      expect(errors).toMatchObject([
        { code: "HANDSHAKE_TIMEOUT", message: expect.stringContaining("this end has not answered") },
      ]);
      expect(clock.pending).toBe(0);
    },
  );

  test("a StartTLS whose answer comes one byte a second fails at the timeout", async () => {
    const { clock, connection, peer } = opened({ limits });
    const upgrade = rejection(connection.startTLS());
    await peer.expect(STLS);
    for (const byte of bytesOf({ ...ANS, filler: "x".repeat(60) }).subarray(0, limit / SECOND))
      await drip(peer, byte, clock.advance);
    expect(await upgrade).toBeInstanceOf(HandshakeTimeout);
    expect(clock.now()).toBe(limit);
    await ended(connection);
    expect(clock.pending).toBe(0);
  });
});

describe("idleTimeout", () => {
  const limits = { idleTimeout: 30 * SECOND };

  test("a peer that connects and sends nothing is closed at the idle timeout, and not before", async () => {
    const { clock, connection } = opened({ limits });
    clock.advance(30 * SECOND - 1);
    await flushPending();
    expect(connection.state).toBe("open");
    clock.advance(1);
    expect(connection.state).toBe("closed");
    clock.advance(HOUR); // so silent a peer does not end its side either
    expect(await ended(connection)).toBeInstanceOf(IdleTimeout);
    expect(clock.pending).toBe(0);
  });

  test("by default an idle connection has no timeout and sets no timer", async () => {
    const { clock, connection } = opened();
    expect(clock.pending).toBe(0);
    clock.advance(100 * HOUR);
    await flushPending();
    expect(connection.state).toBe("open");
  });

  test("thousands of silent connections are all closed at the idle timeout", async () => {
    const clock = manualClock();
    const all = Array.from({ length: 2000 }, () => scriptedPeer({ limits }, { clock }).connection);
    expect(clock.pending).toBe(2000);
    clock.advance(HOUR);
    for (const one of all) expect(await ended(one)).toBeInstanceOf(IdleTimeout);
    clock.advance(HOUR);
    await flushPending();
    expect(clock.pending).toBe(0);
  });
});

test("a box that comes one byte a second occupies no responder, and is served when it is complete", async () => {
  const { heard, locator } = witness();
  const { clock, peer, connection } = opened({ locator, limits: { idleTimeout: 2 * SECOND } });
  const ask = bytesOf({ _ask: "1", _command: "Mark", text: "slowly" });
  for (const byte of ask.subarray(0, -1)) {
    await drip(peer, byte, clock.advance);
    expect(heard).toEqual([]);
  }
  await drip(peer, ask[ask.length - 1] as number, clock.advance);
  await peer.expect({ _answer: "1", text: "slowly" });
  expect(connection.state).toBe("open");
});

test("a call to a peer that answers one byte a second ends at its own timeout, and the late answer is dropped", async () => {
  const { clock, connection, peer } = opened({ callTimeout: 5 * SECOND });
  const call = rejection(connection.callRemote(Mark, { text: "x" }));
  await peer.expect({ _ask: "1", _command: "Mark", text: "x" });
  for (const byte of bytesOf({ ...ANS, text: "x" })) await drip(peer, byte, clock.advance);
  expect(await call).toBeInstanceOf(CallTimeout);
  const next = connection.callRemote(Mark, { text: "y" });
  await peer.expect({ _ask: "2", _command: "Mark", text: "y" });
  peer.send({ _answer: "2", text: "y" });
  expect(await next).toEqual({ text: "y" });
  clock.advance(DEFAULT_LIMITS.boxTimeout); // the timer of the box finds no box
  expect(clock.pending).toBe(0);
});
