/** A reconnecting client over connections that a test controls: what it passes on, and what it does with each end. */
import {
  Box,
  type CallOptions,
  ConnectionClosed,
  ConnectionLost,
  command,
  integer,
  LimitExceeded,
} from "ampwire";
import { flushPending, manualClock } from "ampwire/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { TypedCalls } from "../../../src/core/calls/typed-calls.ts";
import type { AnyCommand, CloseOptions } from "../../../src/core/command/types.ts";
import { ReconnectingClient } from "../../../src/core/reconnecting/client.ts";
import { ConnectionManager } from "../../../src/core/reconnecting/connection-manager.ts";
import type {
  ConnectionFactory,
  Reconnectable,
  ReconnectingBaseOptions,
  ReconnectingState,
} from "../../../src/core/reconnecting/options.ts";
import { deferred } from "../../support/deferred.ts";
import { causeOf, ended, rejection } from "../../support/settled.ts";

const Get = command("Get", { response: { n: integer() } });
const GetSafely = command("GetSafely", { response: { n: integer() }, idempotent: true });
const Note = command("Note", { requiresAnswer: false });
const NoteSafely = command("NoteSafely", { requiresAnswer: false, idempotent: true });

/** A call that has reached a connection, as the connection received it. */
interface Sent {
  /** Undefined for a call by name. */
  readonly command: AnyCommand | undefined;
  readonly requiresAnswer: boolean;
  readonly options: CallOptions;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A connection of a class of the program's, which has no more than a client needs. */
class OwnConnection extends TypedCalls implements Reconnectable {
  acceptsCalls = true;
  reason: Error | undefined = undefined;
  readonly sent: Sent[] = [];
  readonly closings: (CloseOptions | undefined)[] = [];
  readonly #end = deferred<Error>();
  readonly #callsEnd = deferred<Error>();
  readonly closed = this.#end.promise;
  readonly callsEnded?: Promise<Error>;
  #refusal: Error | undefined;

  constructor(hasCallsEnded = false) {
    super();
    if (hasCallsEnded) this.callsEnded = this.#callsEnd.promise;
  }

  protected override call(command: AnyCommand, _: object, options: CallOptions) {
    return this.#send(command, command.requiresAnswer, options);
  }

  protected override callString(_name: string, _: Box, requiresAnswer: boolean, options: CallOptions) {
    return this.#send(undefined, requiresAnswer, options);
  }

  #send(command: AnyCommand | undefined, requiresAnswer: boolean, options: CallOptions) {
    if (this.#refusal !== undefined) throw this.#refusal;
    const answer = new Promise((resolve, reject) =>
      this.sent.push({ command, requiresAnswer, options, resolve, reject }),
    );
    return requiresAnswer ? answer : undefined;
  }

  /** Throws the error from each further call. */
  refuse(error: Error): void {
    this.#refusal = error;
  }

  close(options?: CloseOptions): Promise<void> {
    this.closings.push(options);
    return Promise.resolve();
  }

  /** Begins to end: no call is accepted any more. */
  beginEnd(reason: Error | undefined): void {
    this.acceptsCalls = false;
    this.reason = reason;
    this.#callsEnd.resolve(reason ?? new ConnectionClosed("the peer goes away"));
  }

