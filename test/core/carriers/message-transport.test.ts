/** `MessageTransport` over the channels of Node: the contract of transports, and calls between threads and processes. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import {
  type Connection,
  ConnectionClosed,
  ConnectionLost,
  LimitExceeded,
  locator,
  type MessageChannelLike,
  type MessageListener,
  MessageTransport,
  type MessageTransportOptions,
  ProtocolError,
  type TransportReceiver,
} from "ampwire";
import { describe, expect, onTestFinished, test } from "vitest";
import { transportContract } from "../../contracts/transport.ts";
import * as commands from "../../support/commands.ts";
import { connectionOver, ipcChannel, portChannel, workerChannel } from "../../support/message-channels.ts";
import { nodeProgram } from "../../support/node-program.ts";
import { ReceiverProbe } from "../../support/receiver-probe.ts";
import { ended, rejection } from "../../support/settled.ts";
import { until } from "../../support/within.ts";

describe("over a MessageChannel", () => {
  transportContract(async (a, b) => pair(a, b));
});

describe("over a MessageChannel, with a buffer of 50,000 bytes", () => {
  transportContract(async (a, b) => pair(a, b, { maxBufferedBytes: 50_000 }));
});

const DATA = 0;
const GRANT = 1;
const END = 2;
const ABORT = 3;

test("a message has a buffer of its own, with nothing else in it", async () => {
  const { port, transport, next } = await withRawPort();
  const chunk = new Uint8Array(1000).fill(0xff).subarray(10, 13);
  transport.write(chunk);
  port.postMessage(Uint8Array.of(GRANT, 0, 0, 0, 2));
  const message = await next();
  expect(message).toEqual(Uint8Array.of(DATA, 0xff, 0xff));
  expect(message.buffer.byteLength).toBe(3);
  expect(chunk.length).toBe(3);
  expect(transport.unsent).toBe(1);
});

test("bytes are sent only after they were granted, and the end after all bytes", async () => {
  const { port, transport, next } = await withRawPort();
  transport.write(Uint8Array.of(1, 2), Uint8Array.of(3));
  transport.end();
  expect(transport.unsent).toBe(3);
  port.postMessage(Uint8Array.of(GRANT, 0, 0, 0, 1));
  expect(await next()).toEqual(Uint8Array.of(DATA, 1));
  expect(transport.unsent).toBe(2);
  port.postMessage(Uint8Array.of(GRANT, 0xff, 0xff, 0xff, 0xff));
  expect([await next(), await next(), await next()]).toEqual([
    Uint8Array.of(DATA, 2),
    Uint8Array.of(DATA, 3),
    Uint8Array.of(END),
  ]);
});

test("a receiver grants what it has delivered, not what it has buffered", async () => {
  const { port, transport, probe, next } = await withRawPort({ maxBufferedBytes: 10 });
  transport.pause();
  port.postMessage(new Uint8Array(11));
  port.postMessage(Uint8Array.of(END));
  await until(() => transport.undelivered >= 10);
  transport.resume();
  expect(await next()).toEqual(Uint8Array.of(GRANT, 0, 0, 0, 10));
  await probe.event("ended");
});

test("a peer that sends more than it was granted loses the connection with LimitExceeded", async () => {
  const { port, transport, probe, next } = await withRawPort({ maxBufferedBytes: 10 });
  transport.pause();
  port.postMessage(new Uint8Array(12));
  await probe.event("lost");
  expect(probe.reasons[0]).toBeInstanceOf(LimitExceeded);
  expect(probe.reasons[0]).toMatchObject({
    code: "LIMIT_EXCEEDED",
    message: "11 bytes came while reading was paused: the limit is maxBufferedBytes",
  });
  expect(await next()).toEqual(Uint8Array.of(ABORT));
});

test.each<[string, unknown]>([
  ["text", "hello"],
  ["an object", { bytes: 5 }],
  ["an empty message", new Uint8Array(0)],
  ["an unknown kind", Uint8Array.of(9)],
  ["a grant that is too short", Uint8Array.of(GRANT, 0, 0)],
])("%s closes the connection with ProtocolError", async (_, message) => {
  const { port, probe } = await withRawPort();
  const closed = once(port, "close");
  port.postMessage(message);
  await probe.event("lost");
  expect(probe.heard).toEqual(["lost"]);
  expect(probe.reasons[0]).toBeInstanceOf(ProtocolError);
  await closed;
});

test("a message that is not bytes is shown in the error, with the option that an IPC channel needs", async () => {
  const { port1, port2 } = new MessageChannel();
  const connection = connectionOver(portChannel(port1), { onError() {} });
  // The IPC channel of a child process delivers such an object without the option.
  port2.postMessage(JSON.parse(JSON.stringify(Uint8Array.of(0, 1))));
  expect((await connection.closed).message).toBe(
    "a message did not come from a MessageTransport: it was an object (Object), not bytes (use a MessageTransport at both " +
      'ends; the IPC channel of a child process needs the option serialization: "advanced")',
  );
  port2.close();
});

test("bytes after the peer's end close the connection with ProtocolError", async () => {
  const { port, probe } = await withRawPort();
  port.postMessage(Uint8Array.of(END));
  port.postMessage(Uint8Array.of(DATA, 1));
  await probe.event("lost");
  expect(probe.heard).toEqual(["ended", "lost"]);
  expect(probe.reasons[0]).toBeInstanceOf(ProtocolError);
});

test("an ArrayBuffer is a message like a Uint8Array", async () => {
  const { port, probe } = await withRawPort();
  port.postMessage(Uint8Array.of(DATA, 1, 2).buffer);
  expect(await probe.bytes(2)).toEqual(Buffer.of(1, 2));
});

test("a channel that closes without an end is a loss", async () => {
  const { port, probe } = await withRawPort();
  port.close();
  await probe.event("lost");
  expect(probe.heard).toEqual(["lost"]);
  expect(probe.reasons[0]).toBeInstanceOf(ConnectionLost);
  expect(probe.reasons[0]?.message).toBe("the message channel was closed");
});

test("a peer is told that the transport was destroyed", async () => {
  const probes = [new ReceiverProbe(), new ReceiverProbe()] as const;
  const [a] = pair(...probes);
  a.destroy();
  await probes[1].event("lost");
  expect(probes[1].heard).toEqual(["lost"]);
  expect(probes[1].reasons[0]?.message).toBe("the peer destroyed the connection");
});

describe("over a channel that the test plays", () => {
  test("start() grants the whole maxBufferedBytes, rounded down to bytes that a message can name", () => {
    for (const [maxBufferedBytes, grant] of [
      [undefined, [0, 4, 0, 0]],
      [1, [0, 0, 0, 1]],
      [1.9, [0, 0, 0, 1]],
      [0x01020304, [1, 2, 3, 4]],
      [2 ** 32, [255, 255, 255, 255]],
      [Number.POSITIVE_INFINITY, [255, 255, 255, 255]],
    ] as const)
      expect(overTestChannel({ maxBufferedBytes }).sent).toEqual([[GRANT, ...grant]]);
  });

  test("a receiver grants bytes when it has delivered half of maxBufferedBytes, and then counts from zero", () => {
    const { receive, take } = overTestChannel({ maxBufferedBytes: 10 });
    take();
    receive(DATA, 1, 2, 3, 4);
    expect(take()).toEqual([]);
    receive(DATA, 5);
    expect(take()).toEqual([[GRANT, 0, 0, 0, 5]]);
    receive(DATA, 6, 7, 8, 9);
    expect(take()).toEqual([]);
    receive(DATA, 10, 11);
    expect(take()).toEqual([[GRANT, 0, 0, 0, 6]]);
  });

  test("a message has at most 64 KiB of the stream, and the rest of a chunk follows", () => {
    const { receive, sent, transport } = overTestChannel();
    transport.write(new Uint8Array(64 * 1024), new Uint8Array(0), new Uint8Array(64 * 1024 + 1).fill(7));
    expect(transport.unsent).toBe(128 * 1024 + 1);
    receive(GRANT, 0, 1, 0, 1);
    expect(transport.unsent).toBe(64 * 1024);
    receive(GRANT, 1, 0, 0, 0);
    const data = sent.filter(([kind]) => kind === DATA);
    expect(data.map(({ length }) => length - 1)).toEqual([65_536, 1, 65_536]);
    expect(data.map((message) => message.at(-1))).toEqual([0, 7, 7]);
    expect(transport.unsent).toBe(0);
  });

  test("grants add up, and drained() is called when the last of them lets all bytes go", () => {
    const { receive, probe, take, transport } = overTestChannel();
    receive(GRANT, 0, 0, 0, 2);
    receive(GRANT, 0, 0, 0, 1);
    expect(probe.drains).toBe(0);
    take();
    transport.write(Uint8Array.of(1, 2, 3, 4, 5));
    expect(take()).toEqual([[DATA, 1, 2, 3]]);
    receive(GRANT, 0, 0, 0, 1);
    expect([take(), probe.drains]).toEqual([[[DATA, 4]], 0]);
    receive(GRANT, 0, 0, 0, 1);
    expect([take(), probe.drains]).toEqual([[[DATA, 5]], 1]);
    receive(GRANT, 0, 0, 0, 9);
    expect(probe.drains).toBe(1);
  });

  test("a wrong message, and data after the peer's end, destroy the transport and close the channel once", () => {
    for (const messages of [[[GRANT, 0, 0, 0, 1, 0]], [[9, 0, 0, 0, 1]], [[]], [[END], [DATA, 1]]]) {
      const { receive, probe, take, closes } = overTestChannel();
      take();
      for (const message of messages) receive(...message);
      expect(take()).toEqual([[ABORT]]);
      expect(probe.reasons[0]).toBeInstanceOf(ProtocolError);
      receive(9);
      expect([take(), closes()]).toEqual([[], 1]);
      expect(probe.heard.filter((event) => event === "lost")).toHaveLength(1);
    }
  });

  test("the channel is closed once, when both ends have ended", () => {
    for (const first of ["this end", "the peer"]) {
      const { receive, probe, take, transport, closes } = overTestChannel();
      take();
      if (first === "this end") transport.end();
      receive(END);
      expect([probe.heard, closes()]).toEqual(first === "this end" ? [["ended", "lost"], 1] : [["ended"], 0]);
      transport.end();
      transport.end();
      expect(take()).toEqual([[END]]);
      expect([probe.heard, probe.reasons, closes()]).toEqual([["ended", "lost"], [undefined], 1]);
      transport.destroy();
      expect([take(), closes()]).toEqual([[], 1]);
    }
  });

  test("bytes that are written after end() are dropped, and those before it are sent first", () => {
    const { receive, take, transport } = overTestChannel();
    take();
    transport.write(Uint8Array.of(1));
    transport.end();
    transport.write(Uint8Array.of(2));
    expect([take(), transport.unsent]).toEqual([[], 1]);
    receive(GRANT, 0, 0, 0, 9);
    expect(take()).toEqual([[DATA, 1], [END]]);
    receive(GRANT, 0, 0, 0, 9);
    transport.end();
    expect(take()).toEqual([]);
  });

  test("destroy() tells the peer, closes the channel and leaves nothing unsent", () => {
    const { receive, take, transport, closes } = overTestChannel();
    take();
    transport.write(Uint8Array.of(1));
    transport.destroy();
    expect([take(), closes(), transport.unsent]).toEqual([[[ABORT]], 1, 0]);
    receive(GRANT, 0, 0, 0, 9);
    receive(END);
    transport.write(Uint8Array.of(2));
    transport.end();
    expect([take(), closes()]).toEqual([[], 1]);
  });

  test("a peer that destroys its transport is a loss, and the channel is closed without an answer", () => {
    const { receive, probe, take, transport, closes } = overTestChannel();
    take();
    transport.write(Uint8Array.of(1));
    receive(ABORT);
    expect(probe.reasons[0]?.message).toBe("the peer destroyed the connection");
    receive(GRANT, 0, 0, 0, 9);
    expect([take(), closes(), transport.unsent]).toEqual([[], 1, 0]);
  });

  test("an error with which the channel closes is the reason of the loss, and the channel is not used again", async () => {
    for (const [reason, message] of [
      [new Error("the worker failed"), "the worker failed"],
      [{ type: "close" }, "the message channel was closed"],
    ] as const) {
      const { receive, closed, probe, take, transport, closes } = overTestChannel();
      take();
      transport.pause();
      transport.write(Uint8Array.of(1));
      closed(reason);
      closed(new Error("a later one"));
      receive(GRANT, 0, 0, 0, 9);
      receive(DATA, 1);
      receive(END);
      expect([transport.unsent, transport.undelivered]).toEqual([0, 0]);
      transport.end();
      transport.resume();
      await turn();
      expect(probe.heard).toEqual(["lost"]);
      expect(probe.reasons.map((error) => error?.message)).toEqual([message]);
      expect([take(), closes()]).toEqual([[], 0]);
    }
  });
});

test("a channel that reports its end after the transport has closed it does not change the reason", async () => {
  const destroyed = overTestChannel();
  destroyed.transport.destroy();
  const ended = overTestChannel();
  ended.transport.pause();
  ended.transport.end();
  ended.receive(END);
  for (const { closed, transport, probe } of [destroyed, ended]) {
    closed(new Error("closed"));
    transport.resume();
    await turn();
    expect(probe.reasons).toEqual([undefined]);
  }
});

test("a channel that has reported its end is not closed", () => {
  const { closed, closes, transport } = overTestChannel();
  transport.pause();
  closed(undefined);
  transport.destroy();
  expect(closes()).toBe(0);
});

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["null", null],
  ["a channel without listen", { send() {}, close() {} }],
])("%s is refused as a channel", (_, channel) => {
  // A program in JavaScript may pass anything.
  expect(() => new MessageTransport(channel as MessageChannelLike)).toThrow(
    "MessageTransport: a channel is needed, with the methods send, listen and close",
  );
});

/** Two ends of a channel, each of which delivers within `send` of the other. */
function synchronousChannels(): [MessageChannelLike, MessageChannelLike] {
  const listeners: MessageListener[] = [];
  const early: Uint8Array[][] = [[], []];
  const end = (index: 0 | 1): MessageChannelLike => ({
    listen(listener) {
      listeners[index] = listener;
      for (const message of early[index]?.splice(0) ?? []) listener.message(message);
    },
    send(message) {
      const listener = listeners[1 - index];
      if (listener === undefined) early[1 - index]?.push(message);
      else listener.message(message);
    },
    close() {
      for (const listener of listeners) listener.closed();
    },
  });
  return [end(0), end(1)];
}

