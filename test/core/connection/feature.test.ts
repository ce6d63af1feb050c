/** The seam between the kernel and its features, with features that exist only here. */
import {
  Box,
  ConnectionClosed,
  command,
  integer,
  type Observer,
  OnlyOneTLS,
  StartTLS,
  TLSNotAvailable,
  type TLSSession,
} from "ampwire";
import { flushPending, manualClock, memoryTransports } from "ampwire/testing";
import { expect, test } from "vitest";
import { BaseConnection } from "../../../src/core/connection/connection.ts";
import type { Feature, FeatureKind } from "../../../src/core/connection/feature.ts";
import type { ConnectionOptions } from "../../../src/core/connection/options.ts";
import { notServing } from "../../../src/core/serving/not-serving.ts";
import { serving } from "../../../src/core/serving/serving.ts";
import { ended, rejection } from "../../support/settled.ts";
import { calculator, Sum } from "../calculator.ts";

const Twice = command("test.Twice", { arguments: { n: integer() }, response: { n: integer() } });

/** A connection with these features, and one that calls it. */
function opened(kinds: readonly FeatureKind[], options: ConnectionOptions = {}, factory = serving) {
  const clock = manualClock();
  const [transport, other] = memoryTransports();
  const connection = new BaseConnection(transport, clock, options, factory, kinds);
  const caller = new BaseConnection(other, clock, {}, notServing, []);
  return { clock, connection, caller };
}

/** Serves {@link Twice}; its answers wait until `release` is called. */
function twice() {
  const waiting: (() => void)[] = [];
  const kind: FeatureKind = {
    commands: [
      {
        command: Twice,
        serve: (_, { n }) => new Promise((resolve) => waiting.push(() => resolve({ n: (n as number) * 2 }))), // parsed by Twice
      },
    ],
  };
  const release = () => {
    for (const answer of waiting.splice(0)) answer();
  };
  return { kind, release, waiting };
}

test("an own command is served if the locator has no responder for it", async () => {
  const { kind, release } = twice();
  const { caller } = opened([kind], { locator: calculator().locator });
  const answer = caller.callRemote(Twice, { n: 21 });
  await flushPending();
  release();
  expect(await answer).toEqual({ n: 42 });
  expect(await caller.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
});

test("a responder of the user's takes the place of an own command", async () => {
  const mine = Twice.responder(({ n }) => ({ n: n + 1 }));
  const { caller } = opened([twice().kind], {
    locator: { locateResponder: (name) => (name === "test.Twice" ? mine : undefined) },
  });
  expect(await caller.callRemote(Twice, { n: 1 })).toEqual({ n: 2 });
});

test("an own command is unknown to an entry point that does not list its feature", async () => {
  const { caller } = opened([]);
  expect(await rejection(caller.callRemote(Twice, { n: 1 }))).toMatchObject({ name: "UnhandledCommand" });
});

test("an own command is not an ask in progress: limits, observers and close() ignore it", async () => {
  const seen: string[] = [];
  const observer: Observer = { callStarted: ({ command: name }) => void seen.push(name) };
  const { kind, waiting } = twice();
  const { caller, connection } = opened([kind], {
    locator: calculator().locator,
    limits: { maxAsksInProgress: 1 },
    observer,
  });
  const lost = rejection(caller.callRemote(Twice, { n: 1 }));
  expect(await caller.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  expect(waiting).toHaveLength(1);
  expect(seen).toEqual(["Sum"]);
  await connection.close();
  await lost;
});

test("requireTLS holds for own commands", async () => {
  const { caller } = opened([twice().kind], { requireTLS: true });
  expect(await rejection(caller.callRemote(Twice, { n: 1 }))).toMatchObject({ name: "TLSRequired" });
});

test("an own command answers an ask that cannot be read with UNKNOWN, and the connection ends", async () => {
  const { caller } = opened([twice().kind]);
  const failed = rejection(caller.callRemoteString("test.Twice", new Box({ n: "x" })));
  expect(await failed).toMatchObject({ errorCode: "UNKNOWN" });
  await ended(caller);
});

test("hooks run in order, and a kind that makes no feature costs none", async () => {
  const calls: string[] = [];
  const feature: Feature = {
    started: () => void calls.push("started"),
    bytesReceived: () => void calls.push("bytes"),
    readEnded: (everything) => void calls.push(`read ended: ${everything}`),
    stopped: ({ name }) => void calls.push(`stopped: ${name}`),
  };
  const { caller, connection } = opened([{ make: () => undefined }, { make: () => feature }], {
    locator: calculator().locator,
  });
  await caller.callRemote(Sum, { a: 1, b: 2 });
  connection.destroy();
  await ended(connection);
  expect(calls).toEqual(["started", "bytes", "read ended: true", "stopped: ConnectionClosed"]);
});

test("the options of every kind are checked before anything starts", () => {
  const kind: FeatureKind = {
    check() {
      throw new RangeError("not like this");
    },
  };
  expect(() => opened([kind])).toThrow("not like this");
});

test.each([
  ["in plaintext", undefined, TLSNotAvailable],
  ["inside TLS", { verified: true } as TLSSession, OnlyOneTLS], // only its presence counts
])(
  "a connection without protocol changes rejects startTLS() %s, and a command that changes the protocol",
  async (_, tls, errorClass) => {
    const [transport] = memoryTransports();
    const connection = new BaseConnection(Object.assign(transport, { tls }), manualClock(), {}, serving, []);
    expect(await rejection(connection.startTLS())).toBeInstanceOf(errorClass);
    expect(await rejection(connection.callRemote(StartTLS))).toBeInstanceOf(errorClass);
    expect(connection.state).toBe("open");
    connection.destroy();
    expect(await rejection(connection.callRemote(StartTLS))).toBeInstanceOf(ConnectionClosed);
  },
);

test("a connection without a watch of unsent bytes waits for a slow peer", async () => {
  const [transport, other] = memoryTransports({ capacity: 10 });
  const connection = new BaseConnection(transport, manualClock(), {}, serving, []);
  new BaseConnection(other, manualClock(), { locator: calculator().locator }, serving, []);
  other.pause();
  const answer = connection.callRemote(Sum, { a: 1, b: 2 });
  await flushPending();
  expect(connection.unsentBytes).toBeGreaterThan(0);
  other.resume();
  expect(await answer).toEqual({ total: 3 });
  connection.destroy();
});