  destroy(reason: Error = new ConnectionClosed("destroyed")): void {
    if (this.reason === undefined) this.beginEnd(reason);
    this.#end.resolve(this.reason ?? reason);
  }
}

type Options = ReconnectingBaseOptions<OwnConnection, never>;

/** Opens connections of {@link OwnConnection}, and records the states. */
function opened(
  options: Options = {},
  factory: Partial<ConnectionFactory<OwnConnection>> = {},
  goesAway = false,
) {
  const clock = manualClock();
  const connections: OwnConnection[] = [];
  const states: ReconnectingState[] = [];
  const open = () => {
    const connection = new OwnConnection(goesAway);
    connections.push(connection);
    return connection;
  };
  const whole: Options = {
    backoff: { jitter: () => 1 },
    ...options,
    onStateChange(change) {
      states.push(change.state);
      return options.onStateChange?.(change);
    },
  };
  return { clock, connections, states, whole, factory: { clock, open, ...factory } };
}

function clientOf(...args: Parameters<typeof opened>) {
  const { whole, factory, ...rest } = opened(...args);
  const client = new ReconnectingClient(whole, factory);
  onTestFinished(async () => {
    client.destroy();
    for (const connection of rest.connections) connection.destroy();
    await client.closed;
    expect(rest.clock.pending).toBe(0);
  });
  return { ...rest, client };
}

describe("after a connection", () => {
  test("a lost connection is a reason to ask isFatalError and to wait, however long it lasted", async () => {
    const asked: Error[] = [];
    const isFatalError = (error: Error) => asked.push(error) > 1;
    const { client, clock, connections, states } = clientOf({ isFatalError });
    await flushPending();
    clock.advance(1_000_000);
    const lost = new ConnectionLost("cut");
    connections[0]?.destroy(lost);
    await flushPending();
    expect(states).toEqual(["connecting", "connected", "waiting"]);
    expect(client.lastError).toBe(lost);
    clock.advance(100);
    await flushPending();
    connections[1]?.destroy(new ConnectionLost("again"));
    expect((await client.closed).message).toBe("again");
    expect(asked[0]).toBe(lost);
  });

  test("the next connection is opened when the old one has ended, not when it begins to end", async () => {
    const { clock, connections, states } = clientOf({}, {}, true);
    await flushPending();
    clock.advance(1_000);
    connections[0]?.beginEnd(new ConnectionClosed("closing"));
    await flushPending();
    expect(states).toEqual(["connecting", "connected"]);
    connections[0]?.destroy();
    await flushPending();
    expect(states).toEqual(["connecting", "connected", "waiting"]);
  });

  test("a peer that asks for no more calls at once is waited for, whatever the time of the clock is", async () => {
    const { clock, connections, states } = clientOf({}, {}, true);
    clock.advance(5_000);
    await flushPending();
    clock.advance(49);
    connections[0]?.beginEnd(undefined);
    await flushPending();
    expect(states).toEqual(["connecting", "connected", "waiting"]);
  });

  test("waits grow while connections last shorter than the next wait, whatever the time of the clock is", async () => {
    const delays: unknown[] = [];
    const { clock, connections } = clientOf({
      onStateChange: ({ state, delay }) => void (state === "waiting" && delays.push(delay)),
    });
    clock.advance(5_000);
    for (let time = 0; time < 3; time++) {
      await flushPending();
      clock.advance(10);
      connections[time]?.destroy();
      await flushPending();
      clock.advance(Number(delays[time]));
    }
    expect(delays).toEqual([100, 200, 400]);
  });

  test("an error of the close() of a connection that leaves is passed to onError", async () => {
    const reported: unknown[] = [];
    const { clock, connections } = clientOf({ onError: (error) => void reported.push(error) }, {}, true);
    await flushPending();
    const failure = new Error("no");
    const [first] = connections;
    if (first !== undefined) first.close = () => Promise.reject(failure);
    clock.advance(50);
    first?.beginEnd(undefined);
    await flushPending();
    expect(reported).toEqual([failure]);
    expect(connections).toHaveLength(2);
  });
});

describe("connections that leave", () => {
  test("destroy() ends them too, with and without the next connection", async () => {
    for (const lasted of [10, 50]) {
      const { client, clock, connections } = clientOf({}, {}, true);
      await flushPending();
      clock.advance(lasted);
      connections[0]?.beginEnd(undefined);
      await flushPending();
      expect(connections).toHaveLength(lasted < 50 ? 1 : 2);
      const reason = new Error("enough");
      client.destroy(reason);
      for (const connection of connections) expect(await connection.closed).toBe(reason);
    }
  });

  test("a connection that has left and ended is forgotten", async () => {
    const { whole, factory, clock, connections } = opened({}, {}, true);
    const manager = new ConnectionManager<OwnConnection>(whole, factory, () => {});
    await flushPending();
    clock.advance(50);
    connections[0]?.beginEnd(undefined);
    await flushPending();
    expect(manager.connections).toEqual(connections);
    connections[0]?.destroy();
    await flushPending();
    expect(manager.connections).toEqual([connections[1]]);
    manager.end(new Error("over"));
    connections[1]?.destroy();
    await manager.closed;
  });
});

describe("the set-up of a connection", () => {
  test.each<[string, (connection: OwnConnection) => unknown]>([
    [
      "onConnection throws",
      () => {
        throw new Error("no");
      },
    ],
    ["the connection is lost in onConnection", (connection) => connection.destroy(new Error("no"))],
  ])("if %s, isFatalError gets the error", async (_, onConnection) => {
    const isFatalError = ({ message }: Error) => message === "no";
    const { client, states } = clientOf({ onConnection, isFatalError });
    expect((await ended(client)).message).toBe("no");
    expect(states).toEqual(["connecting", "closed"]);
  });

  test("the error of onConnection is the reason of the end of the connection; another value is not", async () => {
    const thrown: unknown[] = [new Error("mine"), "only text"];
    const { client, clock, connections } = clientOf({
      onConnection() {
        throw thrown[connections.length - 1];
      },
    });
    await flushPending();
    expect(connections[0]?.reason).toBe(thrown[0]);
    clock.advance(100);
    await flushPending();
    expect(connections[1]?.reason).toBeInstanceOf(ConnectionClosed);
    expect(client.lastError).toMatchObject({ message: "only text", cause: "only text" });
  });

  test("a client that is ended when a connection is set up destroys the connection", async () => {
    const reason = new Error("too late");
    const { client, connections, states } = clientOf(
      {},
      { succeeded: () => void Promise.resolve().then(() => client.destroy(reason)) },
    );
    expect(await client.closed).toBe(reason);
    expect(connections[0]?.reason).toBe(reason);
    expect(states).toEqual(["connecting", "closed"]);
  });

  test.each<[string, unknown, string]>([
    ["undefined", undefined, "undefined"],
    ["an object without methods", {}, "an object (Object)"],
    ["a promise of null", Promise.resolve(null), "null"],
  ])("if open returns %s, the error names it, and the next attempt follows", async (_, result, shown) => {
    // A program in JavaScript may return any value.
    const { client, clock, states } = clientOf({}, { open: () => result as OwnConnection });
    await flushPending();
    expect(client.lastError?.message).toBe(`the result of \`open\` must be a connection, not ${shown}`);
    clock.advance(100);
    await flushPending();
    expect(states).toEqual(["connecting", "waiting", "connecting", "waiting"]);
  });

  test("onConnection gets the address of the factory", async () => {
    const addresses: unknown[] = [];
    const onConnection = (_: OwnConnection, { address }: { address: unknown }) =>
      void addresses.push(address);
    clientOf({ onConnection });
    clientOf({ onConnection }, { addressOf: () => "there" });
    await flushPending();
    expect(addresses).toEqual([undefined, "there"]);
  });
});

describe("the end of a client", () => {
  test("a client that is destroyed at once opens nothing, and the first reason counts", async () => {
    const asked: unknown[] = [];
    const { client, connections, states } = clientOf({ isFatalError: (error) => asked.push(error) > 0 });
    const first = new Error("first");
    client.destroy(first);
    client.destroy(new Error("second"));
    expect(await client.closed).toBe(first);
    expect(states).toEqual(["closed"]);
    expect([connections, asked, client.lastError]).toEqual([[], [], undefined]);
  });

  test("destroy() is not an error of a connection: isFatalError and lastError do not see it", async () => {
    const asked: unknown[] = [];
    const { client } = clientOf({ isFatalError: (error) => asked.push(error) > 0 });
    await flushPending();
    client.destroy(new Error("over"));
    await client.closed;
    expect([asked, client.lastError]).toEqual([[], undefined]);
  });

  test("close() passes its options on, and refuses invalid ones", async () => {
    const { client, connections } = clientOf();
    await flushPending();
    expect(await rejection(client.close({ timeout: -1 }))).toBeInstanceOf(RangeError);
    expect(await rejection(client.close({ timeOut: 1 } as object))).toBeInstanceOf(TypeError);
    expect(client.state).toBe("connected");
    const options = { timeout: 5 };
    void client.close(options);
    expect(connections[0]?.closings).toEqual([options]);
    expect(connections[0]?.reason).toBeUndefined(); // it ends by itself
  });

  test("the end of a scope limits the time of close() to ten seconds", async () => {
    const { client, connections } = clientOf();
    await flushPending();
    void client[Symbol.asyncDispose]();
    expect(connections[0]?.closings).toEqual([{ timeout: 10_000 }]);
  });

  test("a queued call that wants no answer is dropped without an error", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => void unhandled.push(error);
    process.on("unhandledRejection", note);
    try {
      const { client } = clientOf({ callStacks: false });
      client.callRemote(Note);
      client.destroy();
      await client.closed;
      await new Promise(setImmediate);
    } finally {
      process.off("unhandledRejection", note);
    }
    expect(unhandled).toEqual([]);
  });
});

