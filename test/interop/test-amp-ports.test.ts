/**
 * Tests of Twisted's test_amp.py, translated; those about values are in test-amp-values.test.ts. The other tests of that file have a counterpart elsewhere: the table in
 * test-amp.md lists all of them.
 */
import { inspect } from "node:util";
import {
  type Argument,
  ampList,
  BadLocalReturn,
  Box,
  type BoxDispatcher,
  type BoxReceiver,
  type BoxSender,
  bytes,
  type CommandResponder,
  Connection,
  command,
  encodeBox,
  InvalidSignature,
  type integer,
  KeyTooLong,
  locator,
  optional,
  ProtocolSwitchCommand,
  parseBoxes,
  plainBox,
  quitBox,
  RemoteAmpError,
  type ResponderLocator,
  switchBox,
  TooLong,
  type Transport,
  tlsBox,
  unicode,
} from "ampwire";
import { connectedPair, flushPending, manualClock, memoryTransports, scriptedPeer } from "ampwire/testing";
import { describe, expect, expectTypeOf, test } from "vitest";
import { pair } from "../support/loopback.ts";
import { textOf } from "../support/raw-peer.ts";
import { ReceiverProbe } from "../support/receiver-probe.ts";
import { rejection } from "../support/settled.ts";

const ascii = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));

const Hello = command("hello", {
  arguments: {
    hello: bytes(),
    optional: optional(unicode()),
    print: optional(unicode()),
    mixedCase: optional(bytes()),
    "dash-arg": optional(bytes()),
    underscore_arg: optional(bytes()),
  },
  response: { hello: bytes(), print: optional(unicode()) },
});

describe("boxes", () => {
  const SIMPLE = ["simple", "test"] as const;
  const CE = ["ceq", ": "] as const;
  const CR = ["crtest", "test\r"] as const;
  const LF = ["lftest", "hello\n"] as const;
  const NEWLINE = ["newline", "test\r\none\r\ntwo"] as const;
  const NEWLINE2 = ["newline2", "test\r\none\r\n two"] as const;
  const BODY = ["body", "blah\r\n\r\ntesttest"] as const;

  test.each([
    [[SIMPLE]],
    [[SIMPLE, BODY]],
    [[SIMPLE, CE]],
    [[SIMPLE, CR]],
    [[SIMPLE, CE, CR, LF]],
    [[CE, CR, LF]],
    [[SIMPLE, NEWLINE, CE, NEWLINE2]],
    [[BODY, SIMPLE, NEWLINE]],
  ])("a box with line breaks and colons is read as it was written: %j", (pairs) => {
    const box = new Box(pairs);
    expect(parseBoxes(encodeBox(box))).toEqual([box]);
  });

  test("a key over 255 bytes and a value over 65535 bytes are rejected with their length and their key", async () => {
    const { connection, peer } = scriptedPeer();
    const longKey = connection.callRemoteString("Hello", new Box({ ["H".repeat(256)]: "hi" }));
    expect(await rejection(longKey)).toBeInstanceOf(TooLong);
    expect((await rejection(longKey)).message).toMatch(/key.*256/);
    const longValue = connection.callRemote(Hello, { hello: new Uint8Array(65_536) });
    expect(await rejection(longValue)).toBeInstanceOf(TooLong);
    expect((await rejection(longValue)).message).toMatch(/hello.*65536/);
    await flushPending();
    expect(peer.unread).toBe(0);
  });

  test("a key length over 255 ends the connection with KeyTooLong, for the receiver of boxes too", async () => {
    const stopped: Error[] = [];
    const { connection, peer } = scriptedPeer({
      receiver: {
        startReceivingBoxes() {},
        boxReceived() {},
        stopReceivingBoxes: (reason) => void stopped.push(reason),
      },
    });
    peer.send("0100");
    await peer.expectEnd();
    peer.end();
    await connection.closed;
    await flushPending();
    expect(stopped).toEqual([expect.any(KeyTooLong)]);
  });

  test("a receiver may send a box in startReceivingBoxes()", async () => {
    const { peer } = scriptedPeer({
      receiver: {
        startReceivingBoxes: (sender) => sender.sendBox(new Box({ foo: "bar" })),
        boxReceived() {},
        stopReceivingBoxes() {},
      },
    });
    await peer.expect("0003 666f6f 0003 626172 0000");
  });
});

