/** Rejected calls: the caller's stack, the name of the command, and an error of their own. */
import {
  Box,
  CallTimeout,
  ConnectionClosed,
  ConnectionLost,
  command,
  InvalidSignature,
  integer,
  LimitExceeded,
  ProtocolError,
  TLSRequired,
  UnhandledCommand,
  UnknownRemoteError,
} from "ampwire";
import { connectedPair, flushPending, manualClock, scriptedPeer } from "ampwire/testing";
import { reconnecting } from "ampwire/websocket";
import { describe, expect, test, vi } from "vitest";
import { captureOrigin, rejectCall } from "../../../src/core/calls/rejection.ts";

class ZeroDivisionError extends Error {
  static {
    ZeroDivisionError.prototype.name = "ZeroDivisionError";
  }
}
const Divide = command("Divide", {
  arguments: { a: integer() },
  response: { b: integer() },
  errors: { ZERO_DIVISION: ZeroDivisionError },
});

type Peer = ReturnType<typeof scriptedPeer>;

/** Causes the rejection of a call that was made. */
const CAUSES: readonly [string, (peer: Peer, clock: ReturnType<typeof manualClock>) => void, string][] = [
  [
    "a declared error",
    ({ peer }) => peer.send({ _error: "1", _error_code: "ZERO_DIVISION", _error_description: "by zero" }),
    "ZeroDivisionError: Divide: ZERO_DIVISION: by zero",
  ],
  [
    "an undeclared error",
    ({ peer }) => peer.send({ _error: "1", _error_code: "ODD", _error_description: "very" }),
    "UnknownRemoteError: Divide: ODD: very",
  ],
  [
    "an unknown command without a description",
    ({ peer }) => peer.send({ _error: "1", _error_code: "UNHANDLED", _error_description: "" }),
    "UnhandledCommand: Divide: UNHANDLED",
  ],
  ["a timeout", (_, clock) => clock.advance(50), "CallTimeout: Divide was not answered within 50 ms"],
  [
    "a lost connection",
    ({ connection }) => connection.destroy(new ConnectionLost("the line was cut")),
    "ConnectionLost: Divide: the line was cut",
  ],
  [
    "a violation of the protocol",
    ({ peer }) => peer.send({ _answer: "9" }),
    'UnexpectedAnswer: Divide: an answer came to call "9", which was never made',
  ],
  [
    "a malformed answer",
    ({ peer }) => peer.send({ _answer: "1", b: "no number" }),
    'InvalidSignature: response of Divide: "b": not an integer',
  ],
];

function pair(callStacks?: boolean) {
  const clock = manualClock();
  const both = scriptedPeer(
    { callTimeout: 50, onError: () => {}, ...(callStacks === undefined ? {} : { callStacks }) },
    { clock },
  );
  return { both, clock };
}

