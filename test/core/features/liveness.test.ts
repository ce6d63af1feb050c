import {
  Box,
  type BoxReceiver,
  Connection,
  type ConnectionOptions,
  command,
  HEARTBEAT_COMMAND,
  HeartbeatTimeout,
  IdleTimeout,
  InvalidSignature,
  locator,
  optional,
  StartTLS,
  unicode,
} from "ampwire";
import { flushPending, manualClock, scriptedPeer } from "ampwire/testing";
import { describe, expect, it } from "vitest";
import { Line } from "../../support/line.ts";
import { ended } from "../../support/settled.ts";

function open(options: ConnectionOptions) {
  const clock = manualClock();
  const line = new Line();
  const connection = new Connection(line, clock, options);
  /** Advances the clock and lets pending boxes be written. */
  const pass = async (milliseconds: number) => {
    clock.advance(milliseconds);
    await Promise.resolve();
  };
  return { clock, line, connection, pass };
}

const heartbeat = { interval: 1_000, timeout: 300 };
const unhandled = (tag: string) =>
  new Box({ _error: tag, _error_code: "UNHANDLED", _error_description: "?" });

describe("the heartbeat", () => {
  it("the heartbeat asks nothing in plaintext if TLS is required", async () => {
    const { line, connection, pass } = open({ heartbeat, requireTLS: true });
    await pass(10_000);
    expect(line.written).toEqual([]);
    expect(connection.state).toBe("open");
  });

  it("the heartbeat asks a silent peer, and any answer keeps the connection alive", async () => {
    const { line, connection, pass, clock } = open({ heartbeat });
    await pass(999);
    expect(line.heard()).toEqual([]);
    await pass(1);
    expect(line.heard()).toEqual([HEARTBEAT_COMMAND]);
    line.say(unhandled("1"));
    await pass(999);
    expect(line.heard()).toEqual([]);
    await pass(1);
    expect(line.heard()).toEqual([HEARTBEAT_COMMAND]);
    line.say(new Box({ _answer: "2" }));
    await pass(500);
    expect(connection.state).toBe("open");
    connection.destroy();
    expect(clock.pending).toBe(0);
  });

  it("the heartbeat calls the command that the option names", async () => {
    const Ping = command("Ping", { arguments: { text: optional(unicode()) } });
    const { line, connection, pass } = open({ heartbeat: { ...heartbeat, command: Ping } });
    await pass(1_000);
    expect(line.heard()).toEqual(["Ping"]);
    line.say(new Box({ _answer: "1" }));
    await pass(999);
    expect(connection.state).toBe("open");
  });

  it("the heartbeat sends no command in plaintext that requires TLS", async () => {
    const Ping = command("Ping", { requireTLS: true });
    const { line, connection, pass } = open({ heartbeat: { ...heartbeat, command: Ping } });
    await pass(10_000);
    expect(line.written).toEqual([]);
    expect(connection.state).toBe("open");
  });

  it("a byte restarts the interval, also if the timeout is longer", async () => {
    const { line, connection, pass } = open({ heartbeat: { interval: 100, timeout: 1_000 } });
    await pass(100);
    expect(line.heard()).toEqual([HEARTBEAT_COMMAND]);
    await pass(50);
    line.say(unhandled("1"));
    await pass(100);
    expect(line.heard()).toEqual([HEARTBEAT_COMMAND]);
    await pass(999);
    expect([line.heard(), line.destroyed]).toEqual([[], false]);
    await pass(1);
    expect(line.destroyed).toBe(true);
    expect(connection.state).toBe("closed");
  });

  it("the heartbeat keeps asking if its timeout is Infinity, and sets no timer if its interval is", async () => {
    const asking = open({ heartbeat: { interval: 100, timeout: Number.POSITIVE_INFINITY } });
    for (let tag = 1; tag <= 3; tag++) {
      await asking.pass(100);
      expect(asking.line.heard()).toEqual([HEARTBEAT_COMMAND]);
      asking.line.say(unhandled(`${tag}`));
    }
    await asking.pass(10_000);
    expect(asking.connection.state).toBe("open");
    expect(open({ heartbeat: { interval: Number.POSITIVE_INFINITY } }).clock.pending).toBe(0);
    expect(open({}).clock.pending).toBe(0);
  });

  it("the heartbeat waits for the end of an upgrade, and asks inside TLS", async () => {
    const clock = manualClock();
    const { connection, peer } = scriptedPeer({ heartbeat }, { clock, fakeTLS: true });
    const upgraded = connection.startTLS();
    await peer.expect({ _ask: "1", _command: "StartTLS" });
    clock.advance(5_000);
    await flushPending();
    expect(connection.state).toBe("upgrading");
    peer.send({ _answer: "1" });
    await peer.startTLS("responder");
    await upgraded;
    clock.advance(1_000);
    await peer.expect({ _ask: "2", _command: HEARTBEAT_COMMAND });
  });

  it("the heartbeat refuses a command without an answer or with a required argument", () => {
    const mute = command("Mute", { requiresAnswer: false });
    expect(() => open({ heartbeat: { ...heartbeat, command: mute } })).toThrow(
      new TypeError("heartbeat.command: Mute must have an answer, and must not change the protocol"),
    );
    expect(() => open({ heartbeat: { ...heartbeat, command: StartTLS } })).toThrow(
      new TypeError("heartbeat.command: StartTLS must have an answer, and must not change the protocol"),
    );
    const needy = command("Needy", { arguments: { text: unicode() } });
    expect(() => open({ heartbeat: { ...heartbeat, command: needy } })).toThrow(InvalidSignature);
  });

  it("the heartbeat does not ask a peer that keeps sending", async () => {
    const { line, pass } = open({ heartbeat });
    for (let i = 0; i < 20; i++) {
      await pass(600);
      line.say(new Box({ _command: "Sum" }));
    }
    expect(line.heard()).toEqual([]);
  });

  it("the heartbeat destroys the connection to an unresponsive peer, and calls reject with the reason", async () => {
    const { line, connection, pass, clock } = open({ heartbeat });
    const call = connection.callRemote(command("Sum")).catch((error: unknown) => error);
    await pass(1_000);
    await pass(299);
    expect(line.destroyed).toBe(false);
    await pass(1);
    expect(line.destroyed).toBe(true);
    expect(await ended(connection)).toBeInstanceOf(HeartbeatTimeout);
    expect(await call).toMatchObject({ code: "HEARTBEAT_TIMEOUT", fault: "transport" });
    expect(clock.pending).toBe(0);
  });

  it("the heartbeat counts any received bytes as life, the answer or not", async () => {
    const { line, pass } = open({ heartbeat });
    await pass(1_200);
    line.say(new Box({ _command: "Sum" }));
    await pass(999);
    expect(line.destroyed).toBe(false);
    expect(line.heard()).toEqual([HEARTBEAT_COMMAND]);
  });

  it("the heartbeat counts bytes that the peer reads as life", async () => {
    const { line, pass } = open({ heartbeat });
    line.unsent = 500_000;
    await pass(1_000);
    for (const unsent of [400_000, 300_000]) {
      line.unsent = unsent;
      await pass(300);
      expect(line.destroyed).toBe(false);
    }
    await pass(300);
    expect(line.destroyed).toBe(true);
  });

  it("a heartbeat that the system has taken is no life", async () => {
    const { line, pass } = open({ heartbeat });
    line.taken = 0;
    await pass(1_000);
    line.taken = 50;
    await pass(300);
    expect(line.destroyed).toBe(true);
  });

  it("close() does not wait for the answer to a heartbeat", async () => {
    const { line, connection, pass } = open({ heartbeat });
    await pass(1_000);
    expect(line.heard()).toEqual([HEARTBEAT_COMMAND]);
    void connection.close();
    expect(connection.state).toBe("closed");
    expect(line.ended).toBe(true);
  });

  it("the heartbeat continues while close() waits for an answer", async () => {
    const { line, connection, pass } = open({ heartbeat });
    void connection.callRemote(command("Sum")).catch(() => {});
    void connection.close();
    await pass(1_300);
    expect(line.destroyed).toBe(true);
  });

  it("the heartbeat does not ask a peer that ended its side", async () => {
    let answer = () => {};
    const Slow = command("Slow");
    const slow = Slow.responder(
      () =>
        new Promise<void>((resolve) => {
          answer = resolve;
        }),
    );
    const { line, connection, pass } = open({ heartbeat, locator: locator(slow) });
    line.say(new Box({ _command: "Slow", _ask: "7" }));
    line.receiver?.ended();
    await pass(10_000);
    expect(line.heard()).toEqual([]);
    expect(connection.state).toBe("closing");
    answer();
    await expect.poll(() => line.ended).toBe(true);
  });

  it("the heartbeat waits one interval for the answer if no timeout is given", async () => {
    const { line, pass } = open({ heartbeat: { interval: 100 } });
    await pass(199);
    expect(line.destroyed).toBe(false);
    await pass(1);
    expect(line.destroyed).toBe(true);
  });

  it.each([{ interval: 0 }, { interval: Number.NaN }, { interval: 1, timeout: -1 }])(
    "the heartbeat options %o throw a RangeError",
    (wrong) => {
      expect(() => open({ heartbeat: wrong })).toThrow(RangeError);
    },
  );

  it("the heartbeat cannot be combined with a raw receiver", () => {
    const receiver: BoxReceiver = { startReceivingBoxes() {}, boxReceived() {}, stopReceivingBoxes() {} };
    expect(() => open({ heartbeat, receiver })).toThrow(TypeError);
  });
});