describe("a channel that delivers within send", () => {
  test("a stream of 16,000 grants does not exceed the stack, and arrives in order", async () => {
    const [a, b] = synchronousChannels();
    const sender = new MessageTransport(a);
    const probe = new ReceiverProbe();
    sender.start(new ReceiverProbe());
    new MessageTransport(b, { maxBufferedBytes: 64 }).start(probe);
    const bytes = Uint8Array.from({ length: 500_000 }, (_, index) => index % 251);
    sender.write(bytes);
    await sender.flushed();
    expect(probe.all.equals(bytes)).toBe(true);
    sender.destroy();
  });

  test("calls in both directions are answered, and the close is orderly", async () => {
    const [a, b] = synchronousChannels();
    const options = { locator: SERVING.locator };
    const [one, other] = [connectionOver(a, options), connectionOver(b, options)];
    const sums = [one, other, one].map((end) => end.callRemote(commands.Sum, { a: 1n, b: 2n }));
    expect(await Promise.all(sums)).toEqual([{ total: 3n }, { total: 3n }, { total: 3n }]);
    await one.close();
    expect(await ended(other)).toBeInstanceOf(ConnectionClosed);
  });
});

describe("a channel that fails", () => {
  const granted = Uint8Array.of(GRANT, 0, 1, 0, 0);

  /** A channel that throws when it is to send a message of a kind. */
  function failing(kind: number) {
    let listener: MessageListener | undefined;
    const channel = {
      closed: 0,
      listen(it: MessageListener) {
        listener = it;
      },
      send([sent]: Uint8Array) {
        if (sent === kind) throw new Error("no more");
      },
      close() {
        channel.closed++;
        throw new Error("not closed either");
      },
    };
    return { channel, deliver: (message: Uint8Array) => listener?.message(message) };
  }

  test("a call over a channel that cannot send rejects with ConnectionLost, and the channel is closed", async () => {
    const { channel, deliver } = failing(DATA);
    const connection = connectionOver(channel);
    deliver(granted);
    const error = await rejection(connection.callRemote(commands.Sum, { a: 1n, b: 2n }));
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error.message).toBe("Sum: the message channel could not send: no more");
    expect(await connection.closed).toMatchObject({ cause: new Error("no more") });
    expect(channel.closed).toBe(1);
  });

  test("a channel that cannot send the first grant ends the connection", async () => {
    const connection = connectionOver(failing(GRANT).channel);
    expect((await connection.closed).message).toBe("the message channel could not send: no more");
  });

  test.each([
    ["end", END],
    ["abort", ABORT],
  ])("destroy() ends a connection whose channel cannot send the %s", async (_, kind) => {
    const { channel, deliver } = failing(kind);
    const connection = connectionOver(channel);
    deliver(granted);
    connection.destroy(new Error("enough"));
    expect(await connection.closed).toEqual(new Error("enough"));
    expect(channel.closed).toBe(1);
  });
});

