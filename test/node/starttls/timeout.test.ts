/** A peer that takes its time: the upgrade has a bound, and then the socket is gone. */
import { once } from "node:events";
import { HandshakeTimeout } from "ampwire";
import { describe, expect, onTestFinished, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { editedClient } from "../../support/edited-tls.ts";
import { attached, pair } from "../../support/loopback.ts";
import { pendingTimers } from "../../support/pending-timers.ts";
import { ANS, STLS } from "../../support/raw-peer.ts";
import { rejection } from "../../support/settled.ts";
import { Mark } from "../../support/witness.ts";

const { server: localCertificate } = await testCertificates();
const tls = { localCertificate };
const limits = { handshakeTimeout: 60 };

describe.each(["server", "client"] as const)("case 19: as TLS %s", (role) => {
  test("a StartTLS that is never answered ends at the handshake timeout", async () => {
    const { connection, peer, socket } = await attached(role, { tls, limits });
    peer.socket.allowHalfOpen = true; // it does not even react to our end
    const upgrade = rejection(connection.startTLS());
    const held = rejection(connection.callRemote(Mark, { text: "secret" }));
    expect(await upgrade).toBeInstanceOf(HandshakeTimeout);
    expect((await upgrade).message).toBe("upgrading took longer than 60 ms: the peer has not answered");
    expect(await held).toBe(await upgrade);
    expect(socket.destroyed).toBe(true);
    expect(await connection.closed).toBe(await upgrade);
    expect(peer.received.includes("secret")).toBe(false);
  });

  test("a handshake of our own asking that never begins", async () => {
    const { connection, peer, socket } = await attached(role, { tls, limits });
    peer.socket.allowHalfOpen = true;
    const upgrade = rejection(connection.startTLS());
    await peer.box();
    peer.send(ANS);
    expect(await upgrade).toBeInstanceOf(HandshakeTimeout);
    expect((await upgrade).message).toBe("upgrading took longer than 60 ms: the handshake is not done");
    expect(socket.destroyed).toBe(true);
    expect(await connection.closed).toBe(await upgrade);
  });

  test("a handshake of the peer's asking that never begins", async () => {
    const { connection, peer, socket } = await attached(role, { tls, limits });
    peer.socket.allowHalfOpen = true;
    peer.send(STLS);
    expect(await connection.closed).toBeInstanceOf(HandshakeTimeout);
    expect(socket.destroyed).toBe(true);
  });

  test("the call's own timeout is a bound too", async () => {
    const { connection, socket } = await attached(role, { tls });
    expect(await rejection(connection.startTLS({ timeout: 30 }))).toBeInstanceOf(HandshakeTimeout);
    expect(socket.destroyed).toBe(true);
  });

  test("the call's signal ends it with the signal's reason", async () => {
    const { connection, peer, socket } = await attached(role, { tls });
    const given = new AbortController();
    const upgrade = rejection(connection.startTLS({ signal: given.signal }));
    await peer.box();
    const reason = new Error("enough");
    given.abort(reason);
    expect(await upgrade).toBe(reason);
    expect(await connection.closed).toBe(reason);
    expect(socket.destroyed).toBe(true);
  });
});

test("case 19: a handshake that drips is not prolonged by its drops", async () => {
  const { connection, peer, socket } = await attached("server", { tls, limits });
  peer.send(STLS);
  await peer.box();
  let sent = 0;
  editedClient(peer, (hello) => {
    const drip = setInterval(() => {
      if (!socket.destroyed) peer.send(hello.subarray(sent, ++sent));
    }, 10);
    onTestFinished(() => clearInterval(drip));
    return once(peer.socket, "close").then(() => {});
  });
  expect(await connection.closed).toBeInstanceOf(HandshakeTimeout);
  expect(sent).toBeGreaterThan(0); // how many, the load of the machine says
  expect(sent).toBeLessThan(20);
});

test("case 19: once TLS is there, its timer is not", async () => {
  const { client, server } = await pair({ tls });
  await client.startTLS();
  await client.callRemoteString("Nobody").catch(() => {});
  expect([client.secure, server.secure]).toEqual([true, true]);
  expect(pendingTimers()).toBe(0);
});
