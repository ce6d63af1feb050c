/** Plaintext after a StartTLS ask or after its answer (CVE-2011-0411) is never executed and never answered. */
import { once } from "node:events";
import { HandshakeError, locator, PlaintextAfterStartTLS, StartTLS, UnexpectedAnswer } from "ampwire";
import { describe, expect, test } from "vitest";
import { deferred } from "../../support/deferred.ts";
import { arrived, attached, ours } from "../../support/loopback.ts";
import { ANS, bytesOf, STLS } from "../../support/raw-peer.ts";
import { ended, rejection } from "../../support/settled.ts";
import { EVIL, Mark, witness } from "../../support/witness.ts";

const ROLES = ["server", "client"] as const;

describe.each(ROLES)("asked as TLS %s", (role) => {
  test.each([
    ["a box", bytesOf(EVIL)],
    ["a single zero byte", Buffer.of(0)],
    ["half a box", bytesOf(EVIL).subarray(0, 20)],
    ["a second StartTLS", bytesOf({ ...STLS, _ask: "2" })],
  ])("case 1: %s right after the StartTLS ask is never executed", async (_, glued) => {
    const { heard, locator } = witness();
    const { connection, peer } = await ours(role, { locator });
    peer.send(bytesOf(STLS), glued);
    const reason = await ended(connection);
    expect(reason).toBeInstanceOf(PlaintextAfterStartTLS);
    expect(reason.message).toContain("plaintext after StartTLS");
    await peer.end();
    expect(peer.received).toHaveLength(0);
    expect(heard).toEqual([]);
  });

  test("case 1: boxes before the StartTLS ask are answered", async () => {
    const { heard, locator } = witness();
    const { connection, peer } = await ours(role, { locator });
    peer.send({ _ask: "a", _command: "Mark", text: "fair" }, STLS, EVIL);
    expect(await peer.boxes()).toEqual([{ _answer: "a", text: "fair" }]);
    expect(await ended(connection)).toBeInstanceOf(PlaintextAfterStartTLS);
    expect(heard).toEqual(["fair"]);
  });

  test("a StartTLS without a tag changes nothing", async () => {
    const { heard, locator } = witness();
    const { connection, peer } = await ours(role, { locator });
    peer.send({ _command: "StartTLS" }, { _ask: "a", _command: "Mark", text: "plain" });
    expect(await peer.box()).toEqual({ _answer: "a", text: "plain" });
    expect(heard).toEqual(["plain"]);
    expect(connection.secure).toBe(false);
  });

  test("case 2: a box that arrives while the responder decides is never executed", async () => {
    const evil = witness();
    const deciding = deferred();
    const decided = deferred();
    const { connection, peer, socket } = await attached(role, {
      locator: locator(
        evil.locator,
        StartTLS.responder(async () => {
          deciding.resolve();
          await decided.promise;
        }),
      ),
    });
    peer.send(STLS);
    await deciding.promise;
    peer.send(EVIL);
    await arrived(socket, bytesOf(STLS, EVIL).length);
    decided.resolve();
    expect(await ended(connection)).toBeInstanceOf(PlaintextAfterStartTLS);
    await peer.end();
    expect(peer.received).toHaveLength(0);
    expect(evil.heard).toEqual([]);
  });

  test("case 2: a box between the answer and the ClientHello is never executed", async () => {
    const { heard, locator } = witness();
    const { connection, peer } = await ours(role, { locator });
    peer.send(STLS);
    expect(await peer.box()).toEqual({ _answer: "1" });
    peer.send(EVIL);
    const reason = await ended(connection);
    // A TLS client that has not begun yet detects it. For a server, its TLS engine does.
    expect(reason).toBeInstanceOf(role === "client" ? PlaintextAfterStartTLS : HandshakeError);
    await peer.end();
    expect(heard).toEqual([]);
  });

  test("case 2: a box right before the ClientHello is never executed", async () => {
    const { heard, locator } = witness();
    const { connection, peer } = await ours(role, { locator, handshakeDelay: 0 });
    peer.send(STLS);
    expect(await peer.box()).toEqual({ _answer: "1" });
    peer.send(EVIL, Buffer.from("16030100", "hex"));
    const reason = await ended(connection);
    expect([HandshakeError, PlaintextAfterStartTLS]).toContain(reason.constructor);
    expect(heard).toEqual([]);
  });
});

