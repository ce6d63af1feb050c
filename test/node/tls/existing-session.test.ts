/** Connections on a TLS socket that the program created: what the session contains, and when. */
import { once } from "node:events";
import { connect } from "node:tls";
import { attach } from "ampwire/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { rawServer, tidy } from "../../support/loopback.ts";
import { RawPeer } from "../../support/raw-peer.ts";
import { ended } from "../../support/settled.ts";

const known = await testCertificates();

/** A TLS client socket of Node, and the server's end, which waits for the handshake. */
async function dialled(ca: string) {
  const server = await rawServer();
  const socket = connect({ host: "127.0.0.1", port: server.port, ca, servername: "calc.example" });
  onTestFinished(() => void socket.destroy());
  const inside = server.next().then((accepted) => new RawPeer(accepted).tlsServer(known.server));
  inside.catch(() => {});
  return { socket, inside };
}

describe("attach() on a TLS socket", () => {
  test.each(["before its handshake", "after it"])(
    "the session of a TLS socket that is attached %s is known",
    async (when) => {
      const { socket, inside } = await dialled(known.authority.toPEM());
      if (when === "after it") await once(socket, "secureConnect");
      const connection = attach(socket, { role: "client" });
      tidy(connection);
      if (when === "before its handshake") await once(socket, "secureConnect");
      expect(connection.peerCertificate?.fingerprint).toBe(known.server.fingerprint);
      expect(connection.tls).toMatchObject({
        protocol: "TLSv1.3",
        verified: true,
        hostCertificate: undefined,
      });
      expect(connection.tls?.cipher).toMatch(/^TLS_/);
      await inside;
    },
  );

  test("the session of a TLS socket whose verification failed is not verified", async () => {
    const { socket } = await dialled(known.otherAuthority.toPEM());
    const connection = attach(socket, { role: "client" });
    tidy(connection);
    expect((await ended(connection)).message).toContain("unable to verify");
    expect(connection.tls?.verified).toBe(false);
  });
});
