/** Every place that takes options refuses an unknown one, with a suggestion, before anything is opened or sent. */
import {
  Box,
  BoxDispatcher,
  type BoxSender,
  bigBytes,
  bigUnicode,
  Connection,
  InvalidSignature,
  locator,
  type ResponderSource,
  type Transport,
} from "ampwire";
import { flushPending, manualClock, memoryTransports, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { Backoff } from "../../src/core/reconnecting/backoff.ts";
import { ReconnectingClient } from "../../src/core/reconnecting/client.ts";
import { rejection } from "../support/settled.ts";

/** Options that the compiler would refuse. */
const wrong = (options: unknown) => options as object;

describe("startTLS", () => {
  test.each<[unknown, string]>([
    [{ verifyAuthority: [] }, 'unknown option "verifyAuthority" (did you mean "verifyAuthorities"?)'],
    [{ ca: [] }, 'unknown option "ca" (did you mean "verifyAuthorities"?)'],
    [{ rejectUnauthorized: true }, 'unknown option "rejectUnauthorized" (did you mean "verifyAuthorities"?)'],
    [{ servername: "a.example" }, 'unknown option "servername" (did you mean "serverName"?)'],
    [{ verifyAuthorities: null }, "the option verifyAuthorities must not be null"],
    [{ serverName: null }, "the option serverName must not be null"],
    [{ requiresQuiescent: true }, 'unknown option "requiresQuiescent" (did you mean "requireQuiescent"?)'],
    [null, "the options must be an object, not null"],
  ])("startTLS rejects %j, and sends nothing", async (options, message) => {
    const { connection, peer } = scriptedPeer({}, { fakeTLS: true });
    const error = await rejection(connection.startTLS(wrong(options)));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(`startTLS: ${message}`);
    await flushPending();
    expect(peer.unread).toBe(0);
  });
});

describe("a connection", () => {
  test.each<[object, string]>([
    [{ requiresTLS: true }, 'connection: unknown option "requiresTLS" (did you mean "requireTLS"?)'],
    [{ locater: {} }, 'connection: unknown option "locater" (did you mean "locator"?)'],
    [
      { tls: { verifyAuthority: [] } },
      'tls: unknown option "verifyAuthority" (did you mean "verifyAuthorities"?)',
    ],
    [{ tls: { ca: [] } }, 'tls: unknown option "ca" (did you mean "verifyAuthorities"?)'],
    [{ tls: { verifyAuthorities: null } }, "tls: the option verifyAuthorities must not be null"],
    [{ tls: null }, "connection: the option tls must not be null"],
    [{ limits: null }, "connection: the option limits must not be null"],
    [{ limits: { maxBoxByte: 5 } }, 'limits: unknown option "maxBoxByte" (did you mean "maxBoxBytes"?)'],
    [{ heartbeat: { intervall: 5 } }, 'heartbeat: unknown option "intervall" (did you mean "interval"?)'],
    [{ heartbeat: { interval: 5, timeout: null } }, "heartbeat: the option timeout must not be null"],
    [{ heartbeat: null }, "connection: the option heartbeat must not be null"],
  ])("a connection refuses %j", (options, message) => {
    const [transport] = memoryTransports();
    const open = () => new Connection(transport, manualClock(), options);
    expect(open).toThrow(TypeError);
    expect(open).toThrow(message);
  });

  test.each([null, undefined, {}])("a connection refuses %j instead of a transport", (transport) => {
    expect(() => new Connection(transport as unknown as Transport, manualClock())).toThrow(
      new TypeError("connection: a Transport is needed, with the method start"),
    );
  });

  test("a derived class of a connection may have options of its own", () => {
    class Named extends Connection {}
    const options = wrong({ name: "first" });
    expect(new Named(memoryTransports()[0], manualClock(), options).state).toBe("open");
    expect(() => new Connection(memoryTransports()[0], manualClock(), options)).toThrow(
      /unknown option "name"/,
    );
  });

  test("a connection accepts all of its options, and undefined for each", () => {
    const { connection } = scriptedPeer({
      locator: undefined,
      receiver: undefined,
      tls: false,
      requireTLS: undefined,
      limits: {},
      callTimeout: undefined,
      heartbeat: undefined,
      closeOnUndeclaredError: undefined,
      onError: undefined,
      observer: undefined,
    });
    expect(connection.state).toBe("open");
  });
});

describe("a BoxDispatcher", () => {
  test.each<[object | null, string]>([
    [{ limit: {} }, 'BoxDispatcher: unknown option "limit" (did you mean "limits"?)'],
    [{ tls: {} }, 'BoxDispatcher: unknown option "tls"'],
    [{ heartbeat: { interval: 5 } }, 'BoxDispatcher: unknown option "heartbeat"'],
    [{ callTimeout: null }, "BoxDispatcher: the option callTimeout must not be null"],
    [null, "BoxDispatcher: the options must be an object, not null"],
  ])("a BoxDispatcher refuses %j", (options, message) => {
    const make = () => new BoxDispatcher(undefined, undefined, wrong(options));
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });

  test("a BoxDispatcher refuses a second sender, and keeps the first", async () => {
    const sent: string[] = [];
    const sender = (name: string): BoxSender => ({
      sendBox: () => void sent.push(name),
      unhandledError() {},
    });
    const dispatcher = new BoxDispatcher();
    const first = sender("first");
    dispatcher.startReceivingBoxes(first);
    dispatcher.startReceivingBoxes(first);
    expect(() => dispatcher.startReceivingBoxes(sender("second"))).toThrow(InvalidSignature);
    dispatcher.boxReceived(new Box({ _ask: "1", _command: "Nothing" }));
    await flushPending();
    expect(sent).toEqual(["first"]);
  });
});

describe("a split value", () => {
  test.each([bigBytes, bigUnicode])("$name refuses unknown options", (big) => {
    expect(() => big(wrong({ maxByte: 5 }))).toThrow(
      /unknown option "maxByte" \(did you mean "maxBytes"\?\)$/,
    );
    expect(() => big(wrong({ layout: null }))).toThrow(/the option layout must not be null/);
    expect(() => big(wrong(null))).toThrow(/the options must be an object, not null/);
    expect(big({ layout: undefined, maxBytes: undefined })).toBeDefined();
  });
});

describe("a reconnecting client", () => {
  test.each<[object, string]>([
    [{ queue: { maxCall: 5 } }, 'queue: unknown option "maxCall" (did you mean "maxCalls"?)'],
    [{ queue: null }, "queue: the options must be an object, not null"],
    [{ backoff: { minimum: 5 } }, 'backoff: unknown option "minimum"'],
    [{ backoff: { initail: 5 } }, 'backoff: unknown option "initail" (did you mean "initial"?)'],
    [{ backoff: { jitter: null } }, "backoff: the option jitter must not be null"],
    [{ backoff: { jitter: 0.5 } }, "backoff.jitter must be a function, not 0.5"],
    [{ onConnection: {} }, "onConnection must be a function, not an object (Object)"],
    [{ isFatalError: true }, "isFatalError must be a function, not true"],
  ])("a reconnecting client refuses %j and opens nothing", async (options, message) => {
    let opened = 0;
    const open = () => {
      opened++;
      return new Promise<never>(() => {});
    };
    const make = () => new ReconnectingClient(options, { clock: manualClock(), open });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
    await flushPending();
    expect(opened).toBe(0);
  });

  test("Backoff accepts undefined for each option", () => {
    const options = { initial: undefined, max: undefined, factor: undefined, jitter: undefined };
    expect(new Backoff(options).next()).toBeLessThanOrEqual(100);
  });
});

describe("a locator", () => {
  test.each([
    ["amp_Sum", "amp_SUM"],
    ["amp_sum", "amp_SUM"],
  ])("a locator refuses the method %s, which no ask would reach", (name, reachable) => {
    for (const source of [{ [name]: () => new Box() }, Object.create({ [name]: () => new Box() })]) {
      expect(() => locator(source as ResponderSource)).toThrow(
        new InvalidSignature(`the method ${name} would never be called: name it ${reachable}`),
      );
    }
  });

  test("a locator serves a method with digits and signs in its name", () => {
    const found = locator({ amp_SUM_2: () => new Box() }).locateResponder("sum_2");
    expect(found).toBeTypeOf("function");
  });
});
