/** boxTimeout to the millisecond, by default and as an option; and the times that do not count. */
import {
  BoxTimeout,
  type ConnectionOptions,
  command,
  DEFAULT_LIMITS,
  type Limits,
  locator,
  unicode,
} from "ampwire";
import { flushPending, manualClock, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { deferred } from "../../support/deferred.ts";
import { ANS, bytesOf, STLS } from "../../support/raw-peer.ts";
import { ended } from "../../support/settled.ts";
import { witness } from "../../support/witness.ts";

const Wait = command("Wait");
/** Wants no answer: while no call waits, this end stops reading if the peer does not read. */
const Tell = command("Tell", { arguments: { text: unicode() }, requiresAnswer: false });

const LIMIT = 10_000;
const limits = { boxTimeout: LIMIT };

const ASK = { _ask: "1", _command: "Mark", text: "slowly" };
const ANSWER = { _answer: "1", text: "slowly" };
const ask = bytesOf(ASK);

function opened(options: ConnectionOptions = {}, capacity?: number) {
  const clock = manualClock();
  const { heard, locator: marks } = witness();
  const joined = scriptedPeer(
    {
      limits,
      ...options,
      locator: locator(marks, ...(options.locator === undefined ? [] : [options.locator])),
    },
    { clock, capacity, fakeTLS: true },
  );
  const pass = async (milliseconds: number) => {
    await flushPending();
    clock.advance(milliseconds);
    await flushPending();
  };
  return { ...joined, clock, heard, pass };
}

describe.each<[string, Partial<Limits>]>([
  ["by default", {}],
  ["as an option", limits],
])("boxTimeout %s", (_, given) => {
  const limit = given.boxTimeout ?? DEFAULT_LIMITS.boxTimeout;

  test("a box whose last byte comes just before the timeout is served", async () => {
    const { clock, connection, heard, pass, peer } = opened({ limits: given });
    await pass(1_000_000); // the time counts only from the first byte
    peer.send(ask.subarray(0, 1));
    await pass(limit - 1);
    peer.send(ask.subarray(1));
    await peer.expect(ANSWER);
    await pass(limit);
    expect(heard).toEqual(["slowly"]);
    expect(connection.state).toBe("open");
    expect(clock.pending).toBe(0);
  });

  test("a box that comes byte by byte closes the connection at the timeout, and not before", async () => {
    const { clock, connection, heard, pass, peer } = opened({ limits: given });
    const bytesInTime = 20;
    for (let byte = 0; byte < bytesInTime; byte++) {
      peer.send(ask.subarray(byte, byte + 1));
      await pass(limit / bytesInTime - (byte === bytesInTime - 1 ? 1 : 0));
    }
    expect(connection.state).toBe("open");
    await pass(1);
    expect(connection.state).toBe("closed");
    await peer.expectEnd();
    peer.send(ask.subarray(bytesInTime));
    peer.end();
    const reason = await ended(connection);
    expect(reason).toBeInstanceOf(BoxTimeout);
    expect(reason).toMatchObject({ code: "BOX_TIMEOUT", fault: "peer" });
    expect(reason.message).toBe(
      `the box at byte 0 did not arrive within the limit boxTimeout (${limit} ms): 20 bytes of it were received`,
    );
    expect(heard).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

test("Infinity disables the timeout: no timer is set", async () => {
  const { clock, connection, pass, peer } = opened({ limits: { boxTimeout: Infinity } });
  peer.send(ask.subarray(0, -1));
  await pass(1e9);
  expect(connection.state).toBe("open");
  expect(clock.pending).toBe(0);
  peer.send(ask.subarray(-1));
  await peer.expect(ANSWER);
});

test("boxes that each come in time never time out, although the stream never pauses between two boxes", async () => {
  const { clock, connection, heard, pass, peer } = opened();
  const count = 20;
  // From the middle of one box to the middle of the next: one box is always incomplete.
  const middle = 20;
  peer.send(ask.subarray(0, middle));
  for (let sent = 0; sent < count; sent++) {
    await pass(LIMIT - 1);
    peer.send(ask.subarray(middle), ask.subarray(0, middle));
    await flushPending();
    expect(clock.pending).toBe(1);
  }
  expect(heard).toHaveLength(count);
  expect(connection.state).toBe("open");
  await pass(LIMIT - 1);
  expect(connection.state).toBe("open");
  await pass(1);
  expect(connection.reason).toBeInstanceOf(BoxTimeout);
  expect(connection.reason?.message).toContain(`the box at byte ${count * ask.length} `);
});

test("a box has all of its time, also if the timer of an earlier box fires between its parts", async () => {
  const { connection, pass, peer } = opened();
  peer.send(ask.subarray(0, 20));
  await pass(0.6 * LIMIT);
  peer.send(ask.subarray(20), ask.subarray(0, 20));
  await pass(0.2 * LIMIT);
  peer.send(ask.subarray(20, 30));
  await pass(0.8 * LIMIT - 1);
  expect(connection.state).toBe("open");
  await pass(1);
  expect(connection.reason).toBeInstanceOf(BoxTimeout);
});

test("whole boxes set no timer, and an idle connection has none", async () => {
  const { clock, pass, peer } = opened();
  peer.send(ASK, ASK);
  await flushPending();
  expect(clock.pending).toBe(0);
  for (let byte = 0; byte < ask.length; byte++) {
    peer.send(ask.subarray(byte, byte + 1));
    await flushPending();
    expect(clock.pending).toBe(1);
  }
  await pass(LIMIT);
  expect(clock.pending).toBe(0);
});

describe("times that do not count", () => {
  test("time does not count while asks are in progress at the limit", async () => {
    const waiting = deferred();
    const wait = Wait.responder(() => waiting.promise);
    const { connection, pass, peer } = opened({
      limits: { ...limits, maxBytesInProgress: 1, pauseTimeout: Infinity },
      locator: locator(wait),
    });
    peer.send({ _ask: "w", _command: "Wait" }, ask.subarray(0, -1));
    await pass(100 * LIMIT);
    waiting.resolve();
    await peer.expect({ _answer: "w" });
    await pass(LIMIT - 1);
    expect(connection.state).toBe("open");
    peer.send(ask.subarray(-1));
    await peer.expect(ANSWER);
  });

  test("time does not count while the peer does not read; the time before that still counts", async () => {
    const { clock, connection, pass, peer } = opened(
      { limits: { ...limits, maxUnsentBytes: 1_000, unsentTimeout: Infinity } },
      100,
    );
    peer.send(ask.subarray(0, -2));
    await pass(LIMIT / 2);
    // A call that the peer does not read: this end stops reading the peer's next bytes.
    peer.transport.pause();
    connection.callRemote(Tell, { text: "x".repeat(5_000) });
    await flushPending();
    peer.send(ask.subarray(-2, -1));
    await pass(100.3 * LIMIT);
    expect(connection.state).toBe("open");
    peer.transport.resume();
    await pass(LIMIT / 2 - 1);
    expect(connection.state).toBe("open");
    await pass(1);
    expect(connection.reason).toBeInstanceOf(BoxTimeout);
    peer.end();
    await ended(connection);
    expect(clock.pending).toBe(0);
  });

  test("time does not count while the peer does not read, even if it sends nothing", async () => {
    const { connection, pass, peer } = opened(
      { limits: { ...limits, maxUnsentBytes: 1_000, unsentTimeout: Infinity } },
      100,
    );
    peer.send(ask.subarray(0, -1));
    await flushPending();
    peer.transport.pause();
    connection.callRemote(Tell, { text: "x".repeat(5_000) });
    await pass(100 * LIMIT);
    expect(connection.state).toBe("open");
    peer.transport.resume();
    await pass(LIMIT);
    expect(connection.reason).toBeInstanceOf(BoxTimeout);
  });

  test("time does not count during a protocol change: a box that began before it has the rest of its time afterwards", async () => {
    const { connection, pass, peer } = opened({ limits: { ...limits, handshakeTimeout: Infinity } });
    const upgrade = connection.startTLS();
    await peer.expect(STLS);
    const answer = bytesOf(ANS);
    peer.send(answer.subarray(0, 5));
    await pass(LIMIT - 1);
    peer.send(answer.subarray(5));
    await pass(100 * LIMIT);
    expect(connection.state).toBe("upgrading");
    await peer.startTLS("responder");
    await upgrade;
    peer.send(ask.subarray(0, 5));
    await pass(LIMIT - 1);
    peer.send(ask.subarray(5));
    await peer.expect(ANSWER);
  });
});

test("no timer is left after the end, whichever end closes", async () => {
  const ends: ((joined: ReturnType<typeof opened>) => void)[] = [
    ({ connection }) => connection.destroy(),
    ({ connection }) => void connection.close(),
    ({ peer }) => peer.end(),
    ({ peer }) => peer.destroy(),
  ];
  for (const end of ends) {
    const joined = opened();
    joined.peer.send(ask.subarray(0, -1));
    await flushPending();
    expect(joined.clock.pending).toBe(1);
    end(joined);
    await flushPending();
    joined.peer.end();
    await ended(joined.connection);
    expect(joined.clock.pending).toBe(0);
  }
});