test("options that are not an object are refused", () => {
  const { port1 } = new MessageChannel();
  const options = 5 as unknown as MessageTransportOptions; // a program in JavaScript may pass anything
  expect(() => new MessageTransport(portChannel(port1), options)).toThrow(/the options must be an object/);
});

test("an unknown option is refused", () => {
  const { port1 } = new MessageChannel();
  const options = { maxBuffered: 5 } as MessageTransportOptions; // a program in JavaScript may pass anything
  expect(() => new MessageTransport(portChannel(port1), options)).toThrow(
    new TypeError('MessageTransport: unknown option "maxBuffered" (did you mean "maxBufferedBytes"?)'),
  );
});

test.each([0, 0.5, -1, Number.NaN, "5"])("maxBufferedBytes %j is refused", (value) => {
  const { port1 } = new MessageChannel();
  const maxBufferedBytes = value as number; // a program in JavaScript may pass anything
  expect(() => new MessageTransport(portChannel(port1), { maxBufferedBytes })).toThrow(
    new RangeError(
      `maxBufferedBytes must be a number of at least 1, not ${value === "5" ? '"5"' : String(value)}`,
    ),
  );
});

test("maxBufferedBytes may be Infinity", async () => {
  const probe = new ReceiverProbe();
  const [a] = pair(new ReceiverProbe(), probe, { maxBufferedBytes: Number.POSITIVE_INFINITY });
  a.write(new Uint8Array(1_000_000));
  await probe.bytes(1_000_000);
});

