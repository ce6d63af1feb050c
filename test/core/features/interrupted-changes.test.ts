/** A protocol change that is interrupted after its answer, and the errors that `onError` receives. */
import {
  Box,
  type ChangeEvent,
  Connection,
  encodeBox,
  locator,
  ProtocolSwitchCommand,
  StartTLS,
  type StartTLSTransport,
  type TLSOptions,
  type TLSSession,
} from "ampwire";
import { flushPending, manualClock, memoryTransports, ScriptedPeer, scriptedPeer } from "ampwire/testing";
import { expect, test, vi } from "vitest";
import { deferred } from "../../support/deferred.ts";
import { causeOf, ended, rejection } from "../../support/settled.ts";

const Switch = new ProtocolSwitchCommand("Switch");
const SESSION: TLSSession = {
  peerCertificate: undefined,
  hostCertificate: undefined,
  protocol: "TLSv1.3",
  cipher: "any",
  verified: false,
};

test.each(["destroyed", "timed out"])(
  "a handshake that is %s is not reported as an error of the responder",
  async (how) => {
    const errors: [unknown, string | undefined][] = [];
    const clock = manualClock();
    const { connection, peer } = scriptedPeer(
      {
        locator: locator(StartTLS.responder(() => ({}))),
        onError: (error, { command }) => errors.push([error, command]),
      },
      { fakeTLS: true, clock },
    );
    peer.send({ _ask: "1", _command: "StartTLS" });
    await peer.expect({ _answer: "1" });
    await flushPending();
    if (how === "destroyed") connection.destroy();
    else clock.advance(10_000);
    await ended(connection);
    await flushPending();
    // The timeout is reported as a failure of the peer.
    const timeout = expect.objectContaining({ code: "HANDSHAKE_TIMEOUT" });
    expect(errors).toEqual(how === "destroyed" ? [] : [[timeout, undefined]]);
  },
);

test.each(["StartTLS", "Switch"])(
  "%s begins when everything before it has been taken by the peer",
  async (name) => {
    const [mine, theirs] = memoryTransports({ capacity: 10, fakeTLS: true });
    let begun = false;
    const begin = () => {
      begun = true;
    };
    const prepare = mine.prepareTLS;
    if (prepare === undefined) throw new Error("fakeTLS provides it");
    const watched = {
      prepareTLS: (options: TLSOptions): StartTLSTransport => {
        const start = prepare(options);
        return (...given) => {
          begin();
          return start(...given);
        };
      },
    };
    const connection = new Connection(Object.assign(mine, watched), manualClock(), {
      locator: locator(
        StartTLS.responder(() => ({})),
        Switch.responder(() => ({ protocol: begin })),
      ),
    });
    theirs.pause();
    theirs.start({ received() {}, ended() {}, drained() {}, lost() {} });
    theirs.write(encodeBox(new Box({ _ask: "1", _command: name })));
    await flushPending();
    expect(mine.unsent).toBeGreaterThan(0); // the answer
    expect(begun).toBe(false);
    theirs.resume();
    await flushPending();
    expect(begun).toBe(true);
    connection.destroy();
  },
);

test("a connection that ends before the peer has taken the answer to a switch does not give its stream away", async () => {
  const [mine, theirs] = memoryTransports({ capacity: 10 });
  const protocol = vi.fn();
  const errors: unknown[] = [];
  const connection = new Connection(mine, manualClock(), {
    locator: locator(Switch.responder(() => ({ protocol }))),
    onError: (error) => errors.push(error),
  });
  theirs.pause();
  theirs.start({ received() {}, ended() {}, drained() {}, lost() {} });
  theirs.write(encodeBox(new Box({ _ask: "1", _command: "Switch" })));
  await flushPending();
  expect(connection.state).toBe("switching");
  const reason = new Error("no more");
  connection.destroy(reason);
  theirs.resume();
  await flushPending();
  expect(protocol).not.toHaveBeenCalled();
  expect(await ended(connection)).toBe(reason);
  expect(errors).toEqual([]);
});

test("plaintext in the same segment as a StartTLS ask closes the connection before the responder runs", async () => {
  const decide = vi.fn(() => ({}));
  const { connection, peer } = scriptedPeer(
    { locator: locator(StartTLS.responder(decide)), onError() {} },
    { fakeTLS: true },
  );
  peer.send({ _ask: "1", _command: "StartTLS" }, { _ask: "2", _command: "Sum" });
  await flushPending();
  expect(connection.reason).toMatchObject({ name: "PlaintextAfterStartTLS" });
  expect(decide).not.toHaveBeenCalled();
});

test("the error counts the bytes after a StartTLS ask that were read, and those that wait in the transport", async () => {
  const { connection, peer } = scriptedPeer(
    { locator: locator(StartTLS.responder(() => ({}))), onError() {} },
    { fakeTLS: true },
  );
  peer.send({ _ask: "1", _command: "StartTLS" }, "00 01 02 03");
  peer.send("04 05 06 07");
  await flushPending();
  expect(connection.reason?.message).toBe("plaintext after StartTLS: 8 bytes arrived before it was answered");
});

