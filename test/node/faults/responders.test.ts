// biome-ignore-all lint/suspicious/noThenProperty: objects with `then` are tested
/** Responders that fail in every possible way: the peer gets UNKNOWN at most, and no other call is affected. */
import { ampList, bytes, type Connection, command, integer, listOf, locator, unicode } from "ampwire";
import { flushPending, type ScriptedPeer, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { deferred } from "../../support/deferred.ts";
import { ended } from "../../support/settled.ts";

const Odd = command("Odd", {
  response: { text: unicode(), list: listOf(integer()), rows: ampList({ id: integer() }), data: bytes() },
});
const Fine = command("Fine", { response: { text: unicode() } });
const GOOD = { text: "t", list: [1], rows: [{ id: 1 }], data: Uint8Array.of(1) };
const UNKNOWN = { _error: "1", _error_code: "UNKNOWN", _error_description: "Unknown Error" };

interface Served {
  readonly connection: Connection;
  readonly peer: ScriptedPeer;
  readonly reported: unknown[];
}

/** This end stays open after an error, so that the tests can check that it still works. */
function serving(respond: () => unknown, closeOnUndeclaredError = false): Served {
  const reported: unknown[] = [];
  const joined = scriptedPeer({
    locator: locator(
      Odd.responder(respond as () => typeof GOOD), // the cast makes wrong types possible
      Fine.responder(() => ({ text: "fine" })),
    ),
    closeOnUndeclaredError,
    onError: (error) => void reported.push(error),
  });
  return { ...joined, reported };
}

async function stillWorks({ peer, connection }: Served): Promise<void> {
  peer.send({ _ask: "f", _command: "Fine" });
  await peer.expect({ _answer: "f", text: "fine" });
  await flushPending();
  expect(peer.unread).toBe(0);
  expect(connection.state).toBe("open");
}

function thrower(what: unknown): never {
  throw what;
}

const cyclic: unknown[] = [];
cyclic.push(cyclic);
const revoked = Proxy.revocable({}, {});
revoked.revoke();

const garbage: [string, () => unknown][] = [
  ["throws undefined", () => thrower(undefined)],
  ["throws null", () => thrower(null)],
  ["throws a symbol", () => thrower(Symbol("s"))],
  ["throws an object without prototype", () => thrower(Object.create(null))],
  ["throws an object whose toString throws", () => thrower({ toString: () => thrower(new Error("no")) })],
  [
    "throws an error whose message throws",
    () =>
      thrower(
        Object.defineProperty(new Error(), "message", {
          get: () => thrower(new Error("no")),
        }),
      ),
  ],
  ["throws a revoked proxy", () => thrower(revoked.proxy)],
  ["rejects with undefined", () => Promise.reject()],
  ["rejects with an object without prototype", () => Promise.reject(Object.create(null))],
  ["returns nothing", () => undefined],
  ["returns null", () => null],
  ["returns a number", () => 7],
  ["returns a function", () => () => GOOD],
  ["returns an array", () => []],
  ["returns a revoked proxy", () => revoked.proxy],
  [
    "returns a getter that throws",
    () => ({
      ...GOOD,
      get text(): string {
        return thrower(new Error("no"));
      },
    }),
  ],
  [
    "returns a getter for `then` that throws",
    () => Object.defineProperty({}, "then", { get: () => thrower(new Error("no")) }),
  ],
  [
    "returns a proxy that throws on every operation",
    () => new Proxy({}, { get: () => thrower(new Error("no")), has: () => thrower(new Error("no")) }),
  ],
  ["returns a list that contains itself", () => ({ ...GOOD, list: cyclic })],
  ["returns a list with a hole", () => ({ ...GOOD, list: Object.assign([1], { length: 3 }) })],
  ["returns a list as long as an array can be", () => ({ ...GOOD, list: new Array(2 ** 32 - 1) })],
  ["returns a million numbers", () => ({ ...GOOD, list: new Array(1_000_000).fill(1) })],
  ["returns an object that resembles an array", () => ({ ...GOOD, list: { length: 1, 0: 1 } })],
  ["returns an object that resembles bytes", () => ({ ...GOOD, data: { length: 1, 0: 1 } })],
  ["returns text for bytes", () => ({ ...GOOD, data: "text" })],
  ["returns a value one byte too long", () => ({ ...GOOD, data: new Uint8Array(65_536) })],
  [
    "returns rows that throw",
    () => ({ ...GOOD, rows: [Object.defineProperty({}, "id", { get: () => thrower(new Error("no")) })] }),
  ],
  ["resolves with garbage", async () => ({ text: 7 })],
  ["returns a thenable that throws", () => ({ then: () => thrower(new Error("no")) })],
];

describe("faulty responders", () => {
  test.each(garbage)(
    "a responder that %s answers UNKNOWN, and the connection continues",
    async (_, respond) => {
      const served = serving(respond);
      served.peer.send({ _ask: "1", _command: "Odd" });
      await served.peer.expect(UNKNOWN);
      expect(served.reported).toHaveLength(1);
      await stillWorks(served);
      served.peer.send({ _command: "Odd" }); // an ask without tag gets no error
      await stillWorks(served);
    },
  );

  test.each(garbage)(
    "by default the connection closes in order after a responder that %s",
    async (_, respond) => {
      const { peer, connection } = serving(respond, true);
      peer.send({ _ask: "1", _command: "Odd" });
      await peer.expect(UNKNOWN);
      await peer.expectEnd();
      peer.end();
      expect(await ended(connection)).toBeInstanceOf(Error);
    },
  );

  test("a responder that returns bytes with a detached buffer answers with UNKNOWN, not with empty bytes", async () => {
    const data = new Uint8Array(70_000);
    const served = serving(() => {
      structuredClone(data, { transfer: [data.buffer] });
      return { ...GOOD, data };
    });
    served.peer.send({ _ask: "1", _command: "Odd" });
    await served.peer.expect(UNKNOWN);
    await stillWorks(served);
  });

  const thenables: [
    string,
    (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void,
    object,
  ][] = [
    ["resolves twice", (resolve) => [resolve(GOOD), resolve({ ...GOOD, text: "second" })], {}],
    ["resolves, then rejects", (resolve, reject) => [resolve(GOOD), reject(new Error("late"))], {}],
    ["rejects, then resolves", (resolve, reject) => [reject(new Error("first")), resolve(GOOD)], UNKNOWN],
    ["rejects twice", (_, reject) => [reject(new Error("first")), reject(new Error("second"))], UNKNOWN],
    ["resolves, then throws", (resolve) => [resolve(GOOD), thrower(new Error("late"))], {}],
  ];

  test.each(thenables)(
    "a responder that returns a thenable that %s answers once",
    async (_, act, expected) => {
      const served = serving(() => ({ then: act }));
      served.peer.send({ _ask: "1", _command: "Odd" });
      const answer = await served.peer.next();
      if ("_error" in expected) expect(answer?.text("_error_code")).toBe("UNKNOWN");
      else expect(answer?.text("_answer")).toBe("1");
      await stillWorks(served);
      // No call is in progress any more, so close() does not wait.
      void served.connection.close();
      await served.peer.expectEnd();
    },
  );

  test("a responder that never settles is counted, gets the abort signal, and its late answer is dropped", async () => {
    const late = deferred<typeof GOOD>();
    const heard = deferred<unknown>();
    const joined = scriptedPeer({
      locator: locator(
        Odd.responder((_, { signal }) => {
          signal.addEventListener("abort", () => heard.resolve(signal.reason), { once: true });
          return late.promise;
        }),
      ),
    });
    joined.peer.send({ _ask: "1", _command: "Odd" });
    await flushPending();
    joined.peer.destroy();
    joined.connection.destroy();
    const reason = await ended(joined.connection);
    expect(await heard.promise).toBe(reason);
    late.resolve(GOOD);
    await flushPending();
    expect(joined.peer.unread).toBe(0);
  });

  test.each(["throws", "rejects", "returns garbage"])(
    "a responder that %s after the end of the connection is reported once",
    async (how) => {
      const end = deferred<void>();
      const reported: unknown[] = [];
      const { connection, peer } = scriptedPeer({
        locator: locator(
          Odd.responder(async () => {
            await end.promise;
            if (how === "throws") throw new Error("too late");
            if (how === "rejects") return Promise.reject(new Error("too late"));
            return {} as typeof GOOD;
          }),
        ),
        onError: (error) => void reported.push(error),
      });
      peer.send({ _ask: "1", _command: "Odd" });
      await flushPending();
      connection.destroy();
      await ended(connection);
      end.resolve();
      await flushPending();
      // The returned value is not checked, because it cannot be sent.
      expect(reported).toHaveLength(how === "returns garbage" ? 0 : 1);
    },
  );
});
