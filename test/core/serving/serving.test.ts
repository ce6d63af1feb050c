/** Asks from the peer: the section "Asks, answers and errors" of SPEC.md, for the callee. */
import {
  BadLocalReturn,
  Box,
  type ConnectionOptions,
  command,
  type ErrorContext,
  InvalidSignature,
  integer,
  locator,
  optional,
  RemoteAmpError,
  UnhandledCommand,
  unicode,
} from "ampwire";
import { connectedPair, flushPending, manualClock, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { heldBytes } from "../../support/memory.ts";
import { ended, rejection } from "../../support/settled.ts";
import { calculator, Divide, Note, Overheated, SUM, Sum, summing, TOTAL, Wait } from "../calculator.ts";

const UNKNOWN = { _error: "1", _error_code: "UNKNOWN", _error_description: "Unknown Error" };

/** Thrown value that is not an Error, which a program in JavaScript may throw. */
const NO_ERROR = "the password is swordfish" as unknown as Error;

function forbidden(): never {
  throw new Error("this property must not be read");
}

/** Returns a connection, its scripted peer, and the errors that `onError` receives. */
function watched(options: ConnectionOptions) {
  const errors: [unknown, string | undefined][] = [];
  const onError = (error: unknown, { command }: ErrorContext) => void errors.push([error, command]);
  return { errors, ...scriptedPeer({ onError, ...options }) };
}

describe("an ask", () => {
  test.each([
    ["of one byte", Uint8Array.of(0)],
    ["of binary data", Uint8Array.of(0xff, 0xfe, 0)],
    ["of no bytes", new Uint8Array(0)],
    ["of the digit 0", Uint8Array.of(0x30)],
    ["of hexadecimal digits", Uint8Array.of(0x31, 0x66)],
    ["of 65535 bytes", new Uint8Array(65_535).fill(7)],
  ])("a tag %s is echoed unchanged, in late answers too", async (_, tag) => {
    const calc = calculator();
    const { peer } = scriptedPeer({ locator: calc.locator });
    peer.send({ ...SUM, _ask: tag }, { _ask: tag, _command: "Wait" }, { _ask: tag, _command: "Nope" });
    await peer.expect(
      { ...TOTAL, _answer: tag },
      {
        _error: tag,
        _error_code: "UNHANDLED",
        _error_description: "Unhandled Command: 'Nope'",
      },
    );
    calc.answer("now");
    await peer.expect({ _answer: tag, after: "now" });
  });

  test("an ask without _ask runs and is not answered", async () => {
    const calc = calculator();
    const { peer } = scriptedPeer({ locator: calc.locator });
    peer.send({ _command: "Sum", a: "1", b: "2" }, { _command: "Note", text: "heard" }, SUM);
    await peer.expect(TOTAL);
    expect(calc.notes).toEqual(["heard"]);
  });

  test("a command without an answer is answered if the ask has a tag", async () => {
    const { peer } = scriptedPeer({ locator: calculator().locator });
    peer.send({ _ask: "1", _command: "Note", text: "" });
    await peer.expect({ _answer: "1" });
  });

  test("a quick answer overtakes a slow one", async () => {
    const calc = calculator();
    const { peer } = scriptedPeer({ locator: calc.locator });
    peer.send({ _ask: "w", _command: "Wait" }, SUM);
    await peer.expect(TOTAL);
    calc.answer("");
    await peer.expect({ _answer: "w", after: "" });
  });

  test("a responder may return any object with a then() method", async () => {
    const thenable: PromiseLike<{ total: number }> = {
      // biome-ignore lint/suspicious/noThenProperty: this is what the test is about
      then: (resolve) => Promise.resolve({ total: 7 }).then(resolve),
    };
    const { peer } = scriptedPeer({ locator: locator(Sum.responder(() => thenable)) });
    peer.send(SUM);
    await peer.expect({ _answer: "1", total: "7" });
  });

  test("a responder may call back over the connection of its ask", async () => {
    const Twice = command("Twice", { arguments: { a: integer() }, response: { total: integer() } });
    const [a] = connectedPair(
      { locator: calculator().locator },
      {
        locator: locator(
          Twice.responder(async ({ a }, { connection }) => await connection.callRemote(Sum, { a, b: a })),
        ),
      },
    );
    expect(await a.callRemote(Twice, { a: 21 })).toEqual({ total: 42 });
  });

  test("values that are not in the response are ignored", async () => {
    const { peer } = scriptedPeer({ locator: locator(Sum.responder(() => ({ total: 3, more: "x" }))) });
    peer.send(SUM);
    await peer.expect(TOTAL);
  });

  test.each([
    ["answered", 3, TOTAL],
    ["answered with an error because its value cannot be sent", "no number", UNKNOWN],
  ])("a responder may call in the turn in which the ask before was %s", async (_, total, answer) => {
    const Probe = command("Probe");
    const { peer } = watched({
      closeOnUndeclaredError: false,
      locator: locator(
        Sum.responder(() => ({ total: total as number })), // a program in JavaScript may return any value
        Probe.responder((_, { connection }) => void connection.callRemote(Sum, { a: 1, b: 2 })),
      ),
    });
    peer.send(SUM, { _ask: "2", _command: "Probe" });
    await peer.expect(answer, SUM, { _answer: "2" });
  });

  test("an object with a value named then is answered at once", async () => {
    const name = "then";
    const Then = command("Then", { response: { [name]: integer() } });
    const { peer } = watched({
      locator: locator(
        summing,
        Then.responder(() => ({ [name]: 7 })),
      ),
    });
    peer.send({ _ask: "t", _command: "Then" }, SUM);
    await peer.expect({ _answer: "t", [name]: "7" }, TOTAL);
  });

  test("a response of optional values may be empty", async () => {
    const Maybe = command("Maybe", { response: { text: optional(unicode()) } });
    const { peer } = scriptedPeer({ locator: locator(Maybe.responder(() => {})) });
    peer.send({ _ask: "1", _command: "Maybe" });
    await peer.expect({ _answer: "1" });
  });
});

describe("an unknown command", () => {
  test("an unknown command is answered with UNHANDLED and the connection stays open", async () => {
    const { connection, peer, errors } = watched({});
    peer.send({ _ask: "1", _command: "Nope" });
    await peer.expect({
      _error: "1",
      _error_code: "UNHANDLED",
      _error_description: "Unhandled Command: 'Nope'",
    });
    expect(connection.state).toBe("open");
    expect(errors).toEqual([]);
  });

  test("an unknown command without _ask is reported to onError and the connection stays open", async () => {
    const { connection, peer, errors } = watched({});
    peer.send({ _command: "Nope" });
    await flushPending();
    expect(connection.state).toBe("open");
    expect(errors).toMatchObject([[{ message: "UNHANDLED: Unhandled Command: 'Nope'" }, "Nope"]]);
  });

  test("the caller of an unknown command gets UnhandledCommand", async () => {
    const [a] = connectedPair();
    const error = await rejection(a.callRemote(Sum, { a: 1, b: 2 }));
    expect(error).toBeInstanceOf(UnhandledCommand);
    expect(error.message).toBe("Sum: UNHANDLED: Unhandled Command: 'Sum'");
  });
});

test("a program's own responder of the command ampwire.GoAway is served in place of the library's", async () => {
  const Mine = command("ampwire.GoAway", { response: { total: integer() } });
  const { connection, peer } = scriptedPeer({ locator: locator(Mine.responder(() => ({ total: 3 }))) });
  peer.send({ _ask: "1", _command: "ampwire.GoAway" });
  await peer.expect(TOTAL);
  expect(connection.acceptsCalls).toBe(true);
});

test("errors that were dropped are reported at the end of the connection, which leaves no timer", async () => {
  const clock = manualClock();
  const reported: unknown[] = [];
  const onError = (error: unknown) => void reported.push(error);
  const { connection, peer } = scriptedPeer({ onError }, { clock });
  for (let ask = 0; ask < 25; ask++) peer.send({ _command: "Nope" });
  await flushPending();
  connection.destroy();
  await ended(connection);
  expect(reported).toHaveLength(21);
  expect(String(reported.at(-1))).toContain("5 more errors of this connection were not reported");
  expect(clock.pending).toBe(0);
});

describe("an error thrown", () => {
  test("a declared error is answered with its error code and text, and the connection stays open", async () => {
    const { connection, peer, errors } = watched({ locator: calculator().locator });
    peer.send({ _ask: "1", _command: "Divide", numerator: "1", denominator: "0" });
    await peer.expect({
      _error: "1",
      _error_code: "ZERO_DIVISION",
      _error_description: "division by zero",
    });
    expect(connection.state).toBe("open");
    expect(errors).toEqual([]);
  });

  test("a fatal error is answered, and is the reason of the end of the connection", async () => {
    const { connection, peer } = watched({ locator: calculator().locator });
    peer.send({ _ask: "1", _command: "Divide", numerator: "1", denominator: "13" }, SUM);
    await peer.expect({ _error: "1", _error_code: "OVERHEATED", _error_description: "too hot" });
    await peer.expectEnd();
    peer.end();
    expect(await ended(connection)).toBeInstanceOf(Overheated);
  });

  test.each([
    [
      "thrown at once",
      () => {
        throw new Error("the password is swordfish");
      },
    ],
    [
      "thrown later",
      async () => {
        await flushPending();
        throw new Error("the password is swordfish");
      },
    ],
    [
      "of a value that is not an Error",
      () => {
        throw NO_ERROR;
      },
    ],
  ] as const)(
    "an undeclared error %s is answered with UNKNOWN, never with its text, and closes the connection",
    async (_, respond) => {
      const { connection, peer, errors } = watched({ locator: locator(Sum.responder(respond)) });
      peer.send(SUM);
      await peer.expect(UNKNOWN);
      await peer.expectEnd();
      expect(errors).toHaveLength(1);
      expect(String(errors[0]?.[0])).toContain("swordfish");
      expect(errors[0]?.[1]).toBe("Sum");
      peer.end();
      expect((await ended(connection)).message).toContain("swordfish");
    },
  );

  test.each([
    ["its constructor", { constructor: { get: forbidden } }, Error.prototype],
    ["its code", { errorCode: { get: forbidden } }, RemoteAmpError.prototype],
  ])("an error that throws when %s is read is answered with UNKNOWN", async (_, properties, base) => {
    const odd: Error = Object.setPrototypeOf(new Error("odd"), Object.create(base, properties));
    const { peer, errors } = watched({
      closeOnUndeclaredError: false,
      locator: locator(
        Sum.responder(() => {
          throw odd;
        }),
        Divide.responder(() => Promise.reject(odd)),
      ),
    });
    peer.send({ _ask: "1", _command: "Divide", numerator: "1", denominator: "1" });
    await peer.expect(UNKNOWN);
    peer.send(SUM);
    await peer.expect(UNKNOWN);
    expect(errors.map(([error]) => error === odd)).toEqual([true, true]);
  });

  test("an undeclared error is answered with UNKNOWN and the connection stays open if closeOnUndeclaredError is false", async () => {
    const { connection, peer, errors } = watched({
      closeOnUndeclaredError: false,
      locator: locator(
        Sum.responder(({ a }) => {
          if (a === 0) throw new Error("no");
          return { total: a };
        }),
        Divide.responder(() => {
          throw new Overheated("declared as fatal all the same");
        }),
      ),
    });
    peer.send({ ...SUM, a: "0" }, SUM);
    await peer.expect(UNKNOWN, { _answer: "1", total: "1" });
    expect(errors).toHaveLength(1);
    peer.send({ _ask: "1", _command: "Divide", numerator: "1", denominator: "13" });
    await peer.next();
    await peer.expectEnd();
    connection.destroy();
  });

  test.each([false, true])(
    "a RemoteAmpError is answered with its own error code and description; fatal: %s",
    async (fatal) => {
      const responder = Sum.responder(() => {
        throw new RemoteAmpError("MINE", "as I say", fatal);
      });
      const { connection, peer, errors } = watched({ locator: locator(responder) });
      peer.send(SUM);
      await peer.expect({ _error: "1", _error_code: "MINE", _error_description: "as I say" });
      expect(connection.state).toBe(fatal ? "closed" : "open");
      expect(errors).toEqual([]);
    },
  );

  const Warm = command("Warm", { errors: { WARM: Overheated } });
  test.each([
    ["a declared error", Warm, new Overheated("13 is too hot")],
    [
      "a declared fatal error",
      Warm.extend("Hot", { fatalErrors: { HOT: Overheated } }),
      new Overheated("hot"),
    ],
    ["a RemoteAmpError", Warm, new RemoteAmpError("MINE", "as I say")],
    ["a RemoteAmpError with a code of the protocol", Warm, new RemoteAmpError("UNHANDLED", "not here")],
    ["an undeclared error", Warm, new Error("swordfish")],
  ])(
    "%s of an ask without _ask is reported to onError and closes the connection",
    async (_, failing, error) => {
      const thrown = () => {
        throw error;
      };
      for (const responders of [
        locator(failing.responder(thrown)),
        locator(failing.responder(() => Promise.reject(error))),
        locator({ [`amp_${failing.name.toUpperCase()}`]: thrown }),
      ]) {
        const { connection, peer, errors } = watched({ locator: responders });
        peer.send({ _command: failing.name });
        await peer.expectEnd();
        expect(connection.reason).toBe(error);
        expect(errors).toEqual([[error, failing.name]]);
      }
    },
  );

  test("a responder that rejects with the reason of its signal, after the peer has gone, is not reported", async () => {
    const Poll = command("Poll");
    const polling = Poll.responder(
      (_, { signal }) =>
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        }),
    );
    const { connection, peer, errors } = watched({ locator: locator(polling) });
    peer.send({ _ask: "1", _command: "Poll" }, { _command: "Poll" });
    await flushPending();
    connection.destroy();
    await flushPending();
    expect(errors).toEqual([]);
  });

  test("answers that are complete are sent before an error of an ask without _ask closes the connection", async () => {
    const { peer } = watched({ locator: calculator().locator });
    peer.send(SUM, { _command: "Divide", numerator: "1", denominator: "0" });
    await peer.expect(TOTAL);
    await peer.expectEnd();
  });

  test("an error of an ask without _ask keeps the connection open if closeOnUndeclaredError is false, unless it is fatal", async () => {
    const { connection, peer, errors } = watched({
      closeOnUndeclaredError: false,
      locator: calculator().locator,
    });
    peer.send({ _command: "Divide", numerator: "1", denominator: "0" }, SUM);
    await peer.expect(TOTAL);
    expect(errors).toMatchObject([[{ message: "division by zero" }, "Divide"]]);
    expect(connection.state).toBe("open");
    peer.send({ _command: "Divide", numerator: "1", denominator: "13" });
    await peer.expectEnd();
  });

  test("an ask without _ask that is not served in plaintext is reported to onError and the connection stays open", async () => {
    const { connection, peer, errors } = watched({ locator: calculator().locator, requireTLS: true });
    peer.send({ _command: "Sum", a: "1", b: "2" }, { _command: "Nope" }, { _ask: "1", _command: "Nope" });
    expect((await peer.next())?.text("_error_code")).toBe("TLS_REQUIRED");
    expect(errors.map(([, name]) => name)).toEqual(["Sum", "Nope"]);
    expect(connection.state).toBe("open");
  });

  test("an error code of 65535 bytes is sent unchanged, also with bytes that are not UTF-8", async () => {
    const responder = Sum.responder(() => {
      throw new RemoteAmpError(`\udcff${"a".repeat(65_534)}`, "exact");
    });
    const { peer } = scriptedPeer({ locator: locator(responder) });
    peer.send(SUM);
    const _error_code = new Uint8Array(65_535).fill(0x61);
    _error_code[0] = 0xff;
    await peer.expect({ _error: "1", _error_code, _error_description: "exact" });
  });

  test("an error code that is too long is cut between two characters", async () => {
    const responder = Sum.responder(() => {
      throw new RemoteAmpError("é".repeat(40_000), "long");
    });
    const { peer } = scriptedPeer({ locator: locator(responder) });
    peer.send(SUM);
    await peer.expect({ _error: "1", _error_code: "é".repeat(32_767), _error_description: "long" });
  });

  test("a description that is too long is cut between two characters", async () => {
    const Fail = command("Fail", { errors: { LONG: Overheated } });
    const responder = Fail.responder(() => {
      throw new Overheated(`x${"é".repeat(40_000)}`);
    });
    const { peer } = scriptedPeer({ locator: locator(responder) });
    peer.send({ _ask: "1", _command: "Fail" });
    await peer.expect({ _error: "1", _error_code: "LONG", _error_description: `x${"é".repeat(32_767)}` });
  });
});

