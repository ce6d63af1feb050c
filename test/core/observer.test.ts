/** Events that an observer receives, and their order. */
import {
  type AmpConnection,
  Box,
  type CallEvent,
  type ChangeEvent,
  Connection,
  locator,
  type Observer,
  ProtocolSwitchCommand,
  RemoteAmpError,
} from "ampwire";
import { flushPending, manualClock, memoryTransports, scriptedPeer } from "ampwire/testing";
import { expect, test, vi } from "vitest";
import { guardedObserver, TrustedObserver } from "../../src/core/observer.ts";
import { ended, rejection } from "../support/settled.ts";
import { within } from "../support/within.ts";
import { calculator, Note, SUM, Sum, TOTAL } from "./calculator.ts";

/** Returns an observer and the list of events it has received. */
function watcher() {
  const told: string[] = [];
  const call = ({ direction, command }: CallEvent) => `${direction} ${command}`;
  const change = ({ side, kind }: ChangeEvent) => `${side} ${kind}`;
  const observer: Observer = {
    watchesCalls: true,
    connectionOpened: () => told.push("opened"),
    connectionClosed: (_, { name }) => told.push(`closed: ${name}`),
    callStarted: (event) => told.push(`${call(event)} started`),
    callAnswered: (event) => told.push(`${call(event)} answered`),
    callFailed: (event, error) => told.push(`${call(event)} failed: ${(error as Error).name}`), // tests throw errors
    changeStarted: (event) => told.push(`${change(event)} started`),
    changeDone: (event, session) =>
      told.push(`${change(event)} done${session === undefined ? "" : `: ${session.protocol}`}`),
    changeFailed: (event, error) => told.push(`${change(event)} failed: ${(error as Error).name}`),
    errorReported: (_, command) => told.push(`error in ${command}`),
  };
  return { observer, told };
}

test("a call without an answer is reported as answered at once, and another call when its answer arrives", async () => {
  const { observer, told } = watcher();
  const { connection, peer } = scriptedPeer({ observer });
  connection.callRemote(Note, { text: "x" });
  expect(told.splice(0)).toEqual(["opened", "outgoing Note started", "outgoing Note answered"]);
  const answer = connection.callRemote(Sum, { a: 1, b: 2 });
  await peer.expect({ _command: "Note", text: "x" }, { ...SUM, _ask: "2" });
  await flushPending();
  expect(told.splice(0)).toEqual(["outgoing Sum started"]);
  peer.send({ ...TOTAL, _answer: "2" });
  await answer;
  expect(told).toEqual(["outgoing Sum answered"]);
  connection.destroy();
});

test("a call that rejects is reported as failed", async () => {
  const { observer, told } = watcher();
  const { connection, peer } = scriptedPeer({ observer });
  const failed = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
  peer.send({ _error: "1", _error_code: "ODD", _error_description: "" });
  await failed;
  expect(told).toEqual(["opened", "outgoing Sum started", "outgoing Sum failed: UnknownRemoteError"]);
  connection.destroy();
});

test("a call by name without an answer is reported as answered at once, with its values", () => {
  const { observer, told } = watcher();
  const values: unknown[] = [];
  const { connection } = scriptedPeer({
    observer: {
      ...observer,
      callAnswered(call) {
        values.push(call.arguments);
        observer.callAnswered?.(call);
      },
    },
  });
  connection.callRemoteString("Note", new Box({ text: "x" }), { requiresAnswer: false });
  expect(told).toEqual(["opened", "outgoing Note started", "outgoing Note answered"]);
  expect(values).toEqual([{ text: Uint8Array.of(0x78) }]);
  connection.destroy();
});

test("an observer receives calls in both directions and the end of the connection", async () => {
  const { observer, told } = watcher();
  const { connection, peer } = scriptedPeer({ observer, locator: calculator().locator });
  const answer = connection.callRemote(Sum, { a: 1, b: 2 });
  await peer.expect(SUM);
  peer.send(TOTAL);
  await answer;
  peer.send(SUM, { _ask: "2", _command: "Nope" }, { _ask: "3", _command: "Sum" });
  await peer.next();
  await peer.next();
  await peer.next();
  await within(peer.expectEnd(), "the connection to end");
  peer.end();
  await ended(connection);
  expect(told).toEqual([
    "opened",
    "outgoing Sum started",
    "outgoing Sum answered",
    "incoming Sum started",
    "incoming Sum answered",
    "incoming Nope started",
    "incoming Nope failed: RemoteAmpError",
    "incoming Sum started",
    "incoming Sum failed: InvalidSignature",
    "error in Sum",
    "closed: InvalidSignature",
  ]);
});