describe.each<[string, () => Promise<Connection>]>([
  ["a MessagePort", overPort],
  ["a worker", overWorker],
  ["the IPC channel of a child process", overChild],
])("over %s", (_, open) => {
  test("both ends call, also with large values and out of turn", async () => {
    const connection = await open();
    const data = new Uint8Array(500_000).map((_, index) => index);
    const slow = connection.callRemote(commands.Slow, { milliseconds: 20 });
    const callingBack = connection.callRemote(commands.CallBack, { n: 50n });
    const sums = Array.from({ length: 200 }, (_, a) =>
      connection.callRemote(commands.Sum, { a: BigInt(a), b: 1n }),
    );
    const large = await connection.callRemote(commands.EchoBig, { text: "z".repeat(300_000), data });
    expect(Buffer.compare(large.data, data)).toBe(0);
    expect((await Promise.all(sums)).map(({ total }) => total)).toEqual(sums.map((_, a) => BigInt(a + 1)));
    expect(await callingBack).toEqual({ total: 50n * 49n });
    await slow;
  });

  test("close waits for calls in progress, then both ends are closed", async () => {
    const connection = await open();
    const answer = connection.callRemote(commands.EchoBig, { text: "last", data: new Uint8Array(600_000) });
    await connection.close();
    expect((await answer).text).toBe("last");
    expect(await ended(connection)).toBeInstanceOf(ConnectionClosed);
  });
});