describe.each([true, false])("with callStacks: %s", (callStacks) => {
  test.each(CAUSES)("a call that rejects by %s has the stack of its caller", async (_, cause, head) => {
    const { both, clock } = pair(callStacks);
    async function someCaller() {
      await both.connection.callRemote(Divide, { a: 1 });
    }
    const called = someCaller().catch((error: Error) => error);
    await flushPending();
    cause(both, clock);
    const error = await called;
    expect(error).toBeInstanceOf(Error);
    const stack = (error as Error).stack ?? "";
    expect(stack.startsWith(head), `${stack} begins with ${head}`).toBe(true);
    expect(stack).toMatch(/at (?:async )?someCaller .*rejection\.test\.ts/);
  });

  test("a call by name has the stack of its caller, and the name", async () => {
    const { both } = pair(callStacks);
    async function someCaller() {
      await both.connection.callRemoteString("Add", new Box({ a: "1" }));
    }
    const called = someCaller().catch((error: Error) => error);
    await flushPending();
    both.peer.send({ _error: "1", _error_code: "ODD", _error_description: "very" });
    const error = (await called) as Error;
    expect(error.message).toBe("Add: ODD: very");
    expect(error.stack).toContain("someCaller");
  });

  test("a queued call of a reconnecting client has the stack of its caller", async () => {
    const { both } = pair();
    let open = (_: Peer["connection"]) => {};
    const client = reconnecting({
      open: () =>
        new Promise<Peer["connection"]>((resolve) => {
          open = resolve;
        }),
      clock: manualClock(),
      callStacks,
    });
    async function someCaller() {
      await client.callRemote(Divide, { a: 1 });
    }
    const called = someCaller().catch((error: Error) => error);
    await flushPending();
    open(both.connection);
    await flushPending();
    both.peer.send({ _error: "1", _error_code: "ZERO_DIVISION", _error_description: "by zero" });
    const error = (await called) as Error;
    expect(error.stack).toMatch(/^ZeroDivisionError: Divide: ZERO_DIVISION: by zero\n/);
    expect(error.stack).toMatch(/at (?:async )?someCaller .*rejection\.test\.ts/);
    client.destroy();
  });

  test("queued calls of a reconnecting client that ends have errors of their own", async () => {
    const client = reconnecting({
      open: () => new Promise<never>(() => {}),
      clock: manualClock(),
      callStacks,
    });
    const calls = [client.callRemote(Divide, { a: 1 }), client.callRemote(Divide, { a: 2 })];
    const reason = new ConnectionClosed("no longer needed");
    const settled = Promise.all(calls.map((call) => call.catch((error: Error) => error)));
    client.destroy(reason);
    const [first, second] = await settled;
    expect(first).not.toBe(second);
    expect(first).toMatchObject({ message: "Divide: no longer needed", cause: reason });
    const late = await client.callRemote(Divide, { a: 3 }).catch((error: Error) => error);
    expect(late).toMatchObject({ message: "Divide: no longer needed", cause: reason });
  });
});

test.each([true, false])(
  "with callStacks: %s, the error of a codec has its frames too",
  async (callStacks) => {
    const { both } = pair(callStacks);
    const faulty = {
      encode: () => new Uint8Array(0),
      decode: (): never => {
        throw new RangeError("a fault");
      },
    };
    async function someCaller() {
      await both.connection.callRemote(command("Faulty", { response: { it: faulty } }));
    }
    const called = someCaller().catch((error: Error) => error);
    await flushPending();
    both.peer.send({ _answer: "1", it: "" });
    const { stack } = (await called) as Error;
    expect(stack).toMatch(/at Command\.readResponse[\s\S]* someCaller /);
  },
);

test("callStacks finds a caller that does not await the call", async () => {
  const { both } = pair(true);
  const notAwaiting = () => both.connection.callRemote(Divide, { a: 1 }).then(undefined, (e: Error) => e);
  const called = notAwaiting();
  await flushPending();
  both.peer.send({ _error: "1", _error_code: "ODD", _error_description: "" });
  expect(((await called) as Error).stack).toContain("notAwaiting");
});

test("callStacks is true by default under NODE_ENV=test", async () => {
  const { both } = pair();
  const notAwaiting = () => both.connection.callRemote(Divide, { a: 1 }).then(undefined, (e: Error) => e);
  const called = notAwaiting();
  await flushPending();
  both.connection.destroy();
  expect(((await called) as Error).stack).toContain("notAwaiting");
});

