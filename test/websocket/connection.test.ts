/** Connections over WebSockets: calls both ways, messages, TLS and connecting. */
import { type AddressInfo, createServer } from "node:net";
import {
  BoxReader,
  type BoxReceiver,
  CallTimeout,
  ConnectFailed,
  ConnectionClosed,
  ConnectionLost,
  command,
  type ErrorContext,
  LimitExceeded,
  locator,
  ProtocolError,
  StartTLS,
  TLSNotAvailable,
  TLSRequired,
  UnsentTimeout,
  unicode,
} from "ampwire";
import { byteByByte, flushPending, manualClock } from "ampwire/testing";
import { attach, chooseProtocol, connect, SUBPROTOCOL } from "ampwire/websocket";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { platformClock } from "../../src/core/platform-clock.ts";
import { calculator, Divide, Note, SUM, Sum, summing, Wait, ZeroDivisionError } from "../core/calculator.ts";
import { bytesOf, textOf } from "../support/raw-peer.ts";
import { causeOf, ended, rejection } from "../support/settled.ts";
import {
  likeABrowser,
  ourWebSocketClient,
  ourWebSocketServer,
  sockets,
  webSocketPair,
  webSocketServer,
  withRawSocket,
} from "../support/websockets.ts";
import { event, within } from "../support/within.ts";

const Secret = command("Secret", { response: { word: unicode() }, requireTLS: true });

describe("starting a connection", () => {
  test("an exception in the receiver rejects connect and closes the WebSocket", async () => {
    const { server, url } = await webSocketServer();
    const receiver: BoxReceiver = {
      startReceivingBoxes() {
        throw new RangeError("not today");
      },
      boxReceived() {},
      stopReceivingBoxes() {},
    };
    const accepted = event(server, "connection");
    await expect(within(connect(url, { WebSocket, receiver }), "connect()")).rejects.toThrow("not today");
    const [socket] = await accepted;
    if (socket.readyState !== WebSocket.CLOSED) await event(socket, "close");
  });
});

describe("calls", () => {
  test("both ends call, also from inside a responder", async () => {
    const asked = calculator();
    const Twice = command("Twice", { arguments: { text: unicode() }, response: { text: unicode() } });
    const { client, server } = await webSocketPair(
      {
        locator: locator(
          Twice.responder(async ({ text }, { connection }) => {
            const { total } = await connection.callRemote(Sum, { a: 1, b: 1 });
            return { text: text.repeat(total) };
          }),
        ),
      },
      { locator: asked.locator },
    );
    expect(await client.callRemote(Twice, { text: "ab" })).toEqual({ text: "abab" });
    expect(await server.callRemote(Sum, { a: 13, b: 81 })).toEqual({ total: 94 });
    server.callRemote(Note, { text: "no answer" });
    await server.callRemote(Sum, { a: 1, b: 1 });
    expect(asked.notes).toEqual(["no answer"]);
  });

  test("a declared error rejects the call with its class, and the connection stays open", async () => {
    const { client } = await webSocketPair({ locator: calculator().locator });
    const error = await rejection(client.callRemote(Divide, { numerator: 1, denominator: 0 }));
    expect(error).toBeInstanceOf(ZeroDivisionError);
    expect(await client.callRemote(Divide, { numerator: 1, denominator: 2 })).toEqual({ result: 0.5 });
  });

  test("close waits for the calls in progress", async () => {
    const asked = calculator();
    const { client, server } = await webSocketPair({}, { locator: asked.locator });
    const calls = Array.from({ length: 100 }, (_, b) => server.callRemote(Sum, { a: 1, b }));
    await server.close();
    expect((await Promise.all(calls)).map(({ total }) => total)).toEqual(calls.map((_, b) => b + 1));
    expect(await ended(client)).toBeInstanceOf(ConnectionClosed);
    expect(server.state).toBe("closed");
  });

  test("calls in progress reject with ConnectionLost when the peer is destroyed", async () => {
    const { client, server } = await webSocketPair({ locator: calculator().locator });
    const lost = rejection(client.callRemote(Wait));
    await client.callRemote(Sum, { a: 1, b: 1 });
    server.destroy();
    expect(await lost).toBeInstanceOf(ConnectionLost);
  });
});