describe("a return value that cannot be sent", () => {
  const wrong: readonly (readonly [string, unknown, string])[] = [
    ["a value of another type", { total: "3" }, "total"],
    ["an object without the value", {}, "total"],
    ["undefined", undefined, "total"],
    ["a number", 7, "7"],
    ["null", null, "object"],
  ];

  test.each(wrong)(
    "a responder that returns %s is answered with UNKNOWN, closes the connection and is reported",
    async (_, value, text) => {
      const { peer, errors } = watched({ locator: locator(Sum.responder(() => value as { total: number })) });
      peer.send(SUM);
      await peer.expect(UNKNOWN);
      await peer.expectEnd();
      expect(errors).toMatchObject([[{ name: "BadLocalReturn" }, "Sum"]]);
      expect(errors[0]?.[0]).toBeInstanceOf(BadLocalReturn);
      expect(String(errors[0]?.[0])).toContain("the responder of Sum returned");
      expect(String(errors[0]?.[0])).toContain(text);
    },
  );

  test("a responder that returns a value over 65535 bytes is answered with UNKNOWN and reported", async () => {
    const Long = command("Long", { response: { text: unicode() } });
    const { peer, errors } = watched({
      locator: locator(Long.responder(() => ({ text: "x".repeat(65_536) }))),
    });
    peer.send({ _ask: "1", _command: "Long" });
    await peer.expect(UNKNOWN);
    await peer.expectEnd();
    expect(errors).toMatchObject([[{ name: "BadLocalReturn", cause: { name: "TooLong" } }, "Long"]]);
  });

  test("the report of a value that is not an object has no other text", async () => {
    const { errors, peer } = watched({ locator: locator(Sum.responder(() => 7 as never)) });
    peer.send(SUM);
    await peer.expect(UNKNOWN);
    expect(errors).toMatchObject([
      [{ message: "the responder of Sum returned 7, not an object of response values" }, "Sum"],
    ]);
  });

  test("a wrong value is reported, and closes the connection, even if the ask wants no answer", async () => {
    const { connection, errors, peer } = watched({ locator: locator(Sum.responder(() => ({}) as never)) });
    peer.send({ _command: "Sum", a: "1", b: "2" });
    await peer.expectEnd();
    expect(errors).toMatchObject([[{ name: "BadLocalReturn" }, "Sum"]]);
    connection.destroy();
  });

  test("a raw responder may return anything if the ask wants no answer", async () => {
    const { connection, errors, peer } = watched({ locator: locator({ amp_RAW: () => 7 as never }) });
    peer.send({ _command: "raw" });
    await flushPending();
    expect([connection.state, errors]).toEqual(["open", []]);
  });

  test("large values of asks that want no answer are not kept", async () => {
    const names = Array.from({ length: 40 }, (_, index) => `text${index}`);
    const Long = command("Long", { response: Object.fromEntries(names.map((name) => [name, unicode()])) });
    const values = Object.fromEntries(names.map((name) => [name, "x".repeat(60_000)]));
    // The compiler does not know the computed names.
    const { connection, peer } = watched({ locator: locator(Long.responder(() => values as never)) });
    const before = await heldBytes();
    peer.send({ _command: "Long" });
    await flushPending();
    expect((await heldBytes()) - before).toBeLessThan(1_000_000);
    expect(connection.state).toBe("open");
  });

  test("a raw responder that does not return a Box is answered with UNKNOWN and reported", async () => {
    const raw = { amp_RAW: () => ({ a: "1" }) };
    const { peer, errors } = watched({ locator: locator(raw) });
    peer.send({ _ask: "1", _command: "raw" });
    await peer.expect(UNKNOWN);
    expect(errors).toMatchObject([[{ name: "BadLocalReturn" }, "raw"]]);
  });
});