describe("interfaces", () => {
  test("the classes have the types of the interfaces that they implement", () => {
    expectTypeOf<BoxDispatcher>().toExtend<BoxReceiver>();
    expectTypeOf<ReturnType<typeof locator>>().toExtend<ResponderLocator>();
    expectTypeOf<ReturnType<typeof integer>>().toExtend<Argument<number>>();
    expectTypeOf<Parameters<BoxReceiver["startReceivingBoxes"]>[0]>().toEqualTypeOf<BoxSender>();
    const [transport] = memoryTransports();
    const connection = new Connection(transport, manualClock());
    expect([typeof connection.callRemote, typeof connection.callRemoteString]).toEqual([
      "function",
      "function",
    ]);
    connection.destroy();
  });

  test("boxes and the kinds of boxes can be told apart in logs", () => {
    expect(inspect(new Box({ hello: "world" }))).toMatch(/^Box\(1\).*hello/);
    expect([plainBox, quitBox, switchBox, tlsBox].map(({ name }) => name)).toEqual([
      "Box",
      "QuitBox",
      "SwitchBox",
      "TLSBox",
    ]);
  });

  test("console.log of a connection shows its state, and after a switch that it is switched", async () => {
    const ToRaw = new ProtocolSwitchCommand<{}, { destroy(): void }>("ToRaw");
    const protocol = (stream: { destroy(): void }) => stream.destroy();
    const { client } = await pair({ locator: locator(ToRaw.responder(() => ({ protocol }))) });
    const before = inspect(client);
    expect(before).toContain(client.id);
    expect(before).toContain("state: 'open'");
    expect(before).not.toContain("reason");
    await client.callRemote(ToRaw, { protocol });
    expect(inspect(client)).toContain("state: 'switched'");
    expect(inspect(client)).toContain("ProtocolSwitched");
  });
});