describe.each(["client", "server"] as const)("messages to a %s", (role) => {
  test("a box may be split into messages of one byte", async () => {
    const { raw } = await withRawSocket(role, { locator: calculator().locator });
    const reader = readerOf(raw);
    for (const byte of byteByByte(bytesOf(SUM))) raw.send(byte);
    expect(await reader()).toEqual({ _answer: "1", total: "3" });
  });

  test("a message may contain many boxes and the beginning of another", async () => {
    const { raw } = await withRawSocket(role, { locator: calculator().locator });
    const reader = readerOf(raw);
    const asks = Array.from({ length: 50 }, (_, b) => ({ _ask: `${b}`, _command: "Sum", a: "1", b: `${b}` }));
    const bytes = bytesOf(...asks);
    raw.send(bytes.subarray(0, -7));
    raw.send(bytes.subarray(-7));
    for (const { _ask, b } of asks)
      expect(await reader()).toEqual({ _answer: _ask, total: `${1 + Number(b)}` });
  });

  test("a text message closes the connection with ProtocolError", async () => {
    const { connection, raw } = await withRawSocket(role, { locator: calculator().locator });
    const call = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    raw.send("hello");
    const [[code], reason] = await Promise.all([event(raw, "close"), connection.closed]);
    expect(code).toBe(4003);
    expect(reason).toBeInstanceOf(ProtocolError);
    expect(causeOf(await call)).toBe(reason);
  });

  test("a close inside a box is a loss", async () => {
    const { connection, raw } = await withRawSocket(role);
    raw.send(bytesOf(SUM).subarray(0, 10));
    raw.close(1000);
    const reason = await ended(connection);
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect(reason).not.toBeInstanceOf(ConnectionClosed);
  });
});