test("plaintext that arrives while the responder decides closes the connection, and nothing is answered", async () => {
  const decision = deferred<{}>();
  const { connection, peer } = scriptedPeer(
    { locator: locator(StartTLS.responder(() => decision.promise)), onError() {} },
    { fakeTLS: true },
  );
  peer.send({ _ask: "1", _command: "StartTLS" });
  await flushPending();
  peer.send({ _ask: "2", _command: "Sum" });
  await flushPending();
  expect(connection.state).toBe("upgrading");
  decision.resolve({});
  await flushPending();
  expect(connection.reason).toMatchObject({ name: "PlaintextAfterStartTLS" });
  expect(peer.unread).toBe(0);
});

/** Returns an observer and the outcomes of the changes that it has received. */
function outcomes() {
  const told: unknown[] = [];
  const observer = {
    changeDone: (_: ChangeEvent, session: TLSSession | undefined) => told.push(["done", session]),
    changeFailed: (_: ChangeEvent, error: unknown) => told.push(["failed", error]),
  };
  return { observer, told };
}

test("a responder that throws after the connection has ended fails the change once", async () => {
  const decision = deferred();
  const { observer, told } = outcomes();
  const responder = StartTLS.responder(async () => {
    await decision.promise;
    throw new Error("too late");
  });
  const { connection, peer } = scriptedPeer({ observer, locator: locator(responder) }, { fakeTLS: true });
  peer.send({ _ask: "1", _command: "StartTLS" });
  await flushPending();
  const reason = new Error("no more");
  connection.destroy(reason);
  decision.resolve();
  await flushPending();
  expect(told).toEqual([["failed", reason]]);
  expect(peer.unread).toBe(0);
});

test("a change that is made after the connection has ended has failed", async () => {
  const handshake = deferred<TLSSession>();
  const { observer, told } = outcomes();
  const [mine, theirs] = memoryTransports();
  const prepareTLS = () => () => handshake.promise;
  const connection = new Connection(Object.assign(mine, { prepareTLS }), manualClock(), { observer });
  const peer = new ScriptedPeer(theirs);
  const failed = rejection(connection.startTLS());
  await peer.expect({ _ask: "1", _command: "StartTLS" });
  peer.send({ _answer: "1" });
  await flushPending();
  const reason = new Error("no more");
  connection.destroy(reason);
  const destroy = vi.spyOn(mine, "destroy");
  handshake.resolve(SESSION);
  await flushPending();
  expect(destroy).not.toHaveBeenCalled();
  expect(told).toEqual([["failed", reason]]);
  expect(causeOf(await failed)).toBe(reason);
  expect(connection.state).toBe("closed");
});

test("a handshake of the responder that fails is reported, and is the reason of the end", async () => {
  const errors: unknown[] = [];
  const { observer, told } = outcomes();
  const { connection, peer } = scriptedPeer(
    { observer, locator: locator(StartTLS.responder(() => ({}))), onError: (error) => errors.push(error) },
    { fakeTLS: true },
  );
  peer.send({ _ask: "1", _command: "StartTLS" });
  await peer.expect({ _answer: "1" });
  await flushPending();
  peer.send("00 01");
  await flushPending();
  const reason = expect.objectContaining({ name: "HandshakeError" });
  expect(connection.reason).toEqual(reason);
  expect(errors).toEqual([reason]);
  expect(told).toEqual([["failed", reason]]);
});

test("a connection that ends while the responder decides prepares no change", async () => {
  const decision = deferred<{}>();
  const tls = vi.fn(() => ({}));
  const { connection, peer } = scriptedPeer(
    { tls, locator: locator(StartTLS.responder(() => decision.promise)) },
    { fakeTLS: true },
  );
  peer.send({ _ask: "1", _command: "StartTLS" });
  await flushPending();
  connection.destroy();
  decision.resolve({});
  await flushPending();
  expect(tls).not.toHaveBeenCalled();
  expect(peer.unread).toBe(0);
});

test("a connection that ends while the options of TLS are awaited sends nothing, and reports no error", async () => {
  const options = deferred<TLSOptions>();
  const errors: unknown[] = [];
  const { connection, peer } = scriptedPeer(
    {
      tls: () => options.promise,
      locator: locator(StartTLS.responder(() => ({}))),
      onError: (error) => errors.push(error),
    },
    { fakeTLS: true },
  );
  peer.send({ _ask: "1", _command: "StartTLS" });
  await flushPending();
  const reason = new Error("no more");
  connection.destroy(reason);
  options.resolve({});
  await flushPending();
  expect(peer.unread).toBe(0);
  expect(errors).toEqual([]);
  expect(await ended(connection)).toBe(reason);
});

test("an error of the new protocol's function is reported as an error of the responder", async () => {
  const reason = new Error("not me");
  const protocol = () => {
    throw reason;
  };
  const errors: unknown[] = [];
  const { peer } = scriptedPeer({
    locator: locator(Switch.responder(() => ({ protocol }))),
    onError: (error) => errors.push(error),
  });
  peer.send({ _ask: "1", _command: "Switch" });
  await peer.expect({ _answer: "1" });
  await flushPending();
  expect(errors).toEqual([reason]);
});