describe.each(ROLES)("asking as TLS %s", (role) => {
  test("case 6: plaintext in place of the handshake is an error, and no queued call is sent", async () => {
    const { heard, locator } = witness();
    const { connection, peer } = await ours(role, { locator });
    const upgrade = rejection(connection.startTLS());
    const held = rejection(connection.callRemote(Mark, { text: "secret" }));
    expect(await peer.box()).toEqual(STLS);
    peer.send(ANS);
    if (role === "client") await once(peer.socket, "data"); // the ClientHello
    peer.send(EVIL);
    expect(await upgrade).toBeInstanceOf(HandshakeError);
    expect(await held).toBeInstanceOf(HandshakeError);
    expect(await ended(connection)).toBeInstanceOf(HandshakeError);
    await peer.end();
    expect(heard).toEqual([]);
    expect(peer.received.includes("secret")).toBe(false);
    expect(connection.secure).toBe(false);
  });
});

describe("a forged answer to a queued call", () => {
  test("case 3: a forged answer right after the StartTLS answer, to a TLS client, is a violation", async () => {
    const { connection, peer } = await ours("client");
    const upgrade = rejection(connection.startTLS());
    const held = rejection(connection.callRemote(Mark, { text: "secret" }));
    expect(await peer.box()).toEqual(STLS);
    peer.send(ANS, { _answer: "2", text: "forged" });
    expect(await upgrade).toBeInstanceOf(PlaintextAfterStartTLS);
    expect(await held).toBeInstanceOf(PlaintextAfterStartTLS);
    await peer.end();
    expect(peer.received).toEqual(bytesOf(STLS));
  });

  test("case 3: a forged answer right after the StartTLS answer, to a TLS server, fails in its TLS engine", async () => {
    const { connection, peer } = await ours("server");
    const upgrade = rejection(connection.startTLS());
    const held = rejection(connection.callRemote(Mark, { text: "secret" }));
    expect(await peer.box()).toEqual(STLS);
    peer.send(ANS, { _answer: "2", text: "forged" });
    expect(await upgrade).toBeInstanceOf(HandshakeError);
    expect(await held).toBeInstanceOf(HandshakeError);
  });

  test("case 3: a forged answer after the ClientHello fails in the TLS engine", async () => {
    const { connection, peer } = await ours("client");
    const upgrade = rejection(connection.startTLS());
    const held = rejection(connection.callRemote(Mark, { text: "secret" }));
    expect(await peer.box()).toEqual(STLS);
    peer.send(ANS);
    await once(peer.socket, "data");
    peer.send({ _answer: "2", text: "forged" });
    expect(await upgrade).toBeInstanceOf(HandshakeError);
    expect(await held).toBeInstanceOf(HandshakeError);
  });

  test.each(ROLES)(
    "case 4: a forged answer before the StartTLS answer, to a TLS %s, has an unknown tag",
    async (role) => {
      const { connection, peer } = await ours(role);
      const upgrade = rejection(connection.startTLS());
      const held = rejection(connection.callRemote(Mark, { text: "secret" }));
      expect(await peer.box()).toEqual(STLS);
      peer.send({ _answer: "2", text: "forged" });
      expect(await held).toBeInstanceOf(UnexpectedAnswer);
      expect(await upgrade).toBeInstanceOf(UnexpectedAnswer);
      expect((await ended(connection)).message).toContain("has not been sent yet");
      await peer.end();
      expect(peer.received).toEqual(bytesOf(STLS));
    },
  );

  test.each(ROLES)(
    "case 4: a forged error in place of the StartTLS answer, to a TLS %s, has an unknown tag",
    async (role) => {
      const { connection, peer } = await ours(role);
      const upgrade = rejection(connection.startTLS());
      const held = rejection(connection.callRemote(Mark, { text: "secret" }));
      expect(await peer.box()).toEqual(STLS);
      peer.send({ _error: "2", _error_code: "X", _error_description: "forged" });
      expect(await held).toBeInstanceOf(UnexpectedAnswer);
      expect(await upgrade).toBeInstanceOf(UnexpectedAnswer);
    },
  );
});
