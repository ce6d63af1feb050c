/** Bytes that follow a handshake at once are read only after this end's check of the certificate. */
import { once } from "node:events";
import { HandshakeError, PeerVerifyError, ProtocolError } from "ampwire";
import { describe, expect, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { editedClient } from "../../support/edited-tls.ts";
import { ours } from "../../support/loopback.ts";
import { ANS, bytesOf, STLS } from "../../support/raw-peer.ts";
import { causeOf, ended, rejection } from "../../support/settled.ts";
import { EVIL, witness } from "../../support/witness.ts";

const { authority, server: localCertificate, otherClient, impostorServer } = await testCertificates();
const verifyAuthorities = [authority];

describe.each(["TLSv1.2", "TLSv1.3"] as const)("over %s", (maxVersion) => {
  test.each([
    ["no certificate", {}],
    ["an untrusted certificate", { cert: otherClient.toPEMWithKey(), key: otherClient.toPEMWithKey() }],
  ])("case 21: data that a client with %s sends at once is not delivered", async (_, options) => {
    const { heard, locator } = witness();
    const { connection, peer } = await ours("server", {
      locator,
      tls: { localCertificate, verifyAuthorities },
    });
    peer.send(STLS);
    await peer.box();
    peer.tlsClient({ maxVersion, ...options }).write(bytesOf(EVIL));
    expect(await ended(connection)).toBeInstanceOf(PeerVerifyError);
    expect(heard).toEqual([]);
  });

  test("case 21: data that an untrusted server sends at once is not delivered", async () => {
    const { heard, locator } = witness();
    const { connection, peer } = await ours("client", { locator, tls: { verifyAuthorities } });
    const upgrade = rejection(connection.startTLS());
    await peer.box();
    peer.send(ANS);
    peer.tlsServer(impostorServer, { maxVersion }).then(
      (inside) => inside.send(EVIL),
      () => {},
    );
    expect(await upgrade).toBeInstanceOf(PeerVerifyError);
    expect(await ended(connection)).toBe(causeOf(await upgrade));
    expect(heard).toEqual([]);
  });

  test("data that a trusted client sends at once is delivered", async () => {
    const { heard, locator } = witness();
    const { peer } = await ours("server", { locator, tls: { localCertificate } });
    peer.send(STLS);
    await peer.box();
    const socket = peer.tlsClient({ maxVersion });
    socket.write(bytesOf(EVIL));
    await once(socket, "data");
    expect(heard).toEqual(["evil"]);
  });

  test.each([
    ["an invalid record", "1703030005ffffffffff"],
    ["a fatal alert in plaintext", "15030300020250"],
    ["plaintext", bytesOf(EVIL).toString("hex")],
  ])("%s right after the last flight of a handshake closes the connection", async (_, garbage) => {
    const { heard, locator } = witness();
    const { connection, peer } = await ours("server", { locator, tls: { localCertificate } });
    const upgrade = connection.startTLS().catch((error: unknown) => error);
    await peer.box();
    peer.send(ANS);
    editedClient(
      peer,
      (flight, index) => peer.send(flight, index === 1 ? Buffer.from(garbage, "hex") : Buffer.of()),
      { maxVersion },
    );
    const reason = await ended(connection);
    expect(reason).not.toBeInstanceOf(ProtocolError);
    const upgraded = await upgrade;
    if (upgraded !== undefined) expect(upgraded).toBeInstanceOf(HandshakeError);
    expect(heard).toEqual([]);
  });
});