test("a client needs no onStateChange", async () => {
  const reported: unknown[] = [];
  const { factory } = opened();
  const onError = (error: unknown) => void reported.push(error);
  const client = new ReconnectingClient<OwnConnection>({ onError }, factory);
  await flushPending();
  client.destroy();
  await client.closed;
  expect(reported).toEqual([]);
});

describe("a call", () => {
  test("a call by name that wants no answer is sent as one, queued or not", async () => {
    const { client, connections } = clientOf();
    const send = () => client.callRemoteString("Note", new Box(), { requiresAnswer: false });
    expect(send()).toBeUndefined();
    const answer = client.callRemote(Get);
    await flushPending();
    expect(send()).toBeUndefined();
    expect(connections[0]?.sent.map(({ requiresAnswer }) => requiresAnswer)).toEqual([false, true, false]);
    connections[0]?.sent[1]?.resolve({ n: 1 });
    expect(await answer).toEqual({ n: 1 });
  });

  test("a call on an open connection is encoded by its own command: a codec may need the connection", async () => {
    const { client, connections } = clientOf();
    const queued = rejection(client.callRemote(GetSafely));
    await flushPending();
    const direct = [client.callRemote(GetSafely), client.callRemote(Get)].map(rejection);
    const commands = connections[0]?.sent.map(({ command }) => command);
    expect(commands?.[0]).not.toBe(GetSafely); // the copy with the values of the time of the call
    expect(commands?.slice(1)).toEqual([GetSafely, Get]);
    expect(commands?.[1]).toBe(GetSafely);
    for (const { reject } of connections[0]?.sent ?? []) reject(new Error("enough"));
    await Promise.all([queued, ...direct]);
  });

  test("an idempotent call in progress rejects when the client is destroyed", async () => {
    const { client, connections } = clientOf();
    await flushPending();
    const failed = rejection(client.callRemote(GetSafely));
    const over = new Error("over");
    client.destroy(over);
    connections[0]?.sent[0]?.reject(over);
    expect(await failed).toBe(over);
    expect(client.waiting).toBe(0);
  });

  test.each<[string, (connection: OwnConnection | undefined, error: Error) => void]>([
    ["is thrown", (connection, error) => connection?.refuse(error)],
    ["comes as an answer", (connection, error) => connection?.sent[0]?.reject(error)],
    [
      "is the reason of the end",
      (connection, error) => {
        connection?.destroy(error);
        connection?.sent[0]?.reject(error);
      },
    ],
  ])("an error of a connection that %s keeps the first line of its stack", async (how, cause) => {
    const { client, connections } = clientOf({ maxAttempts: 1 });
    await flushPending();
    const error = new RangeError("odd");
    error.stack = "RangeError: GetSafely: ODD: odd\n    at the connection";
    const [connection] = connections;
    if (how === "is thrown") cause(connection, error);
    const failed = rejection(client.callRemote(GetSafely));
    if (how !== "is thrown") cause(connection, error);
    expect(await failed).toBe(error);
    expect(error.stack).toMatch(/^RangeError: GetSafely: ODD: odd\n[\s\S]* at .*client\.test\.ts/);
    expect(error.stack).not.toContain("at the connection");
  });

  test("an idempotent call has the rest of its timeout on each connection", async () => {
    const { client, clock, connections } = clientOf();
    await flushPending();
    clock.advance(1_000);
    const answer = client.callRemote(GetSafely, {}, { timeout: 500 });
    expect(connections[0]?.sent.map(({ options }) => options.timeout)).toEqual([500]);
    clock.advance(100);
    const lost = new ConnectionLost("cut");
    connections[0]?.destroy(lost);
    connections[0]?.sent[0]?.reject(lost);
    await flushPending();
    clock.advance(100);
    await flushPending();
    expect(connections[1]?.sent.map(({ options }) => options.timeout)).toEqual([300]);
    connections[1]?.sent[0]?.resolve({ n: 1 });
    expect(await answer).toEqual({ n: 1 });
  });

  test("a call without a timeout is sent without one", async () => {
    const { client, connections } = clientOf();
    const queued = client.callRemote(Get);
    await flushPending();
    const safe = client.callRemote(GetSafely);
    expect(connections[0]?.sent.map(({ options }) => options.timeout)).toEqual([undefined, undefined]);
    for (const { resolve } of connections[0]?.sent ?? []) resolve({ n: 1 });
    expect(await Promise.all([queued, safe])).toEqual([{ n: 1 }, { n: 1 }]);
  });

  const reason = new ConnectionLost("cut");
  test.each<[string, unknown, boolean]>([
    ["is sent again if it rejects with the reason of the loss", reason, true],
    [
      "is sent again if it rejects with an error whose cause is the reason",
      new ConnectionLost("Get: cut", { cause: reason }),
      true,
    ],
    ["is not sent again if it rejects with another error", new RangeError("odd"), false],
    ["is not sent again if it rejects with undefined", undefined, false],
  ])("an idempotent call of a lost connection %s", async (_, error, isRepeated) => {
    const { client, clock, connections } = clientOf();
    await flushPending();
    const answer = client.callRemote(GetSafely).then(
      () => "answered",
      (thrown: unknown) => thrown,
    );
    connections[0]?.destroy(reason);
    connections[0]?.sent[0]?.reject(error);
    await flushPending();
    clock.advance(100);
    await flushPending();
    expect(connections[1]?.sent).toHaveLength(isRepeated ? 1 : 0);
    connections[1]?.sent[0]?.resolve({ n: 1 });
    expect(await answer).toBe(isRepeated ? "answered" : error);
  });

  test("an idempotent call that rejects while its connection is open is not sent again", async () => {
    const { client, connections } = clientOf();
    await flushPending();
    const failed = rejection(client.callRemote(GetSafely));
    const error = new RangeError("odd");
    connections[0]?.sent[0]?.reject(error);
    expect(await failed).toBe(error);
    expect(connections[0]?.sent).toHaveLength(1);
  });

  test("with maxAttempts 1 an idempotent call rejects with the error of its connection", async () => {
    const { client, connections } = clientOf({ maxAttempts: 1 });
    await flushPending();
    const failed = rejection(client.callRemote(GetSafely));
    connections[0]?.destroy(reason);
    connections[0]?.sent[0]?.reject(reason);
    expect(await failed).toBe(reason);
  });

  test("an idempotent call that finds no place in the queue after a loss rejects with the limit", async () => {
    const { client, connections } = clientOf({ queue: { maxCalls: 0 } });
    await flushPending();
    let failure: unknown;
    client.callRemote(GetSafely).catch((error: unknown) => {
      failure = error;
    });
    connections[0]?.destroy(reason);
    connections[0]?.sent[0]?.reject(reason);
    await flushPending();
    expect(failure).toBeInstanceOf(LimitExceeded);
  });

  test("a call by name is never sent again", async () => {
    const { client, clock, connections } = clientOf();
    await flushPending();
    const failed = rejection(client.callRemoteString("GetSafely"));
    connections[0]?.destroy(reason);
    connections[0]?.sent[0]?.reject(reason);
    expect(await failed).toBe(reason);
    clock.advance(100);
    await flushPending();
    expect(connections[1]?.sent).toEqual([]);
  });

  test("the reason of the signal of an idempotent call is passed on unchanged", async () => {
    const { client, connections } = clientOf();
    await flushPending();
    const abort = new AbortController();
    const failed = rejection(client.callRemote(GetSafely, {}, { signal: abort.signal }));
    const mine = new Error("mine");
    const { stack } = mine;
    abort.abort(mine);
    connections[0]?.sent[0]?.reject(mine);
    expect(await failed).toBe(mine);
    expect(mine.stack).toBe(stack);
  });

  test("a call that wants no answer throws what its connection throws, idempotent or not", async () => {
    const { client, connections } = clientOf();
    await flushPending();
    const refusal = new LimitExceeded("too much");
    connections[0]?.refuse(refusal);
    expect(() => client.callRemote(Note)).toThrow(refusal);
    expect(() => client.callRemote(NoteSafely)).toThrow(refusal);
    expect(await rejection(client.callRemote(GetSafely))).toBe(refusal);
  });

  test("a queued call is sent although another one that wants no answer is refused", async () => {
    const { client, connections } = clientOf(
      {},
      { succeeded: (connection) => connection.refuse(new LimitExceeded("too much")) },
    );
    client.callRemote(Note);
    const failed = rejection(client.callRemote(Get));
    expect(await failed).toBeInstanceOf(LimitExceeded);
    expect(client.waiting).toBe(0);
    expect(connections[0]?.sent).toEqual([]);
  });
});

