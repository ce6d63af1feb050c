/** The stream ends or is cut at any point of an upgrade: all waiting promises settle once. */
import { AmpError, locator, StartTLS } from "ampwire";
import { describe, expect, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { deferred } from "../../support/deferred.ts";
import { attached, ourClient, ourServer } from "../../support/loopback.ts";
import { ANS, bytesOf, STLS } from "../../support/raw-peer.ts";
import { causeOf, ended, rejection, settling } from "../../support/settled.ts";
import { type Cut, type Way, wireTo } from "../../support/tcp-proxy.ts";
import { until } from "../../support/within.ts";
import { Mark, witness } from "../../support/witness.ts";

const { server: localCertificate } = await testCertificates();
const tls = { localCertificate };
/** Bytes between two cuts in the handshake. The plaintext part is cut at every byte. */
const STRIDE = 11;
/** Number of concurrent upgrades. */
const BATCH = 24;

describe.each(["client", "server"] as const)("case 22: asked by the %s", (asker) => {
  describe.each(["FIN", "RST"] as const)("cut with %s", (how) => {
    test.each(["toServer", "toClient"] as const)(
      "an upgrade that is cut at every byte of the way %s settles once at both ends",
      async (way) => {
        const whole = await upgradeOver(undefined);
        expect([...whole.upgrade.how, ...whole.held.how]).toEqual(["resolved", "resolved"]);
        const plain = asks(way) ? bytesOf(STLS).length : bytesOf(ANS).length;
        const positions: number[] = [];
        for (let after = 0; after < whole.bytes[way]; after += after <= plain ? 1 : STRIDE)
          positions.push(after);
        let open = 0;
        for (let at = 0; at < positions.length; at += BATCH) {
          const cuts = positions.slice(at, at + BATCH).map((after) => upgradeOver({ way, after, how }));
          for (const { upgrade, held } of await Promise.all(cuts)) {
            expect(upgrade.how).toHaveLength(1);
            expect(held.how).toHaveLength(1);
            if (upgrade.how[0] === "rejected") expect(held.how).toEqual(["rejected"]);
            else open++;
          }
        }
        // The last cuts come after the handshake, most come before its end.
        expect(open).toBeLessThan(positions.length / 2);
      },
    );

    function asks(way: Way): boolean {
      return (way === "toServer") === (asker === "client");
    }
  });

  /** Runs an upgrade and a call that is queued during it, until both connections have ended. */
  async function upgradeOver(cut: Cut | undefined) {
    const { locator } = witness();
    const accepting = await ourServer({ tls, locator });
    const wire = await wireTo(accepting.port, cut);
    const client = await ourClient(wire.port, { locator, handshakeDelay: 0 });
    const server = await accepting.next();
    const asking = asker === "client" ? client : server;
    const upgrading = asking.startTLS();
    const calling = asking.callRemote(Mark, { text: "held" });
    const upgrade = settling(upgrading);
    const held = settling(calling);
    await held.over;
    // Without a cut, the numbers of bytes are complete when the answer has come.
    const bytes = { toServer: wire.toServer.length, toClient: wire.toClient.length };
    if (cut === undefined) client.destroy();
    await Promise.all([upgrade.over, client.closed, server.closed]);
    expect(await ended(client)).toBeInstanceOf(AmpError);
    expect(await ended(server)).toBeInstanceOf(AmpError);
    for (const one of [client, server]) {
      expect(causeOf(await rejection(one.callRemote(Mark, { text: "late" })))).toBe(await ended(one));
    }
    return { upgrade, held, bytes };
  }
});

describe.each(["server", "client"] as const)("case 22: the stream of a TLS %s is destroyed", (role) => {
  const stages = ["asked", "answered", "in the handshake"] as const;
  const ways = ["by the connection", "by other code", "by other code, with an error"] as const;

  describe.each(stages)("when the upgrade of this end is %s", (stage) => {
    test.each(ways)("the stream is destroyed %s", async (way) => {
      const { connection, peer, socket } = await attached(role, { tls });
      const upgrade = settling(connection.startTLS());
      const held = settling(connection.callRemote(Mark, { text: "held" }));
      await peer.box();
      if (stage !== "asked") peer.send(ANS);
      if (stage === "in the handshake") await inHandshake();
      if (way === "by the connection") connection.destroy();
      else socket.destroy(way === "by other code" ? undefined : new Error("an error of other code"));
      await Promise.all([upgrade.over, held.over, connection.closed]);
      expect([upgrade.how, held.how]).toEqual([["rejected"], ["rejected"]]);
      expect(await ended(connection)).toBeInstanceOf(AmpError);
      await peer.end();

      /** Resolves when the peer sees the ClientHello of a client, or the server has seen the peer's first TLS bytes. */
      async function inHandshake(): Promise<void> {
        if (role === "client")
          return void (await new Promise((resolve) => peer.socket.once("data", resolve)));
        peer.send(Buffer.from("1603010200", "hex"));
        const sent = bytesOf(ANS).length + 5;
        await until(() => socket.bytesRead >= sent);
      }
    });
  });

  test("the stream is destroyed while the responder decides", async () => {
    const deciding = deferred();
    const decided = deferred();
    const signalled = deferred();
    const { connection, peer, socket } = await attached(role, {
      tls,
      locator: locator(
        StartTLS.responder(async (_, { signal }) => {
          signal.addEventListener("abort", () => signalled.resolve(), { once: true });
          deciding.resolve();
          await decided.promise;
        }),
      ),
    });
    peer.send(STLS);
    await deciding.promise;
    socket.destroy();
    expect(await ended(connection)).toBeInstanceOf(AmpError);
    await signalled.promise;
    decided.resolve();
    await peer.end();
    expect(peer.received).toHaveLength(0);
  });

  test("the peer ends the stream while the responder decides", async () => {
    const deciding = deferred();
    const decided = deferred();
    const { connection, peer } = await attached(role, {
      tls,
      locator: locator(
        StartTLS.responder(async () => {
          deciding.resolve();
          await decided.promise;
        }),
      ),
    });
    peer.send(STLS);
    peer.finish();
    await deciding.promise;
    decided.resolve();
    expect(await ended(connection)).toBeInstanceOf(AmpError);
    expect(connection.secure).toBe(false);
  });
});