test("a worker that exits is a loss", async () => {
  const { worker, connection } = await startWorker();
  await connection.callRemote(commands.Sum, { a: 1n, b: 1n });
  const call = expect(connection.callRemote(commands.Slow, { milliseconds: 60_000 })).rejects.toThrow(
    ConnectionLost,
  );
  await worker.terminate();
  await call;
  expect((await ended(connection)).message).toBe("the message channel was closed");
});

const SERVING = { locator: locator(commands.Sum.responder(({ a, b }) => ({ total: a + b }))) };

async function overPort(): Promise<Connection> {
  const { port1, port2 } = new MessageChannel();
  const { peerLocator } = await import("../../support/responders.ts");
  const ends = [
    connectionOver(portChannel(port1), SERVING),
    connectionOver(portChannel(port2), { locator: peerLocator() }),
  ];
  onTestFinished(async () => {
    for (const end of ends) end.destroy();
    await Promise.all(ends.map(({ closed }) => closed));
  });
  return ends[0] as Connection; // there are two
}

async function overWorker(): Promise<Connection> {
  return (await startWorker()).connection;
}

async function startWorker() {
  const worker = new Worker(await nodeProgram("message-peer"));
  const exited = once(worker, "exit");
  const connection = connectionOver(workerChannel(worker), SERVING);
  onTestFinished(async () => {
    await connection.close();
    await exited; // by itself, since its port is closed
  });
  return { worker, connection };
}