test.each([
  ["a missing argument", { _ask: "1", _command: "Sum", a: "1" }],
  ["a bad value", { ...SUM, a: "0x10" }],
])(
  "%s in an ask is answered with UNKNOWN, closes the connection and does not run the responder",
  async (_, ask) => {
    const responder = Sum.responder(() => expect.unreachable());
    const { peer, errors } = watched({ locator: locator(responder) });
    peer.send(ask);
    await peer.expect(UNKNOWN);
    await peer.expectEnd();
    expect(errors[0]?.[0]).toBeInstanceOf(InvalidSignature);
  },
);

describe("a command that declares every Error", () => {
  const Broad = command("Broad", {
    arguments: { a: integer() },
    response: { b: integer() },
    errors: { BROAD: Error },
  });
  const responder = Broad.responder(({ a }) => {
    if (a === 0) throw new RangeError("not 0");
    return { b: a / 2 };
  });
  const ASK = { _ask: "1", _command: "Broad" };

  test("a command that declares Error answers with its error code to any error of its responder", async () => {
    const { connection, peer } = watched({ locator: locator(responder) });
    peer.send({ ...ASK, a: "0" });
    await peer.expect({ _error: "1", _error_code: "BROAD", _error_description: "not 0" });
    expect(connection.state).toBe("open");
  });

  test.each([
    ["invalid arguments", { a: "x" }, "InvalidSignature"],
    ["an answer that cannot be sent", { a: "1" }, "BadLocalReturn"],
  ])(
    "a command that declares Error does not cover the library's own error about %s",
    async (_, args, name) => {
      const { peer, errors } = watched({ locator: locator(responder) });
      peer.send({ ...ASK, ...args });
      await peer.expect(UNKNOWN);
      await peer.expectEnd();
      expect(errors).toMatchObject([[{ name }, "Broad"]]);
    },
  );

  test("a command that declares Error is refused in plaintext if TLS is required", async () => {
    const { peer } = watched({ locator: locator(responder), requireTLS: true });
    peer.send({ ...ASK, a: "0" });
    expect((await peer.next())?.text("_error_code")).toBe("TLS_REQUIRED");
  });
});