describe("the idle timeout", () => {
  it("the idle timeout closes the connection to a peer that sends nothing", async () => {
    const { line, connection, pass } = open({ limits: { idleTimeout: 1_000 } });
    await pass(600);
    line.say(new Box({ _command: "Sum" }));
    await pass(999);
    expect(connection.state).toBe("open");
    await pass(1);
    expect(connection.state).toBe("closed");
    line.receiver?.lost();
    expect(await ended(connection)).toBeInstanceOf(IdleTimeout);
  });

  it("the idle timeout does not count time in which the connection does not read", async () => {
    let answer = () => {};
    const Slow = command("Slow");
    const slow = Slow.responder(
      () =>
        new Promise<void>((resolve) => {
          answer = resolve;
        }),
    );
    const { line, connection, pass } = open({
      locator: locator(slow),
      limits: { idleTimeout: 1_000, maxBytesInProgress: 1 },
    });
    line.say(new Box({ _command: "Slow", _ask: "1" }));
    await pass(5_000);
    expect(connection.state).toBe("open");
    answer();
    await new Promise(setImmediate);
    await pass(2_000);
    expect(connection.state).toBe("closed");
  });

  it("the idle timeout counts time at the limit on asks while a call of this end waits", async () => {
    const Slow = command("Slow");
    const slow = Slow.responder(() => new Promise<void>(() => {}));
    const { line, connection, pass } = open({
      locator: locator(slow),
      limits: { idleTimeout: 1_000, maxBytesInProgress: 1 },
    });
    line.say(new Box({ _command: "Slow", _ask: "1" }));
    const call = connection.callRemote(Slow).catch((error: unknown) => error);
    await pass(1_000);
    expect(connection.state).toBe("closed");
    expect(await call).toMatchObject({ code: "IDLE_TIMEOUT" });
  });

  it("an answered heartbeat restarts the idle timeout", async () => {
    const { line, connection, pass } = open({ heartbeat, limits: { idleTimeout: 1_500 } });
    for (let tag = 1; tag <= 5; tag++) {
      await pass(1_000);
      line.say(unhandled(tag.toString(16)));
    }
    expect(connection.state).toBe("open");
  });
});
