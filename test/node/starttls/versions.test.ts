/** Versions, renegotiation and resumption, attempted by another TLS stack. */
import { once } from "node:events";
import type { TLSSocket } from "node:tls";
import { HandshakeError } from "ampwire";
import { describe, expect, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { ours } from "../../support/loopback.ts";
import { STLS } from "../../support/raw-peer.ts";
import { ended, rejection } from "../../support/settled.ts";
import { witness } from "../../support/witness.ts";

const { authority, server: localCertificate, client } = await testCertificates();
const tls = { localCertificate };
const OLD = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" } as const;

describe("case 18", () => {
  test("a client with TLS 1.1 is rejected", async () => {
    const { connection, peer } = await ours("server", { tls });
    peer.send(STLS);
    await peer.box();
    peer.tlsClient(OLD);
    const reason = await ended(connection);
    expect(reason).toBeInstanceOf(HandshakeError);
    expect(reason.message).toContain("no accepted version of TLS");
  });

  test("a server with TLS 1.1 is rejected", async () => {
    const { connection, peer } = await ours("client");
    const upgrade = rejection(connection.startTLS());
    await peer.box();
    peer.send({ _answer: "1" });
    await rejection(peer.tlsServer(localCertificate, OLD));
    expect(await upgrade).toBeInstanceOf(HandshakeError);
  });

  test("the versions of the option `tls` are used", async () => {
    const { connection, peer } = await ours("server", { tls: { ...tls, minVersion: "TLSv1.3" } });
    peer.send(STLS);
    await peer.box();
    peer.tlsClient({ maxVersion: "TLSv1.2" });
    expect(await ended(connection)).toBeInstanceOf(HandshakeError);
  });

  test("a client that renegotiates gets no second handshake", async () => {
    const { locator } = witness();
    const { peer } = await ours("server", { tls, locator });
    peer.send(STLS);
    await peer.box();
    const inside = await peer.secure({ maxVersion: "TLSv1.2" });
    const outcome = new Promise((resolve) => {
      inside.socket.renegotiate({}, (error) => resolve(error));
      inside.socket.once("close", () => resolve("closed"));
    });
    expect(await outcome).not.toBeNull();
  });
});

describe("case 27", () => {
  test.each(["TLSv1.2", "TLSv1.3"] as const)("a session of %s is not resumed", async (maxVersion) => {
    const verifying = { localCertificate, verifyAuthorities: [authority] };
    const pem = client.toPEMWithKey();
    const first = await upgraded({ maxVersion, cert: pem, key: pem });
    const sessions = [first.session];
    first.socket.on("session", (session) => sessions.push(session));
    first.socket.write(Buffer.from("0000", "hex")); // invalid, so that the connection ends
    await once(first.socket, "close");
    for (const session of sessions) {
      const second = await upgraded({ maxVersion, cert: pem, key: pem, session });
      expect(second.socket.isSessionReused()).toBe(false);
      expect(second.connection.peerCertificate?.commonName).toBe("client");
    }

    async function upgraded(options: object): Promise<{
      socket: TLSSocket;
      session: Buffer | undefined;
      connection: Awaited<ReturnType<typeof ours>>["connection"];
    }> {
      const { locator } = witness();
      const { connection, peer } = await ours("server", { tls: verifying, locator });
      peer.send(STLS);
      await peer.box();
      const inside = await peer.secure(options);
      inside.send({ _ask: "a", _command: "Mark", text: "in" });
      expect(await inside.box()).toEqual({ _answer: "a", text: "in" });
      return { socket: inside.socket, session: inside.socket.getSession(), connection };
    }
  });
});