describe("a raw responder", () => {
  test("a raw responder receives the box unchanged, and the same context", async () => {
    const raw = {
      amp_RAW: (box: Box, { connection }: { connection: unknown }) => {
        expect(connection).toBe(opened.connection);
        return new Box({ keys: [...box.keys()].join(" ") });
      },
    };
    const opened = scriptedPeer({ locator: locator(raw) });
    opened.peer.send({ _ask: "1", _command: "raw", b: "", a: "" });
    await opened.peer.expect({ _answer: "1", keys: "_ask _command a b" });
  });

  test("the Box of a raw responder is not modified", async () => {
    const kept = new Box({ a: "1" });
    const { peer } = scriptedPeer({ locator: locator({ amp_RAW: () => kept }) });
    peer.send({ _ask: "1", _command: "raw" });
    await peer.expect({ _answer: "1", a: "1" });
    expect([...kept.keys()]).toEqual(["a"]);
  });
});

describe("context.signal", () => {
  test("context.signal aborts with the reason when the connection is lost", async () => {
    let aborted: unknown;
    const responder = Wait.responder(
      (_, { signal }) =>
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            aborted = signal.reason;
            reject(new Error("given up"));
          });
        }),
    );
    const { connection, peer } = scriptedPeer({ locator: locator(responder) });
    peer.send({ _ask: "1", _command: "Wait" });
    await flushPending();
    const reason = new Error("pulled");
    connection.destroy(reason);
    expect(aborted).toBe(reason);
    await peer.expectEnd();
  });

  test("context.signal is aborted already if it is first read after the end", async () => {
    let look: () => boolean = () => false;
    const responder = Note.responder((_, context) => {
      look = () => context.signal.aborted;
    });
    const { connection, peer } = scriptedPeer({ locator: locator(responder) });
    peer.send({ _command: "Note", text: "" });
    await flushPending();
    connection.destroy();
    expect(look()).toBe(true);
  });

  test("an answer after the end of the connection is dropped", async () => {
    const calc = calculator();
    const { connection, peer, errors } = watched({ locator: calc.locator });
    peer.send({ _ask: "1", _command: "Wait" });
    await flushPending();
    connection.destroy();
    calc.answer("too late");
    await peer.expectEnd();
    expect(errors).toEqual([]);
  });
});

test("context.state is one object for all asks of a connection", async () => {
  const Count = command("Count", { response: { count: integer() } });
  const shared = locator(
    summing,
    Count.responder((_, { state }) => {
      state.count = Number(state.count ?? 0) + 1;
      return { count: Number(state.count) };
    }),
  );
  const [a] = connectedPair({}, { locator: shared });
  const [b] = connectedPair({}, { locator: shared });
  const counts = [];
  for (const one of [a, a, b, a]) counts.push((await one.callRemote(Count)).count);
  expect(counts).toEqual([1, 2, 1, 3]);
});
