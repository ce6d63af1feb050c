/**
 * Protocol changes over transports in memory: StartTLS with fake TLS, the protocol switch, and a change that an
 * application defines with the public hooks alone. Attacks on StartTLS are tested in test/node/starttls.
 */
import {
  type BoxKind,
  Connection,
  command,
  HandshakeTimeout,
  InvalidSignature,
  integer,
  LimitExceeded,
  locator,
  MalformedAmpBox,
  NotQuiescent,
  OnlyOneTLS,
  ProtocolSwitchCommand,
  ProtocolSwitched,
  RemoteAmpError,
  StartTLS,
  StartTLSCollision,
  StartTLSRefused,
  type SwitchedProtocol,
  TLSNotAvailable,
  TLSRequired,
  type Transport,
  UnknownRemoteError,
  unicode,
} from "ampwire";
import {
  byteByByte,
  connectedPair,
  fakeCertificate,
  flushPending,
  manualClock,
  memoryTransports,
  ScriptedPeer,
  scriptedPeer,
} from "ampwire/testing";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ReceiverProbe } from "../../support/receiver-probe.ts";
import { causeOf, ended, rejection } from "../../support/settled.ts";
import { calculator, Note, SUM, Sum, TOTAL, Wait } from "../calculator.ts";

const PRETEND = { fakeTLS: true };
const STLS = { _ask: "1", _command: "StartTLS" };
const starting = StartTLS.responder(() => ({}));