test("an observer receives a failed call if the locator throws", async () => {
  const { observer, told } = watcher();
  const throwing = {
    locateResponder(): never {
      throw new RangeError("no");
    },
  };
  const { peer } = scriptedPeer({ observer, locator: throwing, closeOnUndeclaredError: false });
  peer.send(SUM);
  await peer.next();
  expect(told).toEqual(["opened", "incoming Sum started", "incoming Sum failed: RangeError", "error in Sum"]);
});

const Switch = new ProtocolSwitchCommand("Switch");
const SWITCH = { _ask: "1", _command: "Switch" };

test("an observer receives a protocol change that the peer asks for as a change, not as a call", async () => {
  const { observer, told } = watcher();
  const switching = Switch.responder(() => ({ protocol() {} }));
  const { connection, peer } = scriptedPeer({ observer, locator: locator(switching) });
  peer.send(SWITCH);
  await peer.expect({ _answer: "1" });
  await ended(connection);
  await flushPending();
  expect(told).toEqual([
    "opened",
    "responder switching started",
    "responder switching done",
    "closed: ProtocolSwitched",
  ]);
});

test.each([
  ["agrees", { _answer: "1" }, "asker upgrading done: fake"],
  [
    "refuses",
    { _error: "1", _error_code: "NO", _error_description: "" },
    "asker upgrading failed: StartTLSRefused",
  ],
])("an observer receives an upgrade of this end to which the peer %s", async (_, answer, event) => {
  const { observer, told } = watcher();
  const { connection, peer } = scriptedPeer({ observer }, { fakeTLS: true });
  const upgraded = connection.startTLS().catch(() => {});
  await peer.expect({ _ask: "1", _command: "StartTLS" });
  expect(told.splice(0)).toEqual(["opened", "asker upgrading started"]);
  peer.send(answer);
  await flushPending();
  if ("_answer" in answer) await peer.startTLS("responder");
  await upgraded;
  expect(told[0]).toBe(event);
  connection.destroy();
});

test.each(["asker", "responder"])(
  "an observer receives a switch that the %s fails, and its error",
  async (side) => {
    const { observer, told } = watcher();
    const refusing = Switch.responder(() => {
      throw new RemoteAmpError("NO", "not today");
    });
    const { connection, peer } = scriptedPeer({ observer, locator: locator(refusing) });
    if (side === "responder") {
      peer.send(SWITCH);
      await peer.next();
    } else {
      const refused = rejection(connection.callRemote(Switch, { protocol() {} }));
      await peer.expect(SWITCH);
      peer.send({ _error: "1", _error_code: "NO", _error_description: "not today" });
      await refused;
    }
    const error = side === "asker" ? "UnknownRemoteError" : "RemoteAmpError";
    expect(told.slice(1, 3)).toEqual([`${side} switching started`, `${side} switching failed: ${error}`]);
    connection.destroy();
  },
);

test("an observer without methods is not needed for an upgrade that is made and for one that fails", async () => {
  const reported: unknown[] = [];
  const onError = (error: unknown) => void reported.push(error);
  for (const _command of ["StartTLS", "Switch"]) {
    const refusing = Switch.responder(() => {
      throw new RemoteAmpError("NO", "not today");
    });
    const options = { observer: {}, onError, locator: locator(refusing) };
    const { connection, peer } = scriptedPeer(options, { fakeTLS: true });
    peer.send({ _ask: "1", _command });
    await peer.next();
    if (_command === "StartTLS") await peer.startTLS("asker");
    await flushPending();
    expect(connection.state).toBe("open");
    connection.destroy();
  }
  expect(reported).toEqual([]);
});

test("an observer receives a protocol change that is rejected before it begins as a failed call", async () => {
  const { observer, told } = watcher();
  const { peer } = scriptedPeer({
    observer,
    requireTLS: true,
    locator: locator(Switch.responder(() => ({}))),
  });
  peer.send(SWITCH);
  await peer.next();
  expect(told).toEqual(["opened", "incoming Switch started", "incoming Switch failed: RemoteAmpError"]);
});

test.each<[string, Observer]>([
  ["no methods", {}],
  ["no methods, which watches calls", { watchesCalls: true }],
  ["no methods, which the library trusts", new (class extends TrustedObserver {})()],
])(
  "calls, changes and the end of the connection need no method of an observer with %s",
  async (_, observer) => {
    const reported: unknown[] = [];
    const { connection, peer } = scriptedPeer({
      observer,
      locator: locator(
        calculator().locator,
        Switch.responder(() => ({ protocol() {} })),
      ),
      onError: (error) => void reported.push(error),
    });
    const answer = connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect(SUM);
    peer.send(TOTAL);
    await answer;
    connection.callRemote(Note, { text: "x" });
    await peer.expect({ _command: "Note", text: "x" });
    const failing = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    await peer.expect({ ...SUM, _ask: "3" });
    peer.send({ _error: "3", _error_code: "ODD", _error_description: "" });
    await failing;
    peer.send(SUM, { _ask: "2", _command: "Nope" });
    await peer.next();
    await peer.next();
    peer.send({ ...SWITCH, _ask: "3" });
    await peer.expect({ _answer: "3" });
    expect((await ended(connection)).name).toBe("ProtocolSwitched");
    expect(reported).toEqual([]);
  },
);

