/** Rejections of functions besides `callRemote`: each has an error of its own, and the stack of its caller. */
import {
  BoxDispatcher,
  ConnectionClosed,
  ConnectionLost,
  command,
  HandshakeTimeout,
  InvalidSignature,
  integer,
  listOf,
  OnlyOneTLS,
  ProtocolSwitchCommand,
  StartTLS,
  StartTLSRefused,
  TLSNotAvailable,
} from "ampwire";
import { connectedPair, flushPending, manualClock, scriptedPeer } from "ampwire/testing";
import { reconnecting } from "ampwire/websocket";
import { describe, expect, test } from "vitest";
import { settledAtCaller } from "../../support/caller.ts";
import { ended } from "../../support/settled.ts";

const PRETEND = { fakeTLS: true };
const Rows = command("Rows", { arguments: { rows: listOf(listOf(listOf(integer()))) } });
const WRONG = { rows: [[["x" as unknown as number]]] };
const Switch = new ProtocolSwitchCommand("Switch");
const protocol = () => {};

type Peer = ReturnType<typeof scriptedPeer>;

describe.each([true, false])("with callStacks: %s", (callStacks) => {
  const upgrading = () => {
    const clock = manualClock();
    const both = scriptedPeer({ callStacks, onError: () => {} }, { ...PRETEND, clock });
    return { both, clock };
  };

  test.each<[string, (peer: Peer, clock: ReturnType<typeof manualClock>) => void, unknown]>([
    ["the connection is destroyed", ({ connection }) => connection.destroy(), ConnectionClosed],
    [
      "the connection is lost",
      ({ connection }) => connection.destroy(new ConnectionLost("cut")),
      ConnectionLost,
    ],
    ["the peer closes", ({ peer }) => peer.end(), ConnectionClosed],
    ["it takes too long", (_, clock) => clock.advance(60_000), HandshakeTimeout],
  ])("startTLS() rejects with an error of its own if %s", async (_, cause, errorClass) => {
    const { both, clock } = upgrading();
    const called = settledAtCaller(() => both.connection.startTLS());
    await flushPending();
    cause(both, clock);
    const error = await called;
    expect(error).toBeInstanceOf(errorClass);
    const reason = await ended(both.connection);
    expect(error).not.toBe(reason);
    expect(error).toMatchObject({
      message: `StartTLS: ${reason.message}`,
      cause: reason,
      code: (reason as ConnectionLost).code,
    });
    expect(error.stack).toMatch(/^(?:ConnectionClosed|ConnectionLost|HandshakeTimeout): StartTLS: /);
  });

  test("startTLS() that the peer refuses rejects with the peer's error, and the connection ends with another one", async () => {
    const { both } = upgrading();
    const called = settledAtCaller(() => both.connection.startTLS());
    await both.peer.next();
    both.peer.send({ _error: "1", _error_code: "TLS_ERROR", _error_description: "no" });
    const error = await called;
    expect(error).toBeInstanceOf(OnlyOneTLS);
    expect(error.message).toBe("no");
    expect(error.stack).toMatch(/^OnlyOneTLS: StartTLS: TLS_ERROR: no\n/);
    const { reason } = both.connection;
    expect(reason).toBeInstanceOf(StartTLSRefused);
    expect(reason?.cause).toBe(error);
    both.connection.destroy();
  });

  test("startTLS() rejects with the unchanged reason of its signal", async () => {
    const { both } = upgrading();
    const abort = new AbortController();
    const reason = new Error("of the program");
    const { stack } = reason;
    const called = both.connection.startTLS({ signal: abort.signal }).catch((error: unknown) => error);
    abort.abort(reason);
    expect(await called).toBe(reason);
    expect([reason.stack, reason.message]).toEqual([stack, "of the program"]);
    const late = await upgrading()
      .both.connection.startTLS({ signal: abort.signal })
      .catch((error: unknown) => error);
    expect(late).toBe(reason);
    expect(reason.stack).toBe(stack);
  });

  test("startTLS() that is refused before anything is sent has the stack of its caller", async () => {
    const [client] = connectedPair({ callStacks }, {}, PRETEND);
    await client.startTLS();
    expect(await settledAtCaller(() => client.startTLS())).toBeInstanceOf(OnlyOneTLS);
    const [plain] = connectedPair({ callStacks }, {});
    expect(await settledAtCaller(() => plain.startTLS())).toBeInstanceOf(TLSNotAvailable);
    expect(await settledAtCaller(() => plain.callRemote(StartTLS))).toBeInstanceOf(TLSNotAvailable);
  });

  test("a protocol switch rejects with an error of its own if the connection is lost", async () => {
    const { connection } = scriptedPeer({ callStacks });
    const called = settledAtCaller(() => connection.callRemote(Switch, { protocol }));
    await flushPending();
    const reason = new ConnectionLost("cut");
    connection.destroy(reason);
    expect(await called).toMatchObject({ message: "Switch: cut", cause: reason, code: "CONNECTION_LOST" });
  });

  test("the error of the new protocol has its own frames and those of the caller", async () => {
    const { connection, peer } = scriptedPeer({ callStacks });
    const failure = new Error("mine");
    const called = settledAtCaller(() =>
      connection.callRemote(Switch, {
        protocol: function newProtocol() {
          throw failure;
        },
      }),
    );
    await peer.next();
    peer.send({ _answer: "1" });
    expect(await called).toBe(failure);
  });

  test("invalid arguments have the stack of the caller, whatever the depth of the codec", async () => {
    const { connection } = scriptedPeer({ callStacks });
    expect(await settledAtCaller(() => connection.callRemote(Rows, WRONG))).toBeInstanceOf(InvalidSignature);
    expect(await settledAtCaller(() => connection.callRemote(Rows, {} as typeof WRONG))).toMatchObject({
      message: 'argument of Rows: "rows" is missing',
    });
    const client = reconnecting({ open: () => connection, callStacks });
    expect(await settledAtCaller(() => client.callRemote(Rows, WRONG))).toBeInstanceOf(InvalidSignature);
    client.destroy();
  });
});

test("a stack has no line twice", async () => {
  const { connection } = scriptedPeer();
  const { stack = "" } = await settledAtCaller(() => connection.callRemote(Rows, WRONG));
  const lines = stack.split("\n");
  expect(new Set(lines).size).toBe(lines.length);
});

test("a call on a BoxDispatcher without a sender has the stack of its caller", async () => {
  const dispatcher = new BoxDispatcher();
  const error = await settledAtCaller(() => dispatcher.callRemote(Rows, WRONG));
  expect(error).toBeInstanceOf(ConnectionClosed);
  expect(error.message).toBe("Rows: no sender of boxes has been given: call startReceivingBoxes first");
  const byName = await settledAtCaller(() => dispatcher.callRemoteString("Rows"));
  expect(byName.message).toBe(error.message);
});
