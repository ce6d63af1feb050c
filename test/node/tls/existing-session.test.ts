/** A connection on a TLS socket of the program's own: what is known of its session, and from when on. */
import { once } from "node:events";
import { connect } from "node:tls";
import { attach } from "ampwire/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { rawServer, tidy } from "../../support/loopback.ts";
import { RawPeer } from "../../support/raw-peer.ts";

const known = await testCertificates();

/** A TLS client of Node, and the server's side of it, which waits for the handshake. */
async function dialled(ca: string) {
  const server = await rawServer();
  const socket = connect({ host: "127.0.0.1", port: server.port, ca, servername: "calc.example" });
  onTestFinished(() => void socket.destroy());
  const inside = server.next().then((accepted) => new RawPeer(accepted).tlsServer(known.server));
  inside.catch(() => {});
  return { socket, inside };
}

describe("a TLS socket that is attached", () => {
  test.each(["before its handshake", "after it"])("%s: its session is known", async (when) => {
    const { socket, inside } = await dialled(known.authority.toPEM());
    if (when === "after it") await once(socket, "secureConnect");
    const connection = attach(socket, { role: "client" });
    tidy(connection);
    if (when === "before its handshake") await once(socket, "secureConnect");
    expect(connection.peerCertificate?.fingerprint).toBe(known.server.fingerprint);
    expect(connection.tls).toMatchObject({ protocol: "TLSv1.3", verified: true, hostCertificate: undefined });
    expect(connection.tls?.cipher).toMatch(/^TLS_/);
    await inside;
  });

  test("whose check fails: nobody is verified", async () => {
    const { socket } = await dialled(known.otherAuthority.toPEM());
    const connection = attach(socket, { role: "client" });
    tidy(connection);
    expect((await connection.closed).message).toContain("unable to verify");
    expect(connection.tls?.verified).toBe(false);
  });
});