test("a violation of the protocol needs no method of an observer that the library trusts", async () => {
  const reported: unknown[] = [];
  const observer: Observer = new (class extends TrustedObserver {})();
  const { connection, peer } = scriptedPeer({ observer, onError: (error) => void reported.push(error) });
  peer.send("0000");
  await peer.expectEnd();
  expect(reported).toEqual([expect.objectContaining({ name: "NoEmptyBoxes" })]);
  expect(connection.reason).toBe(reported[0]);
});

test("the connection ends even if connectionClosed() throws", async () => {
  const { observer } = watcher();
  const throwing: Observer = {
    ...observer,
    connectionClosed() {
      throw new RangeError("no");
    },
  };
  const [ours] = memoryTransports();
  const thrown: unknown[] = [];
  const onError = (error: unknown) => void thrown.push(error);
  const connection = new Connection(ours, manualClock(), { observer: throwing, onError });
  connection.destroy();
  expect((await ended(connection)).name).toBe("ConnectionClosed");
  expect(thrown).toEqual([new RangeError("no")]);
});

/** The connection and the events that the tests of the guard pass on. No observer of them reads them. */
const NO_CONNECTION = {} as AmpConnection;
const CALL: CallEvent = { connection: NO_CONNECTION, command: "Sum", direction: "outgoing" };
const CHANGE: ChangeEvent = { connection: NO_CONNECTION, kind: "upgrading", side: "asker" };
const NO = new RangeError("no");
/** Every event except `connectionOpened`, whose errors are not guarded. */
const EVENTS: Readonly<Record<string, readonly unknown[]>> = {
  connectionClosed: [NO_CONNECTION, NO],
  callStarted: [CALL],
  callAnswered: [CALL],
  callFailed: [CALL, NO],
  changeStarted: [CHANGE],
  changeDone: [CHANGE, undefined],
  changeFailed: [CHANGE, NO],
  errorReported: [NO, "Sum", NO_CONNECTION],
};

/** Returns a guard of the observer, with a function for each event, and the errors of the observer. */
function guarded(observer: Observer) {
  const failures: unknown[] = [];
  const guard = guardedObserver(observer, (error) => failures.push(error));
  const events = guard as unknown as Record<string, (...values: readonly unknown[]) => void>; // called by name
  return { guard, events, failures };
}

test("every method of an observer is optional", () => {
  const { guard, events, failures } = guarded({});
  guard?.connectionOpened?.(NO_CONNECTION);
  for (const [name, values] of Object.entries(EVENTS)) events[name]?.(...values);
  expect(failures).toEqual([]);
  expect(guard?.watchesCalls).toBe(true);
});

test.each(Object.entries(EVENTS))("%s() receives its values until it throws", (name, values) => {
  const method = vi.fn();
  const { guard, events, failures } = guarded({ [name]: method });
  events[name]?.(...values);
  expect(method).toHaveBeenCalledExactlyOnceWith(...values);
  expect(failures).toEqual([]);
  expect(guard?.watchesCalls).toBe(true);
  method.mockImplementation(() => {
    throw NO;
  });
  events[name]?.(...values);
  events[name]?.(...values);
  expect(method).toHaveBeenCalledTimes(2);
  expect(failures).toEqual([NO]);
  expect(guard?.watchesCalls).toBe(false);
});

test("an observer with an asynchronous method that rejects is called no more, and fails once", async () => {
  let calls = 0;
  const { events, failures } = guarded({
    async callStarted() {
      calls++;
      throw NO;
    },
  });
  events.callStarted?.(CALL);
  events.callStarted?.(CALL);
  await flushPending();
  events.callStarted?.(CALL);
  expect(calls).toBe(2);
  expect(failures).toEqual([NO]);
});

test("an observer whose watchesCalls throws receives no calls", () => {
  const { guard, failures } = guarded({
    get watchesCalls(): boolean {
      throw NO;
    },
  });
  expect(guard?.watchesCalls).toBe(false);
  expect(failures).toEqual([NO]);
});

test("an observer whose watchesCalls is false receives no calls", () => {
  expect(guarded({ watchesCalls: false }).guard?.watchesCalls).toBe(false);
});

test("the methods of an observer are called on it", () => {
  class Counter implements Observer {
    #calls = 0;
    callStarted(): void {
      this.#calls++;
    }
    get calls(): number {
      return this.#calls;
    }
  }
  const counter = new Counter();
  guardedObserver(counter, () => expect.unreachable())?.callStarted?.({} as CallEvent);
  expect(counter.calls).toBe(1);
});
