/** Slow peers: an upgrade has a timeout, after which the socket is destroyed. */
import { once } from "node:events";
import { HandshakeTimeout } from "ampwire";
import { describe, expect, onTestFinished, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { editedClient } from "../../support/edited-tls.ts";
import { attached, pair } from "../../support/loopback.ts";
import { pendingTimers } from "../../support/pending-timers.ts";
import { ANS, STLS } from "../../support/raw-peer.ts";
import { causeOf, ended, rejection } from "../../support/settled.ts";
import { Mark } from "../../support/witness.ts";

const { server: localCertificate } = await testCertificates();
const tls = { localCertificate };
const limits = { handshakeTimeout: 60 };

describe.each(["server", "client"] as const)("case 19: as TLS %s", (role) => {
  test("a StartTLS that is never answered ends at the handshake timeout", async () => {
    const { connection, peer, socket } = await attached(role, { tls, limits });
    peer.socket.allowHalfOpen = true; // the peer does not react to the end of this side either
    const upgrade = rejection(connection.startTLS());
    const held = rejection(connection.callRemote(Mark, { text: "secret" }));
    expect(await upgrade).toBeInstanceOf(HandshakeTimeout);
    expect((await upgrade).message).toBe(
      "StartTLS: upgrading took longer than 60 ms: the peer has not answered",
    );
    expect(causeOf(await held)).toBe(causeOf(await upgrade));
    expect(socket.destroyed).toBe(true);
    expect(await ended(connection)).toBe(causeOf(await upgrade));
    expect(peer.received.includes("secret")).toBe(false);
  });

  test("a handshake that this end asked for and that never begins ends at the handshake timeout", async () => {
    const { connection, peer, socket } = await attached(role, { tls, limits });
    peer.socket.allowHalfOpen = true;
    const upgrade = rejection(connection.startTLS());
    await peer.box();
    peer.send(ANS);
    expect(await upgrade).toBeInstanceOf(HandshakeTimeout);
    expect((await upgrade).message).toBe(
      "StartTLS: upgrading took longer than 60 ms: the handshake is not done (two TLS servers wait for each other: see `role`)",
    );
    expect(socket.destroyed).toBe(true);
    expect(await ended(connection)).toBe(causeOf(await upgrade));
  });

  test("a handshake that the peer asked for and that never begins ends at the handshake timeout", async () => {
    const { connection, peer, socket } = await attached(role, { tls, limits });
    peer.socket.allowHalfOpen = true;
    peer.send(STLS);
    expect(await ended(connection)).toBeInstanceOf(HandshakeTimeout);
    expect(socket.destroyed).toBe(true);
  });

  test("the timeout of the call also ends the upgrade", async () => {
    const { connection, socket } = await attached(role, { tls });
    expect(await rejection(connection.startTLS({ timeout: 30 }))).toBeInstanceOf(HandshakeTimeout);
    expect(socket.destroyed).toBe(true);
  });

  test("the signal of the call ends the upgrade with the signal's reason", async () => {
    const { connection, peer, socket } = await attached(role, { tls });
    const given = new AbortController();
    const upgrade = rejection(connection.startTLS({ signal: given.signal }));
    await peer.box();
    const reason = new Error("enough");
    given.abort(reason);
    expect(await upgrade).toBe(reason);
    expect(await ended(connection)).toBe(reason);
    expect(socket.destroyed).toBe(true);
  });
});

test("case 19: a handshake that arrives byte by byte does not extend the timeout", async () => {
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
  expect(await ended(connection)).toBeInstanceOf(HandshakeTimeout);
  expect(sent).toBeGreaterThan(0); // the number depends on the load of the machine
  expect(sent).toBeLessThan(20);
});

test("case 19: the handshake timer is cleared when TLS is established", async () => {
  const { client, server } = await pair({ tls });
  await client.startTLS();
  await client.callRemoteString("Nobody").catch(() => {});
  expect([client.secure, server.secure]).toEqual([true, true]);
  expect(pendingTimers()).toBe(0);
});