async function overChild(): Promise<Connection> {
  const child = fork(await nodeProgram("message-peer"), { serialization: "advanced", execArgv: [] });
  const exited = once(child, "exit");
  onTestFinished(() => void child.kill("SIGKILL"));
  const connection = connectionOver(ipcChannel(child), SERVING);
  onTestFinished(async () => {
    await connection.close();
    expect(await exited).toEqual([0, null]);
  });
  return connection;
}

function pair(
  a: TransportReceiver,
  b: TransportReceiver,
  options?: MessageTransportOptions,
): readonly [MessageTransport, MessageTransport] {
  const { port1, port2 } = new MessageChannel();
  return [started(port1, a, options), started(port2, b, options)];
}

function started(
  port: MessagePort,
  receiver: TransportReceiver,
  options?: MessageTransportOptions,
): MessageTransport {
  const transport = new MessageTransport(portChannel(port), options);
  transport.start(receiver);
  return transport;
}

/** Waits until the calls that are due are made. */
const turn = () => new Promise(setImmediate);

/** A transport over a channel whose other end the test plays. */
function overTestChannel(options?: MessageTransportOptions) {
  const sent: number[][] = [];
  let closes = 0;
  let listener: MessageListener | undefined;
  const channel: MessageChannelLike = {
    listen(given) {
      listener = given;
    },
    send: (message) => void sent.push([...message]),
    close: () => void closes++,
  };
  const transport = new MessageTransport(channel, options);
  const probe = new ReceiverProbe();
  transport.start(probe);
  return {
    transport,
    probe,
    sent,
    receive: (...message: readonly number[]) => listener?.message(Uint8Array.from(message)),
    closed: (reason: unknown) => listener?.closed(reason),
    closes: () => closes,
    /** Returns the messages that were sent since the last call. */
    take: () => sent.splice(0),
  };
}

/** A transport, and a bare port at the other end. The first message to that port, the grant, has been read. */
async function withRawPort(options?: MessageTransportOptions) {
  const { port1, port2: port } = new MessageChannel();
  const probe = new ReceiverProbe();
  const messages: Uint8Array[] = [];
  port.on("message", (message: Uint8Array) => messages.push(message));
  const transport = started(port1, probe, options);
  onTestFinished(async () => {
    transport.destroy();
    port.close();
    await probe.event("lost");
  });
  const next = async () => {
    await until(() => messages.length > 0);
    return messages.shift() as Uint8Array; // there is one
  };
  const granted = await next();
  expect(granted[0]).toBe(GRANT);
  return { port, transport, probe, next };
}