describe("StartTLS", () => {
  test("StartTLS secures both ends with the certificates that each presents", async () => {
    const alice = fakeCertificate("alice");
    const bob = fakeCertificate("bob");
    const [a, b] = connectedPair(
      { tls: { localCertificate: alice } },
      { locator: locator(StartTLS.responder(() => ({ tls_localCertificate: bob }))) },
      { ...PRETEND, chunking: byteByByte },
    );
    expect([a.secure, a.peerCertificate, a.hostCertificate]).toEqual([false, undefined, undefined]);
    await a.startTLS({ verifyAuthorities: [bob] });
    expect([a.secure, a.peerCertificate, a.hostCertificate]).toEqual([true, bob, alice]);
    await flushPending();
    expect([b.secure, b.peerCertificate, b.hostCertificate]).toEqual([true, alice, bob]);
    expect([a.state, b.state]).toEqual(["open", "open"]);
  });

  test("calls made during an upgrade are queued and sent after it", async () => {
    const { connection, peer } = scriptedPeer({}, PRETEND);
    const upgraded = connection.startTLS();
    connection.callRemote(Note, { text: "held" });
    const answer = connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect(STLS);
    await flushPending();
    expect(peer.unread).toBe(0);
    peer.send({ _answer: "1" });
    await peer.startTLS("responder");
    await upgraded;
    await peer.expect({ _command: "Note", text: "held" }, { ...SUM, _ask: "3" });
    peer.send({ _answer: "3", total: "3" });
    await answer;
  });

  test("an end that asked for StartTLS still serves the peer's earlier asks and queues the answers", async () => {
    const calc = calculator();
    const { connection, peer } = scriptedPeer({ locator: calc.locator }, PRETEND);
    const upgraded = connection.startTLS();
    await peer.expect(STLS);
    peer.send({ _command: "Note", text: "before" }, SUM);
    await flushPending();
    expect(calc.notes).toEqual(["before"]);
    expect(peer.unread).toBe(0);
    peer.send({ _answer: "1" });
    await peer.startTLS("responder");
    await upgraded;
    await peer.expect({ _answer: "1", total: "3" });
  });

  test("an error in answer to StartTLS closes the connection, and queued calls are never sent", async () => {
    const errors: unknown[] = [];
    const { connection, peer } = scriptedPeer({ onError: (error) => errors.push(error) }, PRETEND);
    const refused = rejection(connection.startTLS());
    const held = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    await peer.expect(STLS);
    peer.send({ _error: "1", _error_code: "NO", _error_description: "not today" });
    expect(await refused).toBeInstanceOf(UnknownRemoteError);
    expect(await held).toBeInstanceOf(StartTLSRefused);
    await peer.expectEnd();
    expect(errors).toEqual([]); // the caller has received it
  });

  test.each([
    ["without a required value", {}, /"until" is missing$/],
    ["with an invalid value", { until: "later" }, /"until": not an integer: "later"$/],
  ])(
    "an answer to StartTLS %s closes the connection as malformed, not as refused",
    async (_, values, message) => {
      const Leased = StartTLS.extend("Leased", { response: { until: integer() } });
      const { connection, peer } = scriptedPeer({}, PRETEND);
      const failed = rejection(connection.callRemote(Leased, {}));
      const held = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
      await peer.expect({ ...STLS, _command: "Leased" });
      peer.send({ _answer: "1", ...values });
      expect(await failed).toBeInstanceOf(InvalidSignature);
      const reason = await held;
      expect(reason).toBeInstanceOf(MalformedAmpBox);
      expect(reason.message).toMatch(/^Sum: the peer's answer to Leased is malformed: response of Leased: /);
      expect(reason.message).toMatch(message);
      await peer.expectEnd();
      expect(connection.reason).toBe(reason.cause);
      expect(causeOf(reason.cause)).toBe(await failed);
    },
  );

  test("a declared error of an extension of StartTLS refuses the upgrade", async () => {
    class BadToken extends Error {}
    const Secured = StartTLS.extend("Secured", { errors: { BAD_TOKEN: BadToken } });
    const { connection, peer } = scriptedPeer({}, PRETEND);
    const refused = rejection(connection.callRemote(Secured, {}));
    await peer.expect({ ...STLS, _command: "Secured" });
    peer.send({ _error: "1", _error_code: "BAD_TOKEN", _error_description: "no such token" });
    expect(await refused).toBeInstanceOf(BadToken);
    expect(connection.reason).toMatchObject({
      name: "StartTLSRefused",
      message: "the peer refused to start TLS: no such token",
    });
  });

  test.each([
    ["TLS_ERROR", "TLS not available", TLSNotAvailable, "the peer has no TLS"],
    ["TLS_ERROR", "TLS already started", OnlyOneTLS, "TLS already started"],
    ["NO", "TLS not available", UnknownRemoteError, "TLS not available"],
  ])("the error %s with %j rejects startTLS()", async (code, description, errorClass, message) => {
    const { connection, peer } = scriptedPeer({}, PRETEND);
    const upgrade = rejection(connection.startTLS());
    await peer.expect(STLS);
    peer.send({ _error: "1", _error_code: code, _error_description: description });
    expect(await upgrade).toBeInstanceOf(errorClass);
    expect((await upgrade).message).toContain(message);
  });

  test("AMP continues after a responder refuses StartTLS", async () => {
    const { connection, peer } = scriptedPeer(
      {
        locator: locator(
          calculator().locator,
          StartTLS.responder(() => {
            throw new RemoteAmpError("NO", "not today");
          }),
        ),
      },
      PRETEND,
    );
    peer.send(STLS);
    await peer.expect({ _error: "1", _error_code: "NO", _error_description: "not today" });
    peer.send(SUM);
    await peer.expect({ _answer: "1", total: "3" });
    expect(connection.state).toBe("open");
  });

  test("StartTLS from both ends at once fails on both and closes the connection", async () => {
    const options = { locator: locator(starting) };
    const [a, b] = connectedPair(options, options, PRETEND);
    const [first, second] = await Promise.all([rejection(a.startTLS()), rejection(b.startTLS())]);
    expect([first, second].some((error) => error instanceof StartTLSCollision)).toBe(true);
    await Promise.all([a.closed, b.closed]);
  });

  test("a second StartTLS fails with OnlyOneTLS here and TLS_ERROR at the peer, and the connection stays open", async () => {
    const options = { locator: locator(starting, calculator().locator) };
    const [a, b] = connectedPair(options, options, PRETEND);
    await a.startTLS();
    expect(await rejection(a.startTLS())).toBeInstanceOf(OnlyOneTLS);
    expect(await rejection(b.startTLS())).toBeInstanceOf(OnlyOneTLS);
    expect(await rejection(a.callRemoteString("StartTLS"))).toMatchObject({ errorCode: "TLS_ERROR" });
    expect(await a.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  });

  test("a StartTLS during another one fails with OnlyOneTLS, and the first completes", async () => {
    const [a] = connectedPair({}, { locator: locator(starting) }, PRETEND);
    const first = a.startTLS();
    expect(await rejection(a.startTLS())).toBeInstanceOf(OnlyOneTLS);
    await first;
    expect(a.secure).toBe(true);
  });

  test("a StartTLS that is refused during another one leaves the calls of the first queued", async () => {
    const [a] = connectedPair({}, { locator: locator(starting, calculator().locator) }, PRETEND);
    const first = a.startTLS();
    await rejection(a.startTLS());
    expect(await a.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
    await first;
  });

  test("options of TLS that a function resolves with later are used at both ends", async () => {
    const [alice, bob] = [fakeCertificate("alice"), fakeCertificate("bob")];
    const [a, b] = connectedPair(
      { tls: async () => ({ localCertificate: alice }) },
      { tls: async () => ({ localCertificate: bob }) },
      PRETEND,
    );
    await a.startTLS();
    await flushPending();
    expect([a.peerCertificate, b.peerCertificate]).toEqual([bob, alice]);
  });

  test("the peer's refusal rejects StartTLS, although the options of TLS failed meanwhile", async () => {
    const unhandled: unknown[] = [];
    const listener = (error: unknown) => void unhandled.push(error);
    process.on("unhandledRejection", listener);
    onTestFinished(() => void process.off("unhandledRejection", listener));
    const { connection, peer } = scriptedPeer({ tls: () => Promise.reject(new Error("no file")) }, PRETEND);
    const refused = rejection(connection.startTLS());
    await peer.expect(STLS);
    await new Promise(setImmediate);
    peer.send({ _error: "1", _error_code: "NO", _error_description: "not today" });
    expect(await refused).toBeInstanceOf(UnknownRemoteError);
    expect(unhandled).toEqual([]);
  });

  test.each([false, true])(
    "a transport that has used TLS from its first byte refuses StartTLS in both directions: asked by the peer %s",
    async (isAsked) => {
      const [ours, theirs] = memoryTransports(PRETEND);
      const tls = {
        peerCertificate: undefined,
        hostCertificate: undefined,
        protocol: "TLSv1.3",
        cipher: "any",
        verified: false,
      };
      const connection = new Connection(Object.assign(ours, { tls }), manualClock(), {
        locator: locator(starting),
      });
      const peer = new ScriptedPeer(theirs);
      if (isAsked) {
        peer.send(STLS);
        const answer = await peer.next();
        expect(answer?.text("_error_code")).toBe("TLS_ERROR");
        expect(answer?.text("_error_description")).toBe("TLS has already been started on this connection");
      } else {
        const error = await rejection(connection.startTLS());
        expect(error).toBeInstanceOf(OnlyOneTLS);
        expect(error.message).toContain("uses TLS from its first byte");
      }
      connection.destroy();
    },
  );

  test("StartTLS on a transport without TLS sends nothing, and the peer's StartTLS is answered with an error", async () => {
    const { connection, peer } = scriptedPeer({ locator: locator(starting) });
    expect(await rejection(connection.startTLS())).toBeInstanceOf(TLSNotAvailable);
    expect(connection.state).toBe("open");
    peer.send(STLS);
    const answer = await peer.next();
    expect(answer?.text("_error_code")).toBe("TLS_NOT_AVAILABLE");
  });

  test("requireQuiescent rejects StartTLS while a call is unanswered in either direction", async () => {
    const calc = calculator();
    const { connection, peer } = scriptedPeer({ locator: calc.locator }, PRETEND);
    peer.send({ _ask: "w", _command: "Wait" });
    await flushPending();
    expect(await rejection(connection.startTLS({ requireQuiescent: true }))).toBeInstanceOf(NotQuiescent);
    calc.answer("");
    await peer.expect({ _answer: "w", after: "" });
    const other = scriptedPeer({}, PRETEND).connection;
    const call = rejection(other.callRemote(Wait));
    expect(await rejection(other.startTLS({ requireQuiescent: true }))).toBeInstanceOf(NotQuiescent);
    other.destroy();
    await call;
  });

  test.each([
    ["an answer", SUM],
    ["an error", { _ask: "2", _command: "Unknown" }],
    ["the last of several answers", SUM, { ...SUM, _ask: "2" }],
  ])(
    "requireQuiescent ends an upgrade if %s to the peer is still queued when the peer has agreed",
    async (_, ...asks) => {
      const errors: unknown[] = [];
      const { connection, peer } = scriptedPeer(
        { locator: calculator().locator, onError: (error) => errors.push(error) },
        PRETEND,
      );
      const failed = rejection(connection.startTLS({ requireQuiescent: true }));
      await peer.expect(STLS);
      peer.send(...asks, { _answer: "1" });
      await flushPending();
      expect(connection.state).toBe("closed");
      expect(await failed).toBeInstanceOf(NotQuiescent);
      expect(connection.secure).toBe(false);
      await peer.expectEnd();
      expect(errors).toEqual([]); // the caller has received it
    },
  );

  test.each(["nothing", "calls of this end"])(
    "requireQuiescent allows an upgrade during which %s are queued",
    async (what) => {
      const { connection, peer } = scriptedPeer({}, PRETEND);
      const upgraded = connection.startTLS({ requireQuiescent: true });
      if (what !== "nothing") connection.callRemote(Note, { text: "held" });
      await peer.expect(STLS);
      peer.send({ _answer: "1" });
      await peer.startTLS("responder");
      await upgraded;
      expect(connection.secure).toBe(true);
    },
  );

  test("a value of requireQuiescent that is not a boolean is refused, and nothing is sent", async () => {
    const { connection, peer } = scriptedPeer({}, PRETEND);
    // A JavaScript program may pass it.
    const requireQuiescent = "no" as unknown as boolean;
    expect(await rejection(connection.startTLS({ requireQuiescent }))).toBeInstanceOf(TypeError);
    await flushPending();
    expect(peer.unread).toBe(0);
  });

  test("asks over a limit that were received before the answer to StartTLS run before the handshake", async () => {
    const calc = calculator();
    const { connection, peer } = scriptedPeer(
      { locator: calc.locator, limits: { maxAsksInProgress: 2 } },
      PRETEND,
    );
    const upgraded = rejection(connection.startTLS());
    await peer.expect(STLS);
    const waits = ["a", "b"].map((_ask) => ({ _ask, _command: "Wait" }));
    peer.send(...waits, { _command: "Note", text: "queued" });
    await flushPending();
    expect(calc.notes).toEqual([]);
    peer.send({ _answer: "1" });
    await flushPending();
    expect(calc.notes).toEqual(["queued"]);
    connection.destroy();
    await upgraded;
  });

  test("requireQuiescent counts the ask whose responder starts the upgrade, and nothing is sent", async () => {
    const responder = Sum.responder(async (_, { connection }) => {
      const refused = await rejection(connection.startTLS({ requireQuiescent: true }));
      return { total: refused instanceof NotQuiescent ? 3 : 0 };
    });
    const { connection, peer } = scriptedPeer({ locator: locator(responder) }, PRETEND);
    peer.send(SUM);
    await peer.expect(TOTAL);
    expect(connection.state).toBe("open");
  });

  test("context.state is a new object after an upgrade, so that nothing stored in plaintext is kept", async () => {
    const Login = command("Login", { arguments: { user: unicode() } });
    const WhoAmI = command("WhoAmI", { response: { user: unicode() } });
    const [a] = connectedPair(
      {},
      {
        locator: locator(
          starting,
          Login.responder(({ user }, { state }) => {
            state.user = user;
          }),
          WhoAmI.responder((_, { state }) => ({ user: String(state.user ?? "nobody") })),
        ),
      },
      PRETEND,
    );
    await a.callRemote(Login, { user: "mallory" });
    expect(await a.callRemote(WhoAmI)).toEqual({ user: "mallory" });
    await a.startTLS();
    expect(await a.callRemote(WhoAmI)).toEqual({ user: "nobody" });
  });

  test.each([undefined, Number.POSITIVE_INFINITY, 501])(
    "an upgrade ends at handshakeTimeout even if the timeout of its call is %s",
    async (timeout) => {
      const clock = manualClock();
      const { connection, peer } = scriptedPeer({ limits: { handshakeTimeout: 500 } }, { ...PRETEND, clock });
      const failed = rejection(connection.startTLS({ timeout }));
      await peer.expect(STLS);
      clock.advance(499);
      await flushPending();
      expect(connection.state).toBe("upgrading");
      clock.advance(1);
      expect(await failed).toBeInstanceOf(HandshakeTimeout);
      await peer.expectEnd();
    },
  );

  test.each([
    ["the peer has not answered", false],
    ["the handshake is not done", true],
  ])(
    "the timeout of a call of StartTLS ends the upgrade, and its error says that %s",
    async (message, isAnswered) => {
      const clock = manualClock();
      const { connection, peer } = scriptedPeer({ limits: { handshakeTimeout: 500 } }, { ...PRETEND, clock });
      const failed = rejection(connection.startTLS({ timeout: 300 }));
      await peer.expect(STLS);
      if (isAnswered) peer.send({ _answer: "1" });
      await flushPending();
      clock.advance(299);
      await flushPending();
      expect(connection.state).toBe("upgrading");
      clock.advance(1);
      expect((await failed).message).toContain(message);
      expect(connection.reason).toBeInstanceOf(HandshakeTimeout);
    },
  );

  test.each([Number.NaN, -1, "soon"])(
    "an upgrade with the timeout %j is refused and not asked",
    async (timeout) => {
      const { connection, peer } = scriptedPeer({}, PRETEND);
      await expect(connection.startTLS({ timeout: timeout as number })).rejects.toThrow(RangeError);
      connection.destroy();
      await peer.expectEnd();
    },
  );

  test("a signal ends an upgrade and the connection, and no error is reported", async () => {
    const errors: unknown[] = [];
    const { connection, peer } = scriptedPeer({ onError: (error) => errors.push(error) }, PRETEND);
    const abort = new AbortController();
    const failed = rejection(connection.startTLS({ signal: abort.signal }));
    await peer.expect(STLS);
    const reason = new Error("changed my mind");
    abort.abort(reason);
    expect(await failed).toBe(reason);
    peer.end();
    expect(await ended(connection)).toBe(reason);
    expect(errors).toEqual([]);
  });

  test("maxHeldBytes limits the bytes queued during an upgrade", async () => {
    const { connection, peer } = scriptedPeer({ limits: { maxHeldBytes: 100 } }, PRETEND);
    const upgrade = rejection(connection.startTLS());
    await peer.expect(STLS);
    connection.callRemote(Note, { text: "x".repeat(100) });
    expect(await rejection(connection.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(LimitExceeded);
    connection.destroy();
    await upgrade;
  });

  test("a call larger than maxUnsentBytes is queued during an upgrade, and the answer to StartTLS is read", async () => {
    const { connection, peer } = scriptedPeer({ limits: { maxUnsentBytes: 1000 } }, PRETEND);
    const upgraded = connection.startTLS();
    const text = "x".repeat(2000);
    connection.callRemote(Note, { text });
    await peer.expect(STLS);
    peer.send({ _answer: "1" });
    await peer.startTLS("responder");
    await upgraded;
    await peer.expect({ _command: "Note", text });
  });

  test("answers queued during an upgrade are limited by maxUnsentBytes, and the answer to StartTLS is read", async () => {
    const calc = calculator();
    const { connection, peer } = scriptedPeer(
      { locator: calc.locator, limits: { maxUnsentBytes: 100 } },
      PRETEND,
    );
    const upgraded = connection.startTLS();
    await peer.expect(STLS);
    const asks = ["a", "b", "c", "d"].map((_ask) => ({ ...SUM, _ask }));
    peer.send(...asks, { _answer: "1" });
    await peer.startTLS("responder");
    await upgraded;
    await peer.expect(...asks.map(({ _ask }) => ({ _answer: _ask, total: "3" })));
    expect(connection.state).toBe("open");
  });

  test("a peer that asks without end before it answers StartTLS is disconnected at maxUnsentBytes", async () => {
    const calc = calculator();
    const { connection, peer } = scriptedPeer(
      { locator: calc.locator, limits: { maxUnsentBytes: 100 } },
      PRETEND,
    );
    const upgraded = rejection(connection.startTLS());
    await peer.expect(STLS);
    peer.send(...Array.from({ length: 1000 }, (_, index) => ({ ...SUM, _ask: `${index}` })));
    const reason = await upgraded;
    expect(reason).toBeInstanceOf(LimitExceeded);
    expect(reason).toMatchObject({ message: expect.stringContaining("maxUnsentBytes") });
    expect(connection.reason).toBe(causeOf(reason));
  });

  test("StartTLS on a closing connection is refused, and what is in progress is finished", async () => {
    const calc = calculator();
    const errors: unknown[] = [];
    const { connection, peer } = scriptedPeer(
      {
        locator: locator(calc.locator, starting),
        onError: (error) => errors.push(error),
      },
      { fakeTLS: true },
    );
    const answer = connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect(SUM);
    peer.send({ _ask: "w", _command: "Wait" });
    await flushPending();
    void connection.close();
    peer.send({ _ask: "s", _command: "StartTLS" });
    await peer.expect({
      _error: "s",
      _error_code: "UNKNOWN",
      _error_description: "the connection is closing",
    });
    peer.send({ _answer: "1", total: "3" });
    expect(await answer).toEqual({ total: 3 });
    calc.answer("done");
    await peer.expect({ _answer: "w", after: "done" });
    await peer.expectEnd();
    expect(errors).toEqual([]);
  });

  test("close() during an upgrade waits for it", async () => {
    const { connection, peer } = scriptedPeer({}, PRETEND);
    const upgraded = connection.startTLS();
    const closing = connection.close();
    await peer.expect(STLS);
    peer.send({ _answer: "1" });
    await peer.startTLS("responder");
    await upgraded;
    await peer.expectEnd();
    peer.end();
    await closing;
    expect(connection.secure).toBe(true);
  });
});

describe("requireTLS", () => {
  test.each([
    [{ tls: false }, "UNHANDLED", "Unhandled Command: 'StartTLS'"],
    [
      { tls: false, requireTLS: true },
      "TLS_NOT_AVAILABLE",
      "TLS is required here, but StartTLS is not answered: `requireTLS` together with `tls: false`",
    ],
  ] as const)(
    "with the options %j the peer's StartTLS is answered with %s",
    async (options, code, description) => {
      const { peer } = scriptedPeer(options, PRETEND);
      peer.send(STLS);
      await peer.expect({ _error: "1", _error_code: code, _error_description: description });
    },
  );

  test("a connection with requireTLS asks and serves nothing but StartTLS in plaintext", async () => {
    const { connection, peer } = scriptedPeer(
      { requireTLS: true, locator: locator(starting, calculator().locator) },
      PRETEND,
    );
    expect(await rejection(connection.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(TLSRequired);
    expect(() => connection.callRemote(Note, { text: "" })).toThrow(TLSRequired);
    expect(await rejection(connection.callRemoteString("Sum"))).toBeInstanceOf(TLSRequired);
    peer.send(SUM, { _ask: "2", _command: "Nope" });
    for (const tag of ["1", "2"]) {
      const answer = await peer.next();
      expect([answer?.text("_error"), answer?.text("_error_code")]).toEqual([tag, "TLS_REQUIRED"]);
    }
    peer.send({ ...STLS, _ask: "3" });
    await peer.expect({ _answer: "3" });
    await peer.startTLS("asker");
    peer.send(SUM);
    await peer.expect({ _answer: "1", total: "3" });
    void connection.callRemote(Sum, { a: 1, b: 2 }).catch(() => {});
    await peer.expect(SUM);
    connection.destroy();
  });

  test("a command with requireTLS is neither called nor served in plaintext, and its caller gets TLSRequired", async () => {
    const Secret = command("Secret", { requireTLS: true });
    const responders = locator(
      starting,
      calculator().locator,
      Secret.responder(() => {}),
    );
    const [a] = connectedPair({}, { locator: responders }, PRETEND);
    expect(await rejection(a.callRemote(Secret))).toBeInstanceOf(TLSRequired);
    const Unaware = command("Secret");
    expect(await rejection(a.callRemote(Unaware))).toBeInstanceOf(TLSRequired);
    expect(await a.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
    const upgraded = a.startTLS();
    const held = a.callRemote(Secret); // sent inside TLS, or not at all
    await upgraded;
    expect(await held).toEqual({});
  });
});

describe("a protocol switch", () => {
  const ToRaw = new ProtocolSwitchCommand<{}, Transport>("ToRaw");
  const SWITCH = { _ask: "1", _command: "ToRaw" };

  /** Takes a stream over, and remembers it. */
  function taking() {
    const probe = new ReceiverProbe();
    const taken: Transport[] = [];
    const protocol: SwitchedProtocol<Transport> = (transport) => {
      transport.start(probe);
      taken.push(transport);
    };
    return { probe, taken, protocol };
  }

  test("a protocol switch gives the stream to both ends and ends AMP", async () => {
    const [mine, theirs] = [taking(), taking()];
    const [a, b] = connectedPair(
      {},
      { locator: locator(ToRaw.responder(() => ({ protocol: theirs.protocol }))) },
    );
    await a.callRemote(ToRaw, { protocol: mine.protocol });
    mine.taken[0]?.write(Uint8Array.of(0xff, 0xff));
    expect(await theirs.probe.bytes(2)).toEqual(Buffer.of(0xff, 0xff));
    theirs.taken[0]?.write(Uint8Array.of(1));
    expect(await mine.probe.bytes(1)).toEqual(Buffer.of(1));
    for (const one of [a, b]) {
      expect(await ended(one)).toBeInstanceOf(ProtocolSwitched);
      expect(await rejection(one.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(ProtocolSwitched);
      one.destroy();
      await one.close();
    }
    await flushPending();
    expect(mine.probe.heard).toEqual(["bytes"]);
  });

  test("a switch that is refused before it is asked leaves the connection open for calls", async () => {
    const { connection, peer } = scriptedPeer();
    await rejection(connection.callRemote(ToRaw, {}));
    void rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    await peer.expect(SUM);
    connection.destroy();
  });

  test("a change that is asked during another one is refused with the state of the connection", async () => {
    const protocol = () => {};
    const upgrading = scriptedPeer({}, PRETEND).connection;
    const first = rejection(upgrading.startTLS());
    const during = await rejection(upgrading.callRemote(ToRaw, { protocol }));
    expect(during).toBeInstanceOf(InvalidSignature);
    expect(during.message).toBe("ToRaw cannot be called while the connection is upgrading");
    const switching = scriptedPeer({}, PRETEND).connection;
    const second = rejection(switching.callRemote(ToRaw, { protocol }));
    for (const change of [switching.startTLS(), switching.callRemote(ToRaw, { protocol })])
      expect((await rejection(change)).message).toMatch(
        /cannot be called while the connection is switching$/,
      );
    upgrading.destroy();
    switching.destroy();
    await Promise.all([first, second]);
  });

  test("a transport that cannot give its stream away refuses a switch in both directions", async () => {
    const [ours, theirs] = memoryTransports();
    const taken = vi.fn();
    const connection = new Connection(Object.assign(ours, { detach: undefined }), manualClock(), {
      locator: locator(
        ToRaw.responder(() => ({ protocol: taken })),
        calculator().locator,
      ),
      onError() {},
      closeOnUndeclaredError: false,
    });
    const peer = new ScriptedPeer(theirs);
    const refused = await rejection(connection.callRemote(ToRaw, { protocol: taken }));
    expect(refused).toBeInstanceOf(InvalidSignature);
    expect(refused.message).toContain("`detach`");
    peer.send(SWITCH);
    expect((await peer.next())?.text("_error")).toBe("1");
    expect(taken).not.toHaveBeenCalled();
    peer.send(SUM);
    await peer.expect(TOTAL);
  });

  test("the responder of a switch may return values that the switch does not declare", async () => {
    const theirs = taking();
    const careless = () => ({ protocol: theirs.protocol, greeting: "hello" });
    const { peer } = scriptedPeer({ locator: locator(ToRaw.responder(careless)) });
    peer.send(SWITCH);
    await peer.expect({ _answer: "1" });
    await flushPending();
    expect(theirs.taken).toHaveLength(1);
  });

  test.each([undefined, 1_000])(
    "a switch has no limit of time but that of its call, here %s",
    async (timeout) => {
      const clock = manualClock();
      const { connection, peer } = scriptedPeer({ limits: { handshakeTimeout: 500 } }, { clock });
      const failed = rejection(connection.callRemote(ToRaw, { protocol: () => {} }, { timeout }));
      await peer.expect(SWITCH);
      clock.advance(999);
      await flushPending();
      expect(connection.state).toBe("switching");
      clock.advance(1);
      await flushPending();
      expect(connection.state).toBe(timeout === undefined ? "switching" : "closed");
      connection.destroy();
      await failed;
    },
  );

  test("after a refused switch the server does not introduce itself again", async () => {
    const refusing = ToRaw.responder(() => {
      throw new RemoteAmpError("NO", "not today");
    });
    const { peer } = scriptedPeer({ locator: locator(refusing, calculator().locator) }, { role: "server" });
    peer.send(SUM);
    await peer.expect({ ...TOTAL, "_m.ampwire": "1" });
    peer.send(SWITCH);
    await peer.expect({ _error: "1", _error_code: "NO", _error_description: "not today" });
    peer.send(SUM);
    await peer.expect(TOTAL);
  });

  test("bytes after the answer to a switch belong to the new protocol", async () => {
    const mine = taking();
    const { connection, peer } = scriptedPeer();
    const switched = connection.callRemote(ToRaw, { protocol: mine.protocol });
    await peer.expect(SWITCH);
    peer.send({ _answer: "1" }, "ff fe");
    peer.send("fd");
    await switched;
    expect(await mine.probe.bytes(3)).toEqual(Buffer.of(0xff, 0xfe, 0xfd));
  });

  test("bytes after the ask of a switch belong to the new protocol, and pending answers are never sent", async () => {
    const calc = calculator();
    const theirs = taking();
    const { peer } = scriptedPeer({
      locator: locator(
        calc.locator,
        ToRaw.responder(() => ({ protocol: theirs.protocol })),
      ),
    });
    peer.send({ _ask: "w", _command: "Wait" }, SWITCH, "ff fe");
    await peer.expect({ _answer: "1" });
    expect(await theirs.probe.bytes(2)).toEqual(Buffer.of(0xff, 0xfe));
    calc.answer("never sent");
    await flushPending();
    expect(peer.unread).toBe(0);
  });

  test("a refused switch rejects with the error, queued calls are sent, and AMP continues", async () => {
    const { connection, peer } = scriptedPeer();
    const refused = rejection(connection.callRemote(ToRaw, { protocol: () => {} }));
    const held = connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect(SWITCH);
    await flushPending();
    expect(peer.unread).toBe(0);
    peer.send({ _error: "1", _error_code: "NO", _error_description: "not today" });
    expect(await refused).toBeInstanceOf(UnknownRemoteError);
    await peer.expect({ ...SUM, _ask: "2" });
    peer.send({ _answer: "2", total: "3" });
    expect(await held).toEqual({ total: 3 });
  });

  test("an answer to a switch that cannot be parsed closes the connection, because the peer has switched", async () => {
    class Telling extends ProtocolSwitchCommand<{}, Transport> {
      override parseResponse(): never {
        throw new InvalidSignature("not what was agreed");
      }
    }
    const { connection, peer } = scriptedPeer();
    const failed = rejection(connection.callRemote(new Telling("ToRaw"), { protocol: () => {} }));
    const held = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    await peer.expect(SWITCH);
    peer.send({ _answer: "1" });
    expect(await failed).toMatchObject({ message: "not what was agreed" });
    expect((await failed).stack).toContain("parseResponse"); // it shows the fault
    expect(await held).toBeInstanceOf(MalformedAmpBox);
    await peer.expectEnd();
  });

  test("calls in progress reject with ProtocolSwitched", async () => {
    const { connection, peer } = scriptedPeer();
    const open = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    const switched = connection.callRemote(ToRaw, { protocol: () => {} });
    const held = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    await peer.expect(SUM, { ...SWITCH, _ask: "2" });
    peer.send({ _answer: "2" });
    await switched;
    expect(await open).toBeInstanceOf(ProtocolSwitched);
    expect(await held).toBeInstanceOf(ProtocolSwitched);
    expect(peer.unread).toBe(0);
  });

  test("destroy() and close() have no effect on a stream that was handed over", async () => {
    const theirs = taking();
    const [a, b] = connectedPair(
      {},
      {
        locator: locator(
          ToRaw.responder((_, { connection }) => ({
            protocol: (stream: Transport) => {
              theirs.protocol(stream);
              connection.destroy();
            },
          })),
        ),
      },
    );
    const mine = taking();
    await a.callRemote(ToRaw, {
      protocol: (stream) => {
        mine.protocol(stream);
        a.destroy();
      },
    });
    expect([await ended(a), await ended(b)].map(({ name }) => name)).toEqual([
      "ProtocolSwitched",
      "ProtocolSwitched",
    ]);
    mine.taken[0]?.write(Uint8Array.of(0xff));
    expect(await theirs.probe.bytes(1)).toEqual(Buffer.of(0xff));
  });

  test.each(["asker", "responder"] as const)(
    "the stream is destroyed if the protocol function of the %s throws",
    async (side) => {
      const failure = (function failingPlace() {
        return new Error("not now");
      })();
      const failing: SwitchedProtocol<Transport> = () => {
        throw failure;
      };
      const other = taking();
      const reported: unknown[] = [];
      const [a, b] = connectedPair(
        {},
        {
          locator: locator(
            ToRaw.responder(() => ({ protocol: side === "responder" ? failing : other.protocol })),
          ),
          onError: (error) => void reported.push(error),
        },
      );
      const switched = a.callRemote(ToRaw, { protocol: side === "asker" ? failing : other.protocol });
      if (side === "asker") {
        expect(await rejection(switched)).toBe(failure);
        expect(failure.stack).toContain("failingPlace"); // the frames of the fault stay
      } else await switched;
      for (const one of [a, b]) expect(await ended(one)).toBeInstanceOf(ProtocolSwitched);
      await flushPending();
      expect(other.probe.heard).toEqual(["ended"]);
      expect(reported).toEqual(side === "responder" ? [failure] : []);
    },
  );

  test("a switch without _ask runs the responder and does not switch", async () => {
    const theirs = taking();
    const { connection, peer } = scriptedPeer({
      locator: locator(ToRaw.responder(() => ({ protocol: theirs.protocol }))),
    });
    peer.send({ _command: "ToRaw" });
    await flushPending();
    expect(theirs.taken).toEqual([]);
    expect(connection.state).toBe("open");
  });

  test("a switch without a protocol function asks nothing and answers with UNKNOWN", async () => {
    const errors: unknown[] = [];
    const { connection, peer } = scriptedPeer({
      locator: locator(ToRaw.responder(() => ({}))),
      onError: (error) => errors.push(error),
    });
    const refused = await rejection(connection.callRemote(ToRaw, {}));
    expect(refused).toBeInstanceOf(InvalidSignature);
    expect(refused.message).toContain("needs the argument `protocol`");
    peer.send(SWITCH);
    await peer.expect({ _error: "1", _error_code: "UNKNOWN", _error_description: "Unknown Error" });
    expect(String(errors[0])).toContain("must return `{ protocol }`");
  });
});

describe("a protocol change defined by an application", () => {
  /** Records the key and the side of the change. It uses the public hooks alone. */
  class Refused extends Error {}
  const keys: [side: string, key: unknown, leftovers: number][] = [];
  const scrambling: BoxKind = {
    name: "ScrambleBox",
    change: {
      state: "upgrading",
      admit({ secure }) {
        if (secure) throw new Refused("there is TLS already");
      },
      prepare(connection, { key }, side) {
        if (key === 13) throw new Refused("not with this key");
        return async (leftovers) => {
          keys.push([side, key, leftovers.length]);
          connection.secured({
            peerCertificate: undefined,
            hostCertificate: undefined,
            protocol: "scrambled",
            cipher: `key ${String(key)}`,
            verified: false,
          });
          return { agreed: true };
        };
      },
    },
  };
  const Scramble = command("Scramble", {
    arguments: { key: integer() },
    response: { key: integer() },
    errors: { REFUSED: Refused },
    commandType: scrambling,
    responseType: scrambling,
  });
  const scrambled = Scramble.responder(({ key }) => ({ key }));

  test("an application's change queues and sends boxes as StartTLS does", async () => {
    keys.length = 0;
    const [a, b] = connectedPair({}, { locator: locator(scrambled, calculator().locator) });
    const changed = a.callRemote(Scramble, { key: 7 });
    const held = a.callRemote(Sum, { a: 1, b: 2 });
    expect(a.state).toBe("upgrading");
    expect(await changed).toEqual({ key: 7, agreed: true });
    expect(await held).toEqual({ total: 3 });
    expect(keys.sort()).toEqual([
      ["asker", 7, 0],
      ["responder", 7, 0],
    ]);
    expect([a.tls?.cipher, b.tls?.cipher]).toEqual(["key 7", "key 7"]);
  });

  test("an application's change can be rejected before anything is sent", async () => {
    const { connection, peer } = scriptedPeer();
    expect(await rejection(connection.callRemote(Scramble, { key: 13 }))).toBeInstanceOf(Refused);
    expect(connection.state).toBe("open");
    await flushPending();
    expect(peer.unread).toBe(0);
  });

  test("the responder of an application's change can refuse it with a declared error", async () => {
    const { connection, peer } = scriptedPeer({ locator: locator(scrambled) });
    peer.send({ _ask: "1", _command: "Scramble", key: "13" });
    await peer.expect({ _error: "1", _error_code: "REFUSED", _error_description: "not with this key" });
    expect(connection.state).toBe("open");
  });

  test("a protocol change cannot be called without an answer", async () => {
    const Hasty = Scramble.extend("Hasty", { requiresAnswer: false });
    const { connection, peer } = scriptedPeer();
    expect(() => connection.callRemote(Hasty, { key: 1 })).toThrow(InvalidSignature);
    await flushPending();
    expect(peer.unread).toBe(0);
  });
});