test("calls that reject after the end of the client have its reason", async () => {
  const { client } = clientOf();
  const late = new Error("late");
  client.destroy(late);
  expect(causeOf(await rejection(client.callRemote(Get)))).toBe(late);
  expect(causeOf(await rejection(client.callRemoteString("Get")))).toBe(late);
  expect(client.callRemote(Note)).toBeUndefined();
});

describe("the queue", () => {
  test("a call that is sent again goes before the calls that were made after it", async () => {
    const { client, clock, connections } = clientOf();
    await flushPending();
    const calls = [client.callRemote(GetSafely), client.callRemote(GetSafely)];
    const lost = new ConnectionLost("cut");
    connections[0]?.destroy(lost);
    calls.push(client.callRemote(Get));
    for (const { reject } of connections[0]?.sent ?? []) reject(lost);
    await flushPending();
    clock.advance(100);
    await flushPending();
    expect(connections[1]?.sent.map(({ command }) => command?.name)).toEqual([
      "GetSafely",
      "GetSafely",
      "Get",
    ]);
    for (const { resolve } of connections[1]?.sent ?? []) resolve({ n: 1 });
    await Promise.all(calls);
  });

  test("calls that have left the queue leave their bytes", async () => {
    const { client } = clientOf({ queue: { maxBytes: BYTES } }, { open: () => new Promise(() => {}) });
    for (let call = 0; call < 2; call++) {
      const abort = new AbortController();
      const failed = rejection(client.callRemote(Get, {}, { signal: abort.signal }));
      expect(client.waiting).toBe(1);
      abort.abort(new Error("enough"));
      await failed;
    }
  });

  test("a queued call that times out names the last error, if there was one", async () => {
    const failing = () => Promise.reject(new ConnectionLost("down"));
    const { client, clock } = clientOf({}, { open: failing });
    clock.advance(1_000);
    const early = rejection(client.callRemote(Get, {}, { timeout: 5 }));
    clock.advance(4);
    expect(client.waiting).toBe(1);
    clock.advance(1);
    expect((await early).message).toBe("Get timed out before there was a connection");
    const late = rejection(client.callRemote(Get, {}, { timeout: 5 }));
    await flushPending();
    clock.advance(5);
    expect((await late).message).toBe("Get timed out before there was a connection: down");
  });

  /** Bytes of a queued call of Get: the keys `_ask` and `_command`, a tag of eight digits, and the end of the box. */
  const BYTES = 2 + 4 + 2 + 8 + (2 + 8 + 2 + 3) + 2;

  test("a call may fill maxBytes to the last byte", () => {
    const exact = clientOf({ queue: { maxBytes: 2 * BYTES } }).client;
    const calls = [exact.callRemote(Get), exact.callRemote(Get)].map(rejection);
    expect(exact.waiting).toBe(2);
    expect(() => exact.callRemote(Note)).toThrow("queue.maxBytes");
    const less = clientOf({ queue: { maxBytes: 2 * BYTES - 1 } }).client;
    calls.push(rejection(less.callRemote(Get)), rejection(less.callRemote(Get)));
    expect(less.waiting).toBe(1);
    return Promise.all(
      [exact, less].map((client) => client.close()).concat(calls.map((call) => call.then(() => {}))),
    );
  });
});

test.each<[object, string]>([
  [{ open: 5 }, "reconnecting: open must be a function, not 5"],
  [{ onConnection: 5 }, "reconnecting: onConnection must be a function, not 5"],
  [{ onStateChange: 5 }, "reconnecting: onStateChange must be a function, not 5"],
  [{ onError: 5 }, "reconnecting: onError must be a function, not 5"],
  [{ isFatalError: 5 }, "reconnecting: isFatalError must be a function, not 5"],
  [{ maxAttempts: 0 }, "maxAttempts"],
  [{ callTimeout: -1 }, "callTimeout"],
  [{ setupTimeout: -1 }, "setupTimeout"],
  [{ queue: { maxCalls: -1 } }, "queue.maxCalls"],
  [{ queue: { maxBytes: -1 } }, "queue.maxBytes"],
  [{ queue: { maxCall: 1 } }, 'unknown option "maxCall"'],
  [{ signal: {} }, "the option signal must be an AbortSignal"],
])("a client refuses the options %o", (options, message) => {
  const { factory } = opened();
  expect(() => new ReconnectingClient<OwnConnection>(options, factory)).toThrow(message);
});