describe("the message", () => {
  test("the message of a declared class is the description", async () => {
    const { both } = pair();
    const call = both.connection.callRemote(Divide, { a: 1 });
    both.peer.send({ _error: "1", _error_code: "ZERO_DIVISION", _error_description: "by zero" });
    await expect(call).rejects.toEqual(new ZeroDivisionError("by zero"));
  });

  test("code and description of an undeclared error have no prefix", async () => {
    const { both } = pair();
    const call = both.connection.callRemote(Divide, { a: 1 });
    both.peer.send({ _error: "1", _error_code: "ODD", _error_description: "very" });
    const error = await call.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnknownRemoteError);
    expect(error).toMatchObject({ errorCode: "ODD", description: "very", message: "Divide: ODD: very" });
  });

  test("an unknown command is named", async () => {
    const { both } = pair();
    const call = both.connection.callRemote(Divide, { a: 1 });
    both.peer.send({ _error: "1", _error_code: "UNHANDLED", _error_description: "Unhandled Command: 'X'" });
    const error = await call.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnhandledCommand);
    expect(error).toMatchObject({ message: "Divide: UNHANDLED: Unhandled Command: 'X'" });
  });

  test("a call that is refused names its command, and has the stack of its caller", async () => {
    const { connection } = scriptedPeer({ limits: { maxUnsentBytes: 1 }, requireTLS: true });
    const refused = await connection.callRemote(Divide, { a: 1 }).catch((error: Error) => error);
    expect(refused).toBeInstanceOf(TLSRequired);
    expect((refused as Error).message).toMatch(/^Divide may not be sent in plaintext/);
    expect((refused as Error).stack).toContain("rejection.test.ts");
    connection.destroy();
    const late = await connection.callRemoteString("Add").catch((error: Error) => error);
    expect((late as Error).message).toBe("Add: the connection was destroyed here");
    expect((late as Error).stack).toContain("rejection.test.ts");
  });

  test("a call over the limit on unsent bytes names its command", async () => {
    const [connection] = connectedPair({ limits: { maxUnsentBytes: 1 } }, {}, { capacity: 1 });
    const calls = [1, 2].map((a) => connection.callRemote(Divide, { a }).catch((error: Error) => error));
    connection.destroy();
    const over = await calls[1];
    expect(over).toBeInstanceOf(LimitExceeded);
    expect((over as Error).message).toMatch(/^Divide: the peer has not taken \d+ bytes/);
  });
});

describe("a lost connection", () => {
  async function lose(reason: Error, count = 2) {
    const { both } = pair();
    const calls = Array.from({ length: count }, (_, a) => both.connection.callRemote(Divide, { a }));
    const settled = Promise.all(calls.map((call) => call.catch((error: unknown) => error)));
    both.connection.destroy(reason);
    return (await settled) as Error[];
  }

  test("every call has an error of its own, of the class of the reason, with the reason as cause", async () => {
    const reason = new ProtocolError("too bad");
    const [first, second] = await lose(reason);
    expect(first).not.toBe(second);
    for (const error of [first, second]) {
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error).toMatchObject({
        name: "ProtocolError",
        code: "PROTOCOL_ERROR",
        fault: "peer",
        message: "Divide: too bad",
        cause: reason,
      });
    }
  });

  test("a reason of the program keeps its class and its fields", async () => {
    class Shutdown extends Error {
      override name = "Shutdown";
      readonly at = 7;
    }
    const reason = new Shutdown("tonight");
    const [error] = await lose(reason, 1);
    expect(error).toBeInstanceOf(Shutdown);
    expect(error).toMatchObject({ name: "Shutdown", at: 7, message: "Divide: tonight", cause: reason });
    expect(Object.keys(error as Error)).not.toContain("message");
  });

  test.each([
    ["a DOMException", () => AbortSignal.abort().reason as Error],
    [
      "an error with a getter that throws",
      () =>
        Object.defineProperty(new Error("odd"), "detail", {
          enumerable: true,
          get() {
            throw new Error("a bug");
          },
        }),
    ],
  ])("%s as the reason is the cause of a ConnectionLost", async (_, make) => {
    const reason = make();
    const [error] = await lose(reason, 1);
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error?.cause).toBe(reason);
    expect(error?.message).toBe(`Divide: ${reason.message}`);
  });

  test("the reason of an aborted signal is passed on unchanged", async () => {
    const { both } = pair();
    const abort = new AbortController();
    const reason = Object.freeze(new Error("mine"));
    const call = both.connection.callRemote(Divide, { a: 1 }, { signal: abort.signal });
    abort.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  test("a frozen error of the program is passed on", async () => {
    class Frozen extends Error {
      constructor(message: string) {
        super(message);
        Object.freeze(this);
      }
    }
    const Freeze = command("Freeze", { errors: { FROZEN: Frozen } });
    const { both } = pair();
    const call = both.connection.callRemote(Freeze);
    both.peer.send({ _error: "1", _error_code: "FROZEN", _error_description: "cold" });
    await expect(call).rejects.toThrow(Frozen);
  });

  test("a timeout and an invalid argument keep their classes", async () => {
    const { both, clock } = pair();
    const call = both.connection.callRemote(Divide, { a: 1 });
    clock.advance(50);
    await expect(call).rejects.toBeInstanceOf(CallTimeout);
    const invalid = both.connection.callRemote(Divide, { a: "x" as unknown as number });
    await expect(invalid).rejects.toBeInstanceOf(InvalidSignature);
  });
});

