/** The peer's asks: "Asks, answers and errors" of SPEC.md from the answering side. */
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
import { connectedPair, flushPending, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { rejection } from "../../support/settled.ts";
import { calculator, Divide, Note, Overheated, SUM, Sum, summing, TOTAL, Wait } from "../calculator.ts";

const UNKNOWN = { _error: "1", _error_code: "UNKNOWN", _error_description: "Unknown Error" };

/** What a program in JavaScript may throw. */
const NO_ERROR = "the password is swordfish" as unknown as Error;

function forbidden(): never {
  throw new Error("nobody looks here");
}

/** A peer of a connection whose errors are collected. */
function watched(options: ConnectionOptions) {
  const errors: [unknown, string | undefined][] = [];
  const onError = (error: unknown, { command }: ErrorContext) => void errors.push([error, command]);
  return { errors, ...scriptedPeer({ onError, ...options }) };
}

describe("an ask", () => {
  test.each([
    ["of one byte", Uint8Array.of(0)],
    ["that is no text", Uint8Array.of(0xff, 0xfe, 0)],
    ["that is empty", new Uint8Array(0)],
    ["of 65535 bytes", new Uint8Array(65_535).fill(7)],
  ])("with a tag %s: it is echoed unchanged, also when the answer comes later", async (_, tag) => {
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

  test("without _ask runs, and nothing is answered", async () => {
    const calc = calculator();
    const { peer } = scriptedPeer({ locator: calc.locator });
    peer.send({ _command: "Sum", a: "1", b: "2" }, { _command: "Note", text: "heard" }, SUM);
    await peer.expect(TOTAL);
    expect(calc.notes).toEqual(["heard"]);
  });

  test("of a command that wants no answer is answered when the peer wants one", async () => {
    const { peer } = scriptedPeer({ locator: calculator().locator });
    peer.send({ _ask: "1", _command: "Note", text: "" });
    await peer.expect({ _answer: "1" });
  });

  test("is answered when it is done, out of turn", async () => {
    const calc = calculator();
    const { peer } = scriptedPeer({ locator: calc.locator });
    peer.send({ _ask: "w", _command: "Wait" }, SUM);
    await peer.expect(TOTAL);
    calc.answer("");
    await peer.expect({ _answer: "w", after: "" });
  });

  test("may be answered by anything that has a `then`", async () => {
    const thenable: PromiseLike<{ total: number }> = {
      // biome-ignore lint/suspicious/noThenProperty: this is what the test is about
      then: (resolve) => Promise.resolve({ total: 7 }).then(resolve),
    };
    const { peer } = scriptedPeer({ locator: locator(Sum.responder(() => thenable)) });
    peer.send(SUM);
    await peer.expect({ _answer: "1", total: "7" });
  });

  test("may call back over the connection that it came on", async () => {
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

  test("what a responder returns beyond the response is left out", async () => {
    const { peer } = scriptedPeer({ locator: locator(Sum.responder(() => ({ total: 3, more: "x" }))) });
    peer.send(SUM);
    await peer.expect(TOTAL);
  });

  test("optional response values may be left out, or be all there is", async () => {
    const Maybe = command("Maybe", { response: { text: optional(unicode()) } });
    const { peer } = scriptedPeer({ locator: locator(Maybe.responder(() => {})) });
    peer.send({ _ask: "1", _command: "Maybe" });
    await peer.expect({ _answer: "1" });
  });
});

describe("an unknown command", () => {
  test("with _ask: UNHANDLED, and the connection stays open", async () => {
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

  test("without _ask: reported here, and the connection stays open", async () => {
    const { connection, peer, errors } = watched({});
    peer.send({ _command: "Nope" });
    await flushPending();
    expect(connection.state).toBe("open");
    expect(errors).toMatchObject([[{ message: "UNHANDLED: Unhandled Command: 'Nope'" }, "Nope"]]);
  });

  test("the caller gets UnhandledCommand", async () => {
    const [a] = connectedPair();
    const error = await rejection(a.callRemote(Sum, { a: 1, b: 2 }));
    expect(error).toBeInstanceOf(UnhandledCommand);
    expect(error.message).toBe("Unhandled Command: 'Sum'");
  });
});

describe("an error thrown", () => {
  test("that is declared: its code and text, and the connection stays open", async () => {
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

  test("that is fatal: the error box, then the end, with the error as reason", async () => {
    const { connection, peer } = watched({ locator: calculator().locator });
    peer.send({ _ask: "1", _command: "Divide", numerator: "1", denominator: "13" }, SUM);
    await peer.expect({ _error: "1", _error_code: "OVERHEATED", _error_description: "too hot" });
    await peer.expectEnd();
    peer.end();
    expect(await connection.closed).toBeInstanceOf(Overheated);
  });

  test.each([
    [
      "at once",
      () => {
        throw new Error("the password is swordfish");
      },
    ],
    [
      "later",
      async () => {
        await flushPending();
        throw new Error("the password is swordfish");
      },
    ],
    [
      "that is no Error",
      () => {
        throw NO_ERROR;
      },
    ],
  ] as const)("undeclared, %s: UNKNOWN, then the end; its text never leaks", async (_, respond) => {
    const { connection, peer, errors } = watched({ locator: locator(Sum.responder(respond)) });
    peer.send(SUM);
    await peer.expect(UNKNOWN);
    await peer.expectEnd();
    expect(errors).toHaveLength(1);
    expect(String(errors[0]?.[0])).toContain("swordfish");
    expect(errors[0]?.[1]).toBe("Sum");
    peer.end();
    expect((await connection.closed).message).toContain("swordfish");
  });

  test.each([
    ["its constructor", { constructor: { get: forbidden } }, Error.prototype],
    ["its code", { errorCode: { get: forbidden } }, RemoteAmpError.prototype],
  ])(
    "that throws again when somebody looks at %s: UNKNOWN, at once or later",
    async (_, properties, base) => {
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
    },
  );

  test("undeclared, with closeOnUndeclaredError false: UNKNOWN, and the connection stays open", async () => {
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

  test.each([false, true])("RemoteAmpError: its own code and description; fatal: %s", async (fatal) => {
    const responder = Sum.responder(() => {
      throw new RemoteAmpError("MINE", "as I say", fatal);
    });
    const { connection, peer, errors } = watched({ locator: locator(responder) });
    peer.send(SUM);
    await peer.expect({ _error: "1", _error_code: "MINE", _error_description: "as I say" });
    expect(connection.state).toBe(fatal ? "closed" : "open");
    expect(errors).toEqual([]);
  });

  test("without _ask is reported, since nobody else hears of it", async () => {
    const { peer, errors } = watched({ locator: calculator().locator });
    peer.send({ _command: "Divide", numerator: "1", denominator: "0" }, SUM);
    await peer.expect(TOTAL);
    expect(errors).toMatchObject([[{ message: "division by zero" }, "Divide"]]);
  });

  test("with a description too long for the wire is cut between two characters", async () => {
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
    ["of another type", { total: "3" }, "total"],
    ["that is missing", {}, "total"],
    ["nothing at all", undefined, "total"],
    ["no object", 7, "number"],
    ["null", null, "object"],
  ];

  test.each(wrong)("%s: UNKNOWN, then the end; reported with the command's name", async (_, value, text) => {
    const { peer, errors } = watched({ locator: locator(Sum.responder(() => value as { total: number })) });
    peer.send(SUM);
    await peer.expect(UNKNOWN);
    await peer.expectEnd();
    expect(errors).toMatchObject([[{ name: "BadLocalReturn" }, "Sum"]]);
    expect(errors[0]?.[0]).toBeInstanceOf(BadLocalReturn);
    expect(String(errors[0]?.[0])).toContain("the responder of Sum returned");
    expect(String(errors[0]?.[0])).toContain(text);
  });

  test("over 65535 bytes: the same", async () => {
    const Long = command("Long", { response: { text: unicode() } });
    const { peer, errors } = watched({
      locator: locator(Long.responder(() => ({ text: "x".repeat(65_536) }))),
    });
    peer.send({ _ask: "1", _command: "Long" });
    await peer.expect(UNKNOWN);
    await peer.expectEnd();
    expect(errors).toMatchObject([[{ name: "BadLocalReturn", cause: { name: "TooLong" } }, "Long"]]);
  });

  test("no Box, from a raw responder: the same", async () => {
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
])("%s in an ask: UNKNOWN, then the end; the responder never runs", async (_, ask) => {
  const responder = Sum.responder(() => expect.unreachable());
  const { peer, errors } = watched({ locator: locator(responder) });
  peer.send(ask);
  await peer.expect(UNKNOWN);
  await peer.expectEnd();
  expect(errors[0]?.[0]).toBeInstanceOf(InvalidSignature);
});

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

  test("answers with its tag to what its responder throws", async () => {
    const { connection, peer } = watched({ locator: locator(responder) });
    peer.send({ ...ASK, a: "0" });
    await peer.expect({ _error: "1", _error_code: "BROAD", _error_description: "not 0" });
    expect(connection.state).toBe("open");
  });

  test.each([
    ["arguments that are none", { a: "x" }, "InvalidSignature"],
    ["an answer that cannot be sent", { a: "1" }, "BadLocalReturn"],
  ])("does not declare our own error about %s", async (_, args, name) => {
    const { peer, errors } = watched({ locator: locator(responder) });
    peer.send({ ...ASK, ...args });
    await peer.expect(UNKNOWN);
    await peer.expectEnd();
    expect(errors).toMatchObject([[{ name }, "Broad"]]);
  });

  test("is refused in plaintext like any other", async () => {
    const { peer } = watched({ locator: locator(responder), requireTLS: true });
    peer.send({ ...ASK, a: "0" });
    expect((await peer.next())?.text("_error_code")).toBe("TLS_REQUIRED");
  });
});

describe("a raw responder", () => {
  test("gets the box as it came, and the same context", async () => {
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

  test("its Box is not written to", async () => {
    const kept = new Box({ a: "1" });
    const { peer } = scriptedPeer({ locator: locator({ amp_RAW: () => kept }) });
    peer.send({ _ask: "1", _command: "raw" });
    await peer.expect({ _answer: "1", a: "1" });
    expect([...kept.keys()]).toEqual(["a"]);
  });
});

describe("context.signal", () => {
  test("aborts when the connection is lost, with the reason", async () => {
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

  test("is aborted already for who looks too late", async () => {
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

  test("an answer that comes after the end goes nowhere", async () => {
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

test("context.state is the connection's own, and one object for all its asks", async () => {
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