test("this end stops reading from a peer that does not read its answers", async () => {
  const Echo = command("Echo", { arguments: { text: unicode() }, response: { text: unicode() } });
  let served = 0;
  const { raw } = await withRawSocket("server", {
    limits: { maxUnsentBytes: 100_000 },
    locator: locator(
      Echo.responder(({ text }) => {
        served++;
        return { text };
      }),
    ),
  });
  const text = "x".repeat(60_000);
  const asks = 1000;
  raw.pause();
  for (let tag = 0; tag < asks; tag++) raw.send(bytesOf({ _ask: `${tag}`, _command: "Echo", text }));
  let before = -1;
  while (before !== served) {
    before = served;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(served).toBeGreaterThan(0);
  expect(served).toBeLessThan(asks);
  const reader = readerOf(raw);
  raw.resume();
  for (let tag = 0; tag < asks; tag++) expect((await reader())._answer).toBe(`${tag}`);
});

test("a peer that sends on while this end does not read closes the connection with LimitExceeded", async () => {
  const [client, raw] = await sockets();
  const { locator } = calculator();
  const limits = { maxAsksInProgress: 1, maxBufferedBytes: 1000 };
  const connection = attach(likeABrowser(client), { locator, limits });
  for (let tag = 0; tag < 100; tag++) raw.send(bytesOf({ _ask: `${tag}`, _command: "Wait" }));
  const reason = await ended(connection);
  expect(reason).toBeInstanceOf(LimitExceeded);
  expect(reason.message).toContain("maxBufferedBytes");
});

test("attach destroys the connection of a peer that takes no bytes for unsentTimeout", async () => {
  const [client] = await sockets();
  const stuck = Object.defineProperty(likeABrowser(client), "bufferedAmount", { value: 1 });
  const clock = manualClock();
  const connection = attach(stuck, { clock, limits: { unsentTimeout: 5_000 } });
  const call = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
  await flushPending();
  clock.advance(4_999);
  expect(connection.state).toBe("open");
  clock.advance(1);
  expect(await call).toBeInstanceOf(UnsentTimeout);
});

describe("TLS", () => {
  test("startTLS rejects with TLSNotAvailable, which names wss:", async () => {
    const { client } = await webSocketPair({ locator: calculator().locator });
    const error = await rejection(client.startTLS());
    expect(error).toBeInstanceOf(TLSNotAvailable);
    expect(error.message).toContain("wss:");
    expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  });

  test("StartTLS of a peer is answered with TLS_NOT_AVAILABLE", async () => {
    const { raw } = await withRawSocket("server", {
      locator: locator(
        summing,
        StartTLS.responder(() => ({})),
      ),
    });
    const reader = readerOf(raw);
    raw.send(bytesOf({ _ask: "1", _command: "StartTLS" }));
    expect(await reader()).toMatchObject({
      _error: "1",
      _error_code: "TLS_NOT_AVAILABLE",
      _error_description: expect.stringContaining("wss:"),
    });
    raw.send(bytesOf({ ...SUM, _ask: "2" }));
    expect(await reader()).toEqual({ _answer: "2", total: "3" });
  });

  test("the option `secure` allows commands that require TLS", async () => {
    const responders = locator(Secret.responder(() => ({ word: "sesame" })));
    const { client, server } = await webSocketPair(
      { secure: true, requireTLS: true, locator: responders },
      { secure: true, requireTLS: true },
    );
    expect(server.secure).toBe(true);
    expect(await client.callRemote(Secret)).toEqual({ word: "sesame" });
  });

  test("a command that requires TLS is refused over ws:", async () => {
    const responders = locator(Secret.responder(() => ({ word: "sesame" })));
    const { client } = await webSocketPair({ requireTLS: true, locator: responders });
    expect(client.secure).toBe(false);
    expect(await rejection(client.callRemote(Secret))).toBeInstanceOf(TLSRequired);
    const error = await rejection(client.callRemoteString("Secret"));
    expect(error.message).toContain("not served in plaintext");
  });

  test("case 40: a wss: URL makes the connection secure, without claiming that the peer was verified", async () => {
    const [client] = await sockets();
    const wrapped = Object.create(client, { url: { value: "wss://example.com/" } });
    for (const name of ["addEventListener", "removeEventListener", "send", "close", "terminate"] as const)
      Object.defineProperty(wrapped, name, { value: client[name].bind(client) });
    Object.defineProperty(wrapped, "binaryType", { value: "arraybuffer", writable: true });
    const connection = attach(wrapped);
    onTestFinished(async () => {
      connection.destroy();
      await ended(connection);
    });
    expect(connection.secure).toBe(true);
    expect(connection.tls).toMatchObject({ peerCertificate: undefined, verified: undefined });
  });
});

test("timeouts of calls use the clock in the options", async () => {
  const clock = manualClock();
  const { client } = await webSocketPair({ locator: calculator().locator }, { clock });
  const call = rejection(client.callRemote(Wait, {}, { timeout: 60_000 }));
  await client.callRemote(Sum, { a: 1, b: 1 });
  clock.advance(60_000);
  expect(await call).toBeInstanceOf(CallTimeout);
});

describe("connecting", () => {
  test("connect offers the subprotocol amp", async () => {
    const { url, server } = await webSocketServer();
    const [connection, [socket]] = await Promise.all([ourWebSocketClient(url), event(server, "connection")]);
    expect(socket.protocol).toBe(SUBPROTOCOL);
    expect(connection.state).toBe("open");
  });

  test("connect accepts a URL object", async () => {
    const { url, next } = await ourWebSocketServer({ locator: calculator().locator });
    const connection = await connect(new URL(url), { WebSocket });
    await next();
    expect(await connection.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
    await connection.close();
  });

  test("connect rejects with ConnectFailed if no server listens", async () => {
    const { url, close } = await webSocketServer();
    await close();
    const error = await rejection(connect(url, { WebSocket }));
    expect(error).toBeInstanceOf(ConnectFailed);
    expect(error.message).toMatch(/^cannot connect to ws:\/\/127\.0\.0\.1:\d+\/: .*ECONNREFUSED/);
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("connect rejects with ConnectFailed if the server selects another subprotocol", async () => {
    const { url } = await webSocketServer({ handleProtocols: (offered) => offered.has("wamp") && "wamp" });
    expect(await rejection(connect(url, { WebSocket }))).toBeInstanceOf(ConnectFailed);
  });

  test("a signal cancels connect, before and during the attempt", async () => {
    const reason = new Error("no time");
    const { url } = await webSocketServer();
    expect(await rejection(connect(url, { WebSocket, signal: AbortSignal.abort(reason) }))).toBe(reason);
    const aborter = new AbortController();
    const meanwhile = rejection(connect(url, { WebSocket, signal: aborter.signal }));
    aborter.abort(reason);
    expect(await meanwhile).toBe(reason);
  });

  test("connect fails after connectTimeout", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    const accepted = event(silent, "connection");
    onTestFinished(() => void silent.close());
    await event(silent, "listening");
    const { port } = silent.address() as AddressInfo; // it listens on TCP
    const clock = manualClock();
    const options = { WebSocket, clock, connectTimeout: 5_000 };
    const attempt = rejection(connect(`ws://127.0.0.1:${port}/`, options));
    const [socket] = await accepted;
    clock.advance(5_000);
    const error = await attempt;
    expect(error).toBeInstanceOf(ConnectFailed);
    expect(error.message).toContain("did not answer within 5000 ms");
    await event(socket.resume(), "close");

    const { url, next } = await ourWebSocketServer();
    const connection = await ourWebSocketClient(url, options);
    await next();
    expect(clock.pending).toBe(0);
    expect(connection.state).toBe("open");
  });

  test("connect takes an object with an href, and gives the WebSocket the text", async () => {
    const { url } = await ourWebSocketServer({ locator: calculator().locator });
    const given: unknown[] = [];
    class Recording extends WebSocket {
      constructor(address: string, protocols: string) {
        given.push(address);
        super(address, protocols);
      }
    }
    for (const address of [{ href: url }, new URL(url)]) {
      const connection = await connect(address, { WebSocket: Recording });
      expect(await connection.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
      await connection.close();
    }
    expect(given).toEqual([url, url]);
  });

  test("connect rejects with the error of the WebSocket for an invalid URL", async () => {
    expect(await rejection(connect("http:/", { WebSocket }))).toBeInstanceOf(SyntaxError);
  });

  test("invalid options reject before a WebSocket is opened", async () => {
    const { url, server } = await webSocketServer();
    let opened = 0;
    server.on("connection", () => opened++);
    const wrong = [{ limits: { maxBoxBytes: -1 } }, { heartbeat: { interval: 0 } }];
    for (const options of wrong)
      expect(await rejection(connect(url, { WebSocket, ...options }))).toBeInstanceOf(RangeError);
    expect(opened).toBe(0);
  });

  if ("WebSocket" in globalThis) {
    test("connect uses the platform's WebSocket", async () => {
      const { url } = await ourWebSocketServer({ locator: calculator().locator });
      const connection = await connect(url);
      expect(await connection.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
      await connection.close();
    });
  } else {
    test("connect rejects with TypeError if the platform has no WebSocket", async () => {
      expect(await rejection(connect("ws://127.0.0.1/"))).toBeInstanceOf(TypeError);
    });
  }

  test.each([undefined, null, {}, { readyState: 1 }])("attach throws TypeError for %o", (socket) => {
    const attachAny = attach as (socket: unknown) => unknown; // a program in JavaScript may pass anything
    expect(() => attachAny(socket)).toThrow(TypeError);
    expect(() => attachAny(socket)).toThrow("attach: a WebSocket is needed");
  });

  test("attach throws TypeError for a WebSocket that is not open", async () => {
    const { url } = await webSocketServer();
    const socket = new WebSocket(url);
    expect(() => attach(socket)).toThrow(TypeError);
    await event(socket, "open");
    socket.terminate();
  });

  test("a new connection works after the server has restarted", async () => {
    const first = await ourWebSocketServer({ locator: calculator().locator });
    const before = await ourWebSocketClient(first.url);
    expect(await before.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
    await first.close();
    expect(await ended(before)).toBeInstanceOf(ConnectionLost);
    await ourWebSocketServer({ locator: calculator().locator }, first.port);
    const after = await ourWebSocketClient(first.url);
    expect(await after.callRemote(Sum, { a: 3, b: 4 })).toEqual({ total: 7 });
  });
});

test("chooseProtocol selects amp if it is offered", () => {
  expect(chooseProtocol(new Set(["wamp", "amp"]))).toBe("amp");
  expect(chooseProtocol(["wamp"])).toBe(false);
  expect(chooseProtocol([])).toBe(false);
  // A program in JavaScript may pass anything.
  for (const value of [undefined, null, 5])
    expect(() => chooseProtocol(value as unknown as string[])).toThrow(
      "chooseProtocol: a set of subprotocols is needed, as `handleProtocols` of ws gets it",
    );
});

test("violations on all WebSockets of attach share a rate limit, and the number of the others is reported", () => {
  const clock = manualClock();
  // After the reports of other tests, and so little that the limiter works again for the tests that follow.
  // A whole number: the difference of fractions may be a little less than the second that passes below.
  clock.advance(Math.ceil(platformClock.now()) + 1_000);
  for (const name of ["now", "setTimeout", "clearTimeout"] as const) {
    const spy = vi.spyOn(platformClock, name).mockImplementation(clock[name] as never); // the same method
    onTestFinished(() => spy.mockRestore());
  }
  const reported: [unknown, ErrorContext][] = [];
  const onError = (error: unknown, about: ErrorContext) => void reported.push([error, about]);
  const violate = () => {
    const socket = new SilentSocket();
    attach(socket, { onError });
    socket.dispatchEvent(new MessageEvent("message", { data: Uint8Array.of(0xff, 0xff).buffer }));
    expect(socket.readyState).toBe(WebSocket.CLOSED);
  };
  for (let count = 0; count < 23; count++) violate();
  expect(reported).toHaveLength(20);
  clock.advance(1_000);
  const [error, about] = reported[20] ?? [];
  expect(error).toBeInstanceOf(LimitExceeded);
  expect(error).toMatchObject({ message: "3 more violations of the protocol were not reported" });
  expect(about).toEqual({ command: undefined, connection: undefined });
  expect(reported).toHaveLength(21);
  violate(); // begins the next second
  expect(reported).toHaveLength(22);
});

/** An open WebSocket without a peer. */
class SilentSocket extends EventTarget {
  binaryType = "";
  readyState: number = WebSocket.OPEN;
  readonly bufferedAmount = 0;

  send(): void {}
  close(): void {
    this.readyState = WebSocket.CLOSED;
  }
}

/** Returns a function that waits for the next box from a socket and returns it as text. */
function readerOf(socket: WebSocket): () => Promise<Record<string, string>> {
  const reader = new BoxReader();
  socket.on("message", (data: Buffer) => reader.push(data));
  return async () => {
    for (;;) {
      const box = reader.next();
      if (box !== undefined) return textOf(box);
      await event(socket, "message");
    }
  };
}
