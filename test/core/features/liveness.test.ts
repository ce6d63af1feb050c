import {
  Box,
  type BoxReceiver,
  Connection,
  type ConnectionOptions,
  command,
  encodeBox,
  HEARTBEAT_COMMAND,
  HeartbeatTimeout,
  IdleTimeout,
  locator,
  parseBoxes,
  type Transport,
  type TransportReceiver,
} from "ampwire";
import { manualClock } from "ampwire/testing";
import { describe, expect, it } from "vitest";

/** A transport whose other end is the test. */
class Line implements Transport {
  receiver: TransportReceiver | undefined;
  readonly written: Uint8Array[] = [];
  unsent = 0;
  readonly undelivered = 0;
  ended = false;
  destroyed = false;

  start(receiver: TransportReceiver): void {
    this.receiver = receiver;
  }
  write(chunk: Uint8Array): void {
    this.written.push(chunk.slice());
  }
  flushed(): Promise<void> {
    return Promise.resolve();
  }
  pause(): void {}
  resume(): void {}
  end(): void {
    this.ended = true;
  }
  destroy(reason?: Error): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.receiver?.lost(reason);
  }

  say(box: Box): void {
    this.receiver?.received(encodeBox(box));
  }
  heard(): string[] {
    return this.written
      .splice(0)
      .flatMap((bytes) => parseBoxes(bytes).map((box) => box.text("_command") ?? ""));
  }
}

function open(options: ConnectionOptions) {
  const clock = manualClock();
  const line = new Line();
  const connection = new Connection(line, clock, options);
  /** Time passes, and what was to be written is. */
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
  it("asks nothing in plaintext where TLS is required", async () => {
    const { line, connection, pass } = open({ heartbeat, requireTLS: true });
    await pass(10_000);
    expect(line.written).toEqual([]);
    expect(connection.state).toBe("open");
  });

  it("asks a peer that was silent, and any answer is a sign of life", async () => {
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

  it("asks nothing of a peer that is heard of", async () => {
    const { line, pass } = open({ heartbeat });
    for (let i = 0; i < 20; i++) {
      await pass(600);
      line.say(new Box({ _command: "Sum" }));
    }
    expect(line.heard()).toEqual([]);
  });

  it("destroys the connection when there is no sign of life, and calls in progress hear why", async () => {
    const { line, connection, pass, clock } = open({ heartbeat });
    const call = connection.callRemote(command("Sum")).catch((error: unknown) => error);
    await pass(1_000);
    await pass(299);
    expect(line.destroyed).toBe(false);
    await pass(1);
    expect(line.destroyed).toBe(true);
    expect(await connection.closed).toBeInstanceOf(HeartbeatTimeout);
    expect(await call).toMatchObject({ code: "HEARTBEAT_TIMEOUT", fault: "transport" });
    expect(clock.pending).toBe(0);
  });

  it("takes anything for a sign of life, the answer or not", async () => {
    const { line, pass } = open({ heartbeat });
    await pass(1_200);
    line.say(new Box({ _command: "Sum" }));
    await pass(999);
    expect(line.destroyed).toBe(false);
    expect(line.heard()).toEqual([HEARTBEAT_COMMAND]);
  });

  it("counts what the peer takes from us as life", async () => {
    const { line, pass } = open({ heartbeat });
    line.unsent = 500_000;
    await pass(1_000);
    line.unsent = 400_000;
    await pass(300);
    expect(line.destroyed).toBe(false);
    await pass(300);
    expect(line.destroyed).toBe(true);
  });

  it("is not counted among the calls that closing waits for", async () => {
    const { line, connection, pass } = open({ heartbeat });
    await pass(1_000);
    expect(line.heard()).toEqual([HEARTBEAT_COMMAND]);
    void connection.close();
    expect(connection.state).toBe("closed");
    expect(line.ended).toBe(true);
  });

  it("goes on while closing waits for an answer", async () => {
    const { line, connection, pass } = open({ heartbeat });
    void connection.callRemote(command("Sum")).catch(() => {});
    void connection.close();
    await pass(1_300);
    expect(line.destroyed).toBe(true);
  });

  it("asks nothing of a peer that has ended its side", async () => {
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

  it("waits an interval for the answer where no timeout is given", async () => {
    const { line, pass } = open({ heartbeat: { interval: 100 } });
    await pass(199);
    expect(line.destroyed).toBe(false);
    await pass(1);
    expect(line.destroyed).toBe(true);
  });

  it.each([{ interval: 0 }, { interval: Number.NaN }, { interval: 1, timeout: -1 }])(
    "refuses %o",
    (wrong) => {
      expect(() => open({ heartbeat: wrong })).toThrow(RangeError);
    },
  );

  it("refuses to go with a receiver", () => {
    const receiver: BoxReceiver = { startReceivingBoxes() {}, boxReceived() {}, stopReceivingBoxes() {} };
    expect(() => open({ heartbeat, receiver })).toThrow(TypeError);
  });
});

describe("the idle timeout", () => {
  it("gives up a peer from which nothing comes", async () => {
    const { line, connection, pass } = open({ limits: { idleTimeout: 1_000 } });
    await pass(600);
    line.say(new Box({ _command: "Sum" }));
    await pass(999);
    expect(connection.state).toBe("open");
    await pass(1);
    expect(connection.state).toBe("closed");
    line.receiver?.lost();
    expect(await connection.closed).toBeInstanceOf(IdleTimeout);
  });

  it("does not count the time in which we do not read", async () => {
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
      limits: { idleTimeout: 1_000, maxAsksInProgress: 1 },
    });
    line.say(new Box({ _command: "Slow", _ask: "1" }));
    await pass(5_000);
    expect(connection.state).toBe("open");
    answer();
    await new Promise(setImmediate);
    await pass(2_000);
    expect(connection.state).toBe("closed");
  });

  it("is kept off by a heartbeat that is answered", async () => {
    const { line, connection, pass } = open({ heartbeat, limits: { idleTimeout: 1_500 } });
    for (let tag = 1; tag <= 5; tag++) {
      await pass(1_000);
      line.say(unhandled(tag.toString(16)));
    }
    expect(connection.state).toBe("open");
  });
});
