import {
  Box,
  Command,
  type CommandSpec,
  command,
  type Fields,
  type InputOf,
  InvalidSignature,
  integer,
  listOf,
  local,
  locator,
  optional,
  plainBox,
  StartTLS,
  TooLong,
  UnknownRemoteError,
  unicode,
  type ValuesOf,
} from "ampwire";
import { connectedPair, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { textOf } from "../../support/raw-peer.ts";
import { rejection } from "../../support/settled.ts";
import { Divide, Sum, ZeroDivisionError } from "../calculator.ts";

class Base extends Error {}
class Own extends Error {}
class Derived extends Base {}
class Fatal extends Error {}

describe("command", () => {
  test("command() keeps its options and fills in defaults", () => {
    expect(Sum.name).toBe("Sum");
    expect(Object.keys(Sum.arguments)).toEqual(["a", "b"]);
    expect(Object.keys(Sum.response)).toEqual(["total"]);
    expect(Divide.errors).toEqual({ ZERO_DIVISION: ZeroDivisionError });
    expect(command("Bare")).toMatchObject({
      arguments: {},
      response: {},
      errors: {},
      fatalErrors: {},
      requiresAnswer: true,
      requireTLS: false,
      idempotent: false,
      commandType: plainBox,
      responseType: plainBox,
    });
  });

  test.each<[string, () => unknown, new (message: string) => Error]>([
    ["no name", () => command(""), InvalidSignature],
    ["a name with a lone surrogate", () => command("\ud800"), InvalidSignature],
    ["an empty argument name", () => command("X", { arguments: { "": integer() } }), InvalidSignature],
    [
      "an argument named __proto__",
      () => command("X", { arguments: { ["__proto__"]: integer() } }),
      InvalidSignature,
    ],
    [
      "an argument with the name of a protocol key",
      () => command("X", { arguments: { _ask: integer() } }),
      InvalidSignature,
    ],
    [
      "a response with the name of a protocol key",
      () => command("X", { response: { _error: integer() } }),
      InvalidSignature,
    ],
    [
      "an argument name of 256 bytes",
      () => command("X", { arguments: { ["é".repeat(128)]: integer() } }),
      TooLong,
    ],
    [
      "an error that is not a class",
      () => command("X", { errors: { BAD: "Bad" as unknown as typeof Base } }),
      InvalidSignature,
    ],
  ])("command() rejects %s", (_, make, errorClass) => {
    expect(make).toThrow(errorClass);
  });

  test("a command name that is not UTF-8 is called and served under the same bytes", async () => {
    const Cafe = command("caf\udce9", { arguments: { a: integer() } });
    const { connection, peer } = scriptedPeer({ locator: locator(Cafe.responder(() => {})) });
    const latin = Uint8Array.of(0x63, 0x61, 0x66, 0xe9);
    peer.send({ _ask: "1", _command: latin, a: "1" });
    await peer.expect({ _answer: "1" });
    const calls = [
      connection.callRemote(Cafe, { a: 1 }),
      connection.callRemoteString("caf\udce9", new Box({ a: "1" })),
    ];
    await peer.expect({ _ask: "1", _command: latin, a: "1" }, { _ask: "2", _command: latin, a: "1" });
    connection.destroy();
    await Promise.all(calls.map(rejection));
    const [a] = connectedPair();
    expect(await rejection(a.callRemoteString("\ud800"))).toBeInstanceOf(InvalidSignature);
  });

  test("a command makes and parses boxes without a connection", () => {
    expect(textOf(Sum.makeArguments({ a: 1, b: 2 }))).toEqual({ a: "1", b: "2" });
    expect(Sum.parseArguments(new Box({ a: "1", b: "2", c: "3" }))).toEqual({ a: 1, b: 2 });
    expect(textOf(Sum.makeResponse({ total: 3 }))).toEqual({ total: "3" });
    expect(Sum.parseResponse(new Box({ total: "3" }))).toEqual({ total: 3 });
    expect(command("Bare").makeArguments({}).size).toBe(0);
    expect(() => Sum.parseArguments(new Box())).toThrow('argument of Sum: "a" is missing');
    expect(() => Sum.parseResponse(new Box())).toThrow('response of Sum: "total" is missing');
  });

  test("arguments may have the names of properties that every object inherits", async () => {
    const Odd = command("Odd", {
      arguments: { toString: unicode(), constructor: optional(unicode()) },
      response: { valueOf: unicode() },
    });
    const responder = Odd.responder((args) => ({ valueOf: Object.keys(args).join() }));
    const [a] = connectedPair({}, { locator: locator(responder) });
    const args = { toString: "x" } as unknown as InputOf<typeof Odd.arguments>;
    expect((await a.callRemote(Odd, args)).valueOf).toBe("toString");
    expect(await rejection(a.callRemote(Odd, {} as typeof args))).toMatchObject({
      message: 'argument of Odd: "toString" is missing',
    });
  });

  test("a local argument is not sent, and is ignored if the peer sends it", async () => {
    const Here = command("Here", { arguments: { n: integer(), here: local<object>() } });
    const seen: object[] = [];
    const { connection, peer } = scriptedPeer({
      locator: locator(Here.responder((args) => void seen.push(args))),
    });
    void connection.callRemote(Here, { n: 1, here: {} }).catch(() => {});
    await peer.expect({ _ask: "1", _command: "Here", n: "1" });
    peer.send({ _ask: "1", _command: "Here", n: "1", here: "forged" });
    await peer.expect({ _answer: "1" });
    expect(seen).toEqual([{ n: 1 }]);
    connection.destroy();
  });
});

describe("extend", () => {
  const Greet = command("Greet", {
    arguments: { name: unicode() },
    response: { text: unicode() },
    errors: { BASE: Base },
    fatalErrors: { FATAL: Fatal },
    requireTLS: true,
    idempotent: true,
  });
  const GreetAll = Greet.extend("GreetAll", {
    arguments: { more: listOf(unicode()) },
    response: { count: integer() },
    errors: { OWN: Own },
  });

  test("an extension inherits and adds, and its base does not change", () => {
    expect(GreetAll).toBeInstanceOf(Command);
    expect(GreetAll.name).toBe("GreetAll");
    expect(Object.keys(GreetAll.arguments)).toEqual(["name", "more"]);
    expect(Object.keys(GreetAll.response)).toEqual(["text", "count"]);
    expect(GreetAll.errors).toEqual({ BASE: Base, OWN: Own });
    expect(GreetAll.fatalErrors).toEqual({ FATAL: Fatal });
    expect([GreetAll.requireTLS, GreetAll.idempotent, GreetAll.requiresAnswer]).toEqual([true, true, true]);
    expect(Object.keys(Greet.arguments)).toEqual(["name"]);
    expect(Greet.errors).toEqual({ BASE: Base });
  });

  test("an extension replaces inherited arguments and options", () => {
    const Quiet = Greet.extend("Quiet", {
      arguments: { name: integer() },
      requiresAnswer: false,
      requireTLS: false,
    });
    expect(Quiet.requiresAnswer).toBe(false);
    expect(Quiet.requireTLS).toBe(false);
    expect(textOf(Quiet.makeArguments({ name: 7 }))).toEqual({ name: "7" });
  });

  test("an extension inherits options that are given as undefined", () => {
    const spec = { requireTLS: undefined, idempotent: undefined, commandType: undefined, errors: undefined };
    const Secret = command("Secret", { requireTLS: true, idempotent: true, errors: { BASE: Base } });
    // Programs compiled without `exactOptionalPropertyTypes` may pass undefined.
    const More = Secret.extend("More", spec as {});
    expect([More.requireTLS, More.idempotent, More.errors]).toEqual([true, true, { BASE: Base }]);
    expect(StartTLS.extend("Secure", spec as {}).commandType).toBe(StartTLS.commandType);
  });

  test("an extension can be extended, and needs nothing of its own", () => {
    const Third = GreetAll.extend("Third");
    expect(Object.keys(Third.arguments)).toEqual(["name", "more"]);
    expect(Third.errors).toEqual({ BASE: Base, OWN: Own });
  });

  test("the errors of a base command are errors of its extension, in both directions", async () => {
    const Plain = command("Plain", { errors: { BASE: Base } });
    const More = Plain.extend("More", { arguments: { which: unicode() }, errors: { OWN: Own } });
    const thrown: Record<string, new (message: string) => Error> = { base: Base, own: Own, derived: Derived };
    const responder = More.responder(({ which }) => {
      throw new (thrown[which] ?? Error)(which);
    });
    const [a] = connectedPair({}, { locator: locator(responder) });
    expect(await rejection(a.callRemote(More, { which: "base" }))).toBeInstanceOf(Base);
    expect(await rejection(a.callRemote(More, { which: "own" }))).toBeInstanceOf(Own);
    // An instance of a subclass of a declared class is sent with the error code of the declared class.
    expect(await rejection(a.callRemote(More, { which: "derived" }))).toBeInstanceOf(Base);
    expect(await rejection(a.callRemote(More, { which: "other" }))).toBeInstanceOf(UnknownRemoteError);
  });

  test("an error of the base keeps its error code if an extension gives the code to another class", async () => {
    const Plain = command("Plain", { errors: { SHARED: Base } });
    const spec = { arguments: { which: unicode() }, errors: { SHARED: Own } };
    const Third = Plain.extend("Second", spec).extend("Third");
    const responder = Third.responder(({ which }) => {
      throw which === "base" ? new Base("of the base") : new Own("of the extension");
    });
    const { connection, peer } = scriptedPeer({ locator: locator(responder) });
    const shared = { _error: "1", _error_code: "SHARED" };
    peer.send(
      { _ask: "1", _command: "Third", which: "base" },
      { _ask: "1", _command: "Third", which: "own" },
    );
    await peer.expect(
      { ...shared, _error_description: "of the base" },
      { ...shared, _error_description: "of the extension" },
    );
    const failed = rejection(connection.callRemote(Third, { which: "" }));
    await peer.next();
    peer.send({ ...shared, _error_description: "" });
    expect(await failed).toBeInstanceOf(Own);
  });

  test("the nearest declared class determines the error code", async () => {
    const Both = command("Both", { errors: { BASE: Base, DERIVED: Derived } });
    const responder = Both.responder(() => {
      throw new Derived("x");
    });
    const [a] = connectedPair({}, { locator: locator(responder) });
    expect(await rejection(a.callRemote(Both))).toBeInstanceOf(Derived);
    expect(await rejection(a.callRemoteString("Both"))).toBeInstanceOf(Error);
  });
});

describe("a subclass of Command", () => {
  /** A subclass with a key that no schema declares, as programs for Twisted override these four methods. */
  class Versioned<A extends Fields, R extends Fields> extends Command<A, R, true> {
    override makeArguments(values: InputOf<A>, connection?: unknown): Box {
      return super.makeArguments(values, connection).set("version", "2");
    }
    override parseArguments(box: Box, connection?: unknown): ValuesOf<A> {
      if (box.text("version") !== "2") throw new InvalidSignature("another version");
      return super.parseArguments(box, connection);
    }
    override makeResponse(values: InputOf<R>, connection?: unknown): Box {
      return super.makeResponse(values, connection).set("served", "2");
    }
    override parseResponse(box: Box, connection?: unknown): ValuesOf<R> {
      if (box.text("served") !== "2") throw new InvalidSignature("another version served");
      return super.parseResponse(box, connection);
    }
  }
  const spec = {
    arguments: { a: integer() },
    response: { twice: integer() },
  } satisfies CommandSpec<Fields, Fields, true>;
  const Twice = new Versioned("Twice", spec);
  const twice = Twice.responder(({ a }) => ({ twice: 2 * a }));

  test("a subclass makes the boxes of its calls, and the connection sets tag and name", async () => {
    const { connection, peer } = scriptedPeer();
    const answer = connection.callRemote(Twice, { a: 4 });
    await peer.expect({ _ask: "1", _command: "Twice", a: "4", version: "2" });
    peer.send({ _answer: "1", twice: "8", served: "2" });
    expect(await answer).toEqual({ twice: 8 });
    const wrong = rejection(connection.callRemote(Twice, { a: 4 }));
    await peer.expect({ _ask: "2", _command: "Twice", a: "4", version: "2" });
    peer.send({ _answer: "2", twice: "8" });
    expect((await wrong).message).toBe("another version served");
    expect(connection.state).toBe("open");
  });

  test("a subclass parses the arguments and makes the answers of its responders", async () => {
    const { peer } = scriptedPeer({ locator: locator(twice) });
    peer.send({ _ask: "x", _command: "Twice", a: "4", version: "2" });
    await peer.expect({ _answer: "x", twice: "8", served: "2" });
    peer.send({ _ask: "y", _command: "Twice", a: "4" });
    await peer.expect({ _error: "y", _error_code: "UNKNOWN", _error_description: "Unknown Error" });
  });

  test("the methods of a subclass receive the connection", async () => {
    const told: unknown[] = [];
    class Curious extends Command<{}, {}, true> {
      override makeArguments(values: InputOf<{}>, connection?: unknown): Box {
        told.push(connection);
        return super.makeArguments(values, connection);
      }
      override parseArguments(box: Box, connection?: unknown): ValuesOf<{}> {
        told.push(connection);
        return super.parseArguments(box, connection);
      }
    }
    const Look = new Curious("Look");
    const [a, b] = connectedPair({}, { locator: locator(Look.responder(() => {})) });
    await a.callRemote(Look);
    expect(told).toEqual([a, b]);
  });

  test("a call rejects, sends nothing and uses no tag if makeArguments() throws", async () => {
    class Picky extends Command<{}, {}, boolean> {
      override makeArguments(): Box {
        throw new TypeError("not like this");
      }
    }
    const { connection, peer } = scriptedPeer();
    const call = connection.callRemote(new Picky("Picky", { requiresAnswer: true }));
    expect(await rejection(Promise.resolve(call))).toBeInstanceOf(TypeError);
    expect(() => connection.callRemote(new Picky("Picky", { requiresAnswer: false }))).toThrow(TypeError);
    void connection.callRemote(Sum, { a: 1, b: 2 }).catch(() => {});
    await peer.expect({ _ask: "1", _command: "Sum", a: "1", b: "2" });
    connection.destroy();
  });

  test("an extension of a subclass is an instance of it and keeps its methods", async () => {
    const Thrice = Twice.extend("Thrice", { arguments: { b: integer() } });
    expect(Thrice).toBeInstanceOf(Versioned);
    expect(textOf(Thrice.makeArguments({ a: 1, b: 2 }))).toEqual({ a: "1", b: "2", version: "2" });
    const { connection, peer } = scriptedPeer();
    void connection.callRemote(Thrice, { a: 1, b: 2 }).catch(() => {});
    await peer.expect({ _ask: "1", _command: "Thrice", a: "1", b: "2", version: "2" });
    connection.destroy();
  });
});