test("the limit on the frames of a stack is unchanged after a call", () => {
  const before = Error.stackTraceLimit;
  captureOrigin();
  expect(Error.stackTraceLimit).toBe(before);
});

test("a program that captures no stacks gets none for its calls", () => {
  const before = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = 0;
    const { stack } = captureOrigin();
    expect(Error.stackTraceLimit).toBe(0);
    expect(stack).not.toMatch(/\n +at /);
  } finally {
    Error.stackTraceLimit = before;
  }
});

test("an origin has the frames of the limit and of the library, and leaves a limit that is not set alone", () => {
  const before = Error.stackTraceLimit;
  const deep = (depth: number): unknown => (depth === 0 ? captureOrigin().stack : deep(depth - 1));
  try {
    Error.stackTraceLimit = 2;
    expect(String(deep(20)).match(/\n +at /g)).toHaveLength(10);
    Reflect.deleteProperty(Error, "stackTraceLimit");
    captureOrigin();
    expect(Object.hasOwn(Error, "stackTraceLimit")).toBe(false);
  } finally {
    Error.stackTraceLimit = before;
  }
});

test("the stack of an error that a call rejects with can be assigned and redefined", async () => {
  const { both } = pair();
  const call = both.connection.callRemote(Divide, { a: 1 }).catch((thrown: unknown) => thrown);
  both.connection.destroy();
  const error = (await call) as Error; // the connection was destroyed
  error.stack = "shortened";
  expect(error.stack).toBe("shortened");
  Object.defineProperty(error, "stack", { value: "replaced" });
  expect(error.stack).toBe("replaced");
});

test("a call of the library itself rejects once, at once, with the unchanged error", () => {
  const error = new Error("the reason");
  const { stack } = error;
  const reject = vi.fn();
  rejectCall({ origin: undefined, resolve: () => {}, reject }, error);
  expect(reject.mock.calls).toEqual([[error]]);
  expect(error.stack).toBe(stack);
  expect(reject.mock.calls[0]?.[0]).toBe(error);
});

test("a lost connection rejects all calls at once if its clock has no turns", async () => {
  const { connection } = scriptedPeer({}, { clock: manualClock() });
  let rejected = 0;
  for (let call = 0; call < 300; call++) connection.callRemote(Divide, { a: 1 }).catch(() => rejected++);
  connection.destroy();
  await flushPending();
  expect(rejected).toBe(300);
});

test("a lost connection rejects many calls in several turns of the event loop, each with the stack of its caller", async () => {
  const clock = Object.assign(manualClock(), { nextTurn: setImmediate });
  const { connection } = scriptedPeer({}, { clock });
  const calls = 1_000;
  let rejected = 0;
  const stacks: unknown[] = [];
  const caller = async () => {
    await connection.callRemote(Divide, { a: 1 });
  };
  for (let i = 0; i < calls; i++)
    caller().catch((error: Error) => {
      rejected++;
      stacks.push(error.stack);
    });
  connection.destroy();
  const turns: number[] = [];
  for (let turn = 0; turn < 20 && rejected < calls; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    turns.push(rejected);
  }
  expect(turns[0]).toBeLessThan(calls);
  expect(rejected).toBe(calls);
  expect(stacks.every((stack) => /^ConnectionClosed: Divide: .*\n[\s\S]* caller /.test(String(stack)))).toBe(
    true,
  );
});

test("a copy of an error whose message is an enumerable property says which call it rejects", async () => {
  class Odd extends Error {
    override message = "odd"; // a field is enumerable
    code = 7;
  }
  const { connection } = scriptedPeer();
  const call = connection.callRemote(Divide, { a: 1 });
  const reason = new Odd();
  connection.destroy(reason);
  const error: unknown = await call.catch((error) => error);
  expect(error).toBeInstanceOf(Odd);
  expect(error).toMatchObject({ message: "Divide: odd", code: 7, cause: reason });
  expect(Object.keys(error as object)).toEqual(["code"]);
});
