/** Once startTLS() was called, later calls are sent inside TLS or rejected; and requireTLS: "verified". */
import {
  Connection,
  LimitExceeded,
  locator,
  NotQuiescent,
  OnlyOneTLS,
  PeerVerifyError,
  RemoteAmpError,
  StartTLS,
  TLSNotAvailable,
  TLSRequired,
  type TLSSession,
} from "ampwire";
import {
  connectedPair,
  fakeCertificate,
  flushPending,
  manualClock,
  memoryTransports,
  ScriptedPeer,
  scriptedPeer,
} from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { deferred } from "../../support/deferred.ts";
import { causeOf, rejection } from "../../support/settled.ts";
import { calculator, Note, SUM, Sum, Wait } from "../calculator.ts";

const STLS = { _ask: "1", _command: "StartTLS" };

describe("a startTLS() that fails before its ask is sent", () => {
  test("case 29: calls made right after a failed startTLS() reject with the reason, and nothing leaves in plaintext", async () => {
    const { connection, peer } = scriptedPeer({}, { fakeTLS: true });
    const waiting = rejection(connection.callRemote(Wait));
    await peer.next();
    const upgrade = rejection(connection.startTLS({ requireQuiescent: true }));
    const call = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    expect(() => connection.callRemote(Note, { text: "secret" })).toThrow(NotQuiescent);
    const byName = rejection(connection.callRemoteString("Sum"));
    expect(await upgrade).toBeInstanceOf(NotQuiescent);
    expect(causeOf(await call)).toBe(await upgrade);
    expect(causeOf(await byName)).toBe(await upgrade);
    await flushPending();
    void connection.destroy();
    expect(await peer.next()).toBeUndefined();
    await waiting;
  });

  test("case 29: later calls reject too, until a startTLS() succeeds", async () => {
    const { connection, peer } = scriptedPeer({}, { fakeTLS: true });
    const waiting = connection.callRemote(Wait);
    await peer.next();
    await rejection(connection.startTLS({ requireQuiescent: true }));
    expect(await rejection(connection.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(NotQuiescent);
    peer.send({ _answer: "1", after: "" });
    await waiting;
    const upgrade = connection.startTLS({ requireQuiescent: true });
    await peer.expect({ _ask: "2", _command: "StartTLS" });
    peer.send({ _answer: "2" });
    await peer.startTLS("responder");
    await upgrade;
    const call = connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect({ _ask: "3", _command: "Sum", a: "1", b: "2" });
    peer.send({ _answer: "3", total: "3" });
    expect(await call).toEqual({ total: 3 });
  });

  test("case 29: calls reject if the transport cannot be upgraded", async () => {
    const { connection } = scriptedPeer();
    const upgrade = rejection(connection.startTLS());
    const call = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    expect(await upgrade).toBeInstanceOf(TLSNotAvailable);
    expect(await call).toBeInstanceOf(TLSNotAvailable);
  });

  test("case 29: calls reject after a startTLS() whose signal was aborted", async () => {
    const { connection } = scriptedPeer({}, { fakeTLS: true });
    const reason = new Error("not any more");
    const upgrade = rejection(connection.startTLS({ signal: AbortSignal.abort(reason) }));
    const call = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    expect([await upgrade, causeOf(await call)]).toEqual([reason, reason]);
  });

  test("case 29: calls reject after a startTLS() with a misspelt option", async () => {
    const { connection } = scriptedPeer({}, { fakeTLS: true });
    const upgrade = rejection(connection.startTLS({ verifyAuthority: [] } as object));
    const call = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    expect(await upgrade).toBeInstanceOf(TypeError);
    expect(causeOf(await call)).toBe(await upgrade);
  });

  test("case 29: calls reject after a startTLS() that was refused because the peer's was under way, and was declined", async () => {
    const decision = deferred();
    const declining = StartTLS.responder(async () => {
      await decision.promise;
      throw new RemoteAmpError("NO", "not today");
    });
    const { connection, peer } = scriptedPeer({ locator: locator(declining) }, { fakeTLS: true });
    peer.send(STLS);
    await flushPending();
    const upgrade = await rejection(connection.startTLS());
    expect(upgrade).toBeInstanceOf(OnlyOneTLS);
    decision.resolve();
    await peer.expect({ _error: "1", _error_code: "NO", _error_description: "not today" });
    expect(causeOf(await rejection(connection.callRemote(Sum, { a: 1, b: 2 })))).toBe(upgrade);
    await flushPending();
    expect(peer.unread).toBe(0);
  });

  test("case 29: calls are made after such a startTLS() if the peer's upgrade succeeds", async () => {
    const { connection, peer } = scriptedPeer(
      { locator: locator(StartTLS.responder(async () => ({}))) },
      { fakeTLS: true },
    );
    peer.send(STLS);
    await flushPending();
    const upgrade = rejection(connection.startTLS());
    await peer.expect({ _answer: "1" });
    await peer.startTLS("asker");
    await upgrade;
    const call = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    await peer.expect({ ...SUM, _ask: "1" });
    connection.destroy();
    await call;
  });

  test("calls reject after a startTLS() that maxUnsentBytes has refused", async () => {
    const limits = { maxUnsentBytes: 1_000 };
    const { connection, peer } = scriptedPeer({ limits }, { fakeTLS: true, capacity: 1 });
    peer.transport.pause();
    connection.callRemote(Note, { text: "x".repeat(1_200) });
    const refused = await rejection(connection.startTLS());
    expect(refused).toBeInstanceOf(LimitExceeded);
    peer.transport.resume();
    await connection.drained();
    expect(() => connection.callRemote(Note, { text: "secret" })).toThrow(LimitExceeded);
  });

  test("case 29: answers to the asks of the peer continue", async () => {
    const { connection, peer } = scriptedPeer({ locator: calculator().locator }, {});
    await rejection(connection.startTLS());
    peer.send({ _ask: "1", _command: "Sum", a: "1", b: "2" });
    await peer.expect({ _answer: "1", total: "3" });
  });
});

describe("requireTLS", () => {
  test('"verified" without authorities: startTLS() rejects before anything is sent, and names the option', async () => {
    const { connection } = scriptedPeer({ requireTLS: "verified" }, { fakeTLS: true });
    const failed = await rejection(connection.startTLS());
    expect(failed).toBeInstanceOf(TLSNotAvailable);
    expect(failed.message).toBe('requireTLS: "verified" verifies the peer: set tls.verifyAuthorities');
    expect(await rejection(connection.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(TLSRequired);
  });

  test('"verified": the StartTLS of a peer is refused without authorities', async () => {
    const { connection, peer } = scriptedPeer({ requireTLS: "verified" }, { fakeTLS: true });
    peer.send(STLS);
    expect((await peer.next())?.text("_error_code")).toBe("TLS_NOT_AVAILABLE");
    expect(connection.state).toBe("open");
  });

  test('"verified": calls go through once the peer is verified', async () => {
    const mine = fakeCertificate("mine");
    const tls = { localCertificate: mine, verifyAuthorities: [mine] };
    const [a] = connectedPair(
      { requireTLS: "verified", tls },
      { requireTLS: "verified", tls, locator: calculator().locator },
      { fakeTLS: true },
    );
    expect(await rejection(a.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(TLSRequired);
    await a.startTLS();
    expect(a.tls?.verified).toBe(true);
    expect(await a.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  });

  test('"verified": a session that is not verified after all ends the connection', async () => {
    const [ours, theirs] = memoryTransports();
    const session = {
      peerCertificate: undefined,
      hostCertificate: undefined,
      protocol: "TLSv1.3",
      cipher: "any",
      verified: false,
    };
    const transport = Object.assign(ours, { prepareTLS: () => async () => session });
    const connection = new Connection(transport, manualClock(), { requireTLS: "verified" });
    const peer = new ScriptedPeer(theirs);
    const failed = rejection(connection.startTLS({ verifyAuthorities: [fakeCertificate("ca")] }));
    await peer.expect(STLS);
    peer.send({ _answer: "1" });
    expect(await failed).toBeInstanceOf(PeerVerifyError);
    expect([connection.secure, connection.state]).toEqual([false, "closed"]);
  });

  test.each([
    [true, "client", false],
    [true, "server", true],
    [true, undefined, true],
    [false, "client", true],
    [undefined, "client", true],
  ] as const)(
    "requireTLS %s: a %s without authorities answers the StartTLS of its peer: %s",
    async (requireTLS, role, answers) => {
      const pair = { fakeTLS: true, ...(role === undefined ? {} : { role }) };
      const { peer } = scriptedPeer({ requireTLS }, pair);
      peer.send(STLS);
      const answer = await peer.next();
      expect(answer?.text("_error_code")).toBe(answers ? undefined : "TLS_NOT_AVAILABLE");
      if (!answers) expect(answer?.text("_error_description")).toContain("does not answer StartTLS without");
    },
  );

  test("true: a client without authorities starts TLS itself", async () => {
    const pair = { fakeTLS: true, role: "client" } as const;
    const [a] = connectedPair({ requireTLS: true }, {}, pair);
    await a.startTLS();
    expect(a.secure).toBe(true);
  });

  test.each([undefined, false])(
    '"verified": TLS from the first byte whose session has verified: %s neither sends calls nor serves asks',
    async (verified) => {
      const [ours, theirs] = memoryTransports();
      const tls = { verified } as TLSSession; // nothing else of it is used
      const options = { requireTLS: "verified", locator: calculator().locator } as const;
      const connection = new Connection(Object.assign(ours, { tls }), manualClock(), options);
      const peer = new ScriptedPeer(theirs);
      expect(() => connection.callRemote(Note, { text: "" })).toThrow(
        new TLSRequired("Note may not be sent before the peer is verified"),
      );
      peer.send({ _ask: "1", _command: "Sum", a: "1", b: "2" });
      expect((await peer.next())?.text("_error_code")).toBe("TLS_REQUIRED");
    },
  );

  test("true: an unverified peer is enough, since encrypted does not mean verified", async () => {
    const [a] = connectedPair(
      { requireTLS: true },
      { requireTLS: true, locator: calculator().locator },
      { fakeTLS: true },
    );
    await a.startTLS();
    expect(await a.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  });
});

test("case 28: a responder of StartTLS that returns no authorities does not help a client that requires verification", async () => {
  const { peer } = scriptedPeer(
    { requireTLS: "verified", locator: locator(StartTLS.responder(() => ({}))) },
    { fakeTLS: true },
  );
  peer.send(STLS);
  expect((await peer.next())?.text("_error_code")).toBe("TLS_NOT_AVAILABLE");
});