describe("calls", () => {
  test("argument names in mixed case, with dashes and underscores, are the keys on the wire and the names here", async () => {
    const values = {
      hello: ascii("hello test"),
      mixedCase: ascii("mixed case arg test"),
      "dash-arg": ascii("x"),
      underscore_arg: ascii("y"),
    };
    const seen: unknown[] = [];
    const responder: CommandResponder = Hello.responder((given) => {
      seen.push(given);
      return { hello: ascii("aaa") };
    });
    const [client] = connectedPair({}, { locator: locator(responder) });
    expect(await client.callRemote(Hello, values)).toEqual({ hello: ascii("aaa") });
    expect(seen).toEqual([values]); // an optional argument that was not sent is absent
    expect(textOf(Hello.makeArguments(values))).toEqual({
      hello: "hello test",
      mixedCase: "mixed case arg test",
      "dash-arg": "x",
      underscore_arg: "y",
    });
  });

  test("a responder of a command without an answer answers a caller that requests one", async () => {
    const Quiet = Hello.extend("hello", { requiresAnswer: false });
    const responder = Quiet.responder(({ hello }) => ({ hello: Uint8Array.of(...hello, 0x21) }));
    const [client] = connectedPair({}, { locator: locator(responder) });
    expect(await client.callRemote(Hello, { hello: ascii("a") })).toEqual({ hello: ascii("a!") });
  });

  test("a responder that must not answer reports an invalid return value", async () => {
    const reported: unknown[] = [];
    const Quiet = Hello.extend("hello", { requiresAnswer: false });
    const responder = Quiet.responder(() => undefined as never); // a JavaScript program may forget to return
    const [client] = connectedPair(
      {},
      { locator: locator(responder), onError: (error) => void reported.push(error) },
    );
    client.callRemote(Quiet, { hello: ascii("hello") });
    await flushPending();
    expect(reported).toEqual([expect.any(BadLocalReturn)]);
  });

  test("callRemoteString returns undefined if requiresAnswer is false", () => {
    const { connection } = scriptedPeer();
    expect(connection.callRemoteString("WTF", undefined, { requiresAnswer: false })).toBeUndefined();
    connection.destroy();
  });

  test("an optional list of rows may be omitted or passed", async () => {
    const Pick = command("dontrejectme", {
      arguments: { magicWord: unicode(), list: optional(ampList({ name: unicode() })) },
      response: { response: unicode() },
    });
    const responder = Pick.responder(({ list }) => ({
      response: list === undefined ? "list omitted" : `${list[0]?.name} accepted`,
    }));
    const [client] = connectedPair({}, { locator: locator(responder) });
    expect(await client.callRemote(Pick, { magicWord: "please" })).toEqual({ response: "list omitted" });
    expect(await client.callRemote(Pick, { magicWord: "please", list: [{ name: "foo" }] })).toEqual({
      response: "foo accepted",
    });
  });

  test.each([
    ["an answer", () => {}],
    [
      "an error",
      () => {
        throw new RemoteAmpError("SPURIOUS", "traffic in the form of an error");
      },
    ],
  ])("%s that is given after a switch does not reach the other protocol", async (_, settle) => {
    const Wait = command("wait_forever");
    const ToRaw = new ProtocolSwitchCommand<{}, Transport>("Switch-Proto");
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const probes = [new ReceiverProbe(), new ReceiverProbe()] as const;
    const streams: Transport[] = [];
    const taking = (probe: ReceiverProbe) => (stream: Transport) => {
      stream.start(probe);
      streams.push(stream);
    };
    const [client, server] = connectedPair(
      {},
      {
        locator: locator(
          Wait.responder(() => released.then(settle)),
          ToRaw.responder(() => ({ protocol: taking(probes[1]) })),
        ),
      },
    );
    const waiting = rejection(client.callRemote(Wait));
    await client.callRemote(ToRaw, { protocol: taking(probes[0]) });
    await server.closed;
    release();
    await flushPending();
    for (const stream of streams) stream.write(ascii("data"));
    expect(await probes[0].bytes(4)).toEqual(Buffer.from("data"));
    expect(await probes[1].bytes(4)).toEqual(Buffer.from("data"));
    expect((await waiting).name).toBe("ProtocolSwitched");
  });

  test("a responder may switch the protocol later", async () => {
    const ToRaw = new ProtocolSwitchCommand<{}, Transport>("Switch-Proto");
    const probe = new ReceiverProbe();
    const later = async () => {
      await flushPending();
      return { protocol: (stream: Transport) => stream.start(probe) };
    };
    const [client] = connectedPair({}, { locator: locator(ToRaw.responder(later)) });
    await client.callRemote(ToRaw, { protocol: (stream) => stream.write(ascii("Success!")) });
    expect(await probe.bytes(8)).toEqual(Buffer.from("Success!"));
  });

  test("a second switch of a connection rejects with ProtocolSwitched", async () => {
    const ToRaw = new ProtocolSwitchCommand<{}, Transport>("Switch-Proto");
    const protocol = () => {};
    const [client] = connectedPair({}, { locator: locator(ToRaw.responder(() => ({ protocol }))) });
    await client.callRemote(ToRaw, { protocol });
    expect((await rejection(client.callRemote(ToRaw, { protocol }))).name).toBe("ProtocolSwitched");
  });
});

describe("commands", () => {
  test("makeArguments() rejects an unknown argument, and never drops it silently", () => {
    const extra = { hello: ascii("hello"), bogusArgument: {} };
    expect(() => Hello.makeArguments(extra)).toThrow(InvalidSignature);
    expect(() => Hello.makeArguments(extra)).toThrow(/bogusArgument/);
  });
});
