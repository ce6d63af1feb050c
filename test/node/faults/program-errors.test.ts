/** Receivers, observers and codecs of the program that throw: they cost their connection, and never the process. */
import { type Argument, type BoxReceiver, command, type ErrorContext, locator, type Observer } from "ampwire";
import { type ListenOptions, listen } from "ampwire/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { ourClient, ourServer, rawClient } from "../../support/loopback.ts";
import { RawPeer } from "../../support/raw-peer.ts";
import { until } from "../../support/within.ts";

const HOST = "127.0.0.1";
const Ping = command("Ping");
const Slow = command("Slow", { requiresAnswer: false });
const NOTHING = new Error("thrown by the program");

interface Reported {
  readonly error: unknown;
  readonly about: ErrorContext;
}

function reports() {
  const reported: Reported[] = [];
  const onError: ListenOptions["onError"] = (error, about) => void reported.push({ error, about });
  return { reported, onError };
}

/** A receiver that sends every box back. */
function mirror(broken: Partial<BoxReceiver> = {}): BoxReceiver {
  let send: Parameters<BoxReceiver["startReceivingBoxes"]>[0] | undefined;
  return {
    startReceivingBoxes(sender) {
      send = sender;
    },
    boxReceived: (box) => send?.sendBox(box),
    stopReceivingBoxes() {},
    ...broken,
  };
}

function thrower(): never {
  throw NOTHING;
}
/** An async function, as a JavaScript program may pass it. */
async function rejecting(): Promise<never> {
  throw NOTHING;
}

/** Fails in the process of the test if an error is not handled: vitest reports it. */
async function serverOf(options: Partial<ListenOptions>) {
  const { reported, onError } = reports();
  const server = await listen({ host: HOST, port: 0, onError, ...options });
  onTestFinished(() => server.destroy());
  return { server, port: server.address().port, reported };
}

async function peerOf(port: number): Promise<RawPeer> {
  return new RawPeer(await rawClient(port));
}

describe("listen", () => {
  test("each connection gets a receiver of its own", async () => {
    let made = 0;
    const { port } = await serverOf({
      receiver() {
        made++;
        return mirror();
      },
    });
    const peers = await Promise.all([peerOf(port), peerOf(port), peerOf(port)]);
    for (const [index, peer] of peers.entries()) peer.send({ from: String(index) });
    for (const [index, peer] of peers.entries()) expect(await peer.box()).toEqual({ from: String(index) });
    expect(made).toBe(3);
  });

  test("a receiver object is refused, because all connections would share it", async () => {
    const receiver = mirror() as never; // a JavaScript program may pass it
    await expect(listen({ host: HOST, port: 0, receiver })).rejects.toThrow(
      "the option receiver of listen must be a function that returns a new receiver for each connection",
    );
  });

  test.each<[string, ListenOptions["receiver"]]>([
    ["the function receiver throws", thrower],
    ["startReceivingBoxes throws", () => mirror({ startReceivingBoxes: thrower })],
    ["startReceivingBoxes rejects", () => mirror({ startReceivingBoxes: rejecting })],
  ])("if %s, that connection ends, onError is called, and the server continues", async (_, broken) => {
    let failing = true;
    const { port, reported } = await serverOf({
      receiver: () => (failing ? (broken as () => BoxReceiver)() : mirror()),
    });
    await (await peerOf(port)).closed;
    expect(reported.map(({ error }) => error)).toEqual([NOTHING]);
    failing = false;
    const next = await peerOf(port);
    next.send({ a: "1" });
    expect(await next.box()).toEqual({ a: "1" });
  });

  test.each([
    ["throws", thrower],
    ["rejects", rejecting],
  ])("if boxReceived %s, its connection ends, and onError is called once", async (_, boxReceived) => {
    const { port, reported, server } = await serverOf({ receiver: () => mirror({ boxReceived }) });
    const peer = await peerOf(port);
    peer.send({ a: "1" });
    await peer.closed;
    expect(reported.map(({ error }) => error)).toEqual([NOTHING]);
    expect(reported[0]?.about.connection).toBeDefined();
    await until(() => server.connections.size === 0);
  });

  test.each([
    ["throws", thrower],
    ["rejects", rejecting],
  ])("if stopReceivingBoxes %s, onError is called", async (_, stopReceivingBoxes) => {
    const { port, reported } = await serverOf({ receiver: () => mirror({ stopReceivingBoxes }) });
    const peer = await peerOf(port);
    peer.finish();
    await peer.closed;
    await until(() => reported.length > 0);
    expect(reported[0]?.error).toBe(NOTHING);
  });

  test("an error of onConnection is reported to onError", async () => {
    const { port, reported } = await serverOf({ onConnection: rejecting });
    await (await peerOf(port)).closed;
    expect(reported.map(({ error }) => error)).toEqual([NOTHING]);
  });
});

const METHODS = [
  "connectionOpened",
  "connectionClosed",
  "callStarted",
  "callAnswered",
  "callFailed",
] as const;

describe("an observer", () => {
  test.each([
    ...METHODS.map((method) => [`${method} throws`, { [method]: thrower }] as const),
    ...METHODS.slice(1).map((method) => [`${method} rejects`, { [method]: rejecting }] as const),
    [
      "watchesCalls throws",
      {
        get watchesCalls() {
          return thrower();
        },
      },
    ] as const,
  ])("if %s, its connection ends, onError is called, and the server continues", async (_, methods) => {
    let failing = true;
    const observer = new Proxy<Observer>(
      {},
      { get: (__, name) => (failing ? Reflect.get(methods, name) : undefined) },
    );
    const pings = locator(Ping.responder(() => {}));
    const { port, reported } = await serverOf({ locator: pings, observer });
    const peer = await peerOf(port);
    peer.send({ _ask: "1", _command: "Ping" }, { _ask: "2", _command: "Nothing" });
    peer.finish();
    await peer.closed;
    await until(() => reported.length > 0);
    expect(reported[0]?.error).toBe(NOTHING);
    failing = false;
    const next = await ourClient(port);
    await expect(next.callRemote(Ping)).resolves.toEqual({});
  });
});

test("a codec that throws costs its connection, and onError is called", async () => {
  const broken: Argument<string> = { encode: thrower, decode: thrower };
  const Odd = command("Odd", { arguments: { it: broken } });
  const Wrong = command("Wrong", { response: { it: broken } });
  const responders = locator(
    Odd.responder(() => {}),
    Wrong.responder(() => ({ it: "x" })),
    Slow.responder(() => {}),
  );
  const { server, port, reported } = await serverOf({ locator: responders });
  for (const ask of [
    { _ask: "1", _command: "Odd", it: "x" },
    { _ask: "1", _command: "Wrong" },
    { _command: "Odd", it: "x" },
  ]) {
    const peer = await peerOf(port);
    peer.send(ask);
    await peer.closed;
  }
  await until(() => server.connections.size === 0);
  expect(reported).toHaveLength(3);
  const { port: other } = await ourServer({ locator: locator(Ping.responder(() => {})) });
  await expect((await ourClient(other)).callRemote(Ping)).resolves.toEqual({});
});
