/** The end of a stream inside TLS has the same meaning as in plaintext. */
import { ConnectionLost, command, locator, MalformedAmpBox, unicode } from "ampwire";
import { describe, expect, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { deferred } from "../../support/deferred.ts";
import { type Joined, ours } from "../../support/loopback.ts";
import { bytesOf, type RawPeer, STLS } from "../../support/raw-peer.ts";
import { ended } from "../../support/settled.ts";
import { EVIL, witness } from "../../support/witness.ts";

const { server: localCertificate } = await testCertificates();

const ways = ["in plaintext", "inside TLS"] as const;

describe.each(ways)("%s", (way) => {
  describe.each(["server", "client"] as const)("of a %s", (role) => {
    async function secured({ peer }: Joined): Promise<RawPeer> {
      if (way === "in plaintext") return peer;
      peer.send(STLS);
      await peer.box();
      return role === "server" ? peer.secure() : peer.tlsServer(localCertificate);
    }

    test.each([1, 3, 20])(
      "case 25: the end of the stream after %i bytes of a box is an error",
      async (count) => {
        const { heard, locator } = witness();
        const joined = await ours(role, { locator, tls: { localCertificate } });
        const peer = await secured(joined);
        peer.send(bytesOf(EVIL).subarray(0, count));
        peer.finish();
        const reason = await ended(joined.connection);
        expect(reason).toBeInstanceOf(ConnectionLost);
        expect(reason.cause).toBeInstanceOf(MalformedAmpBox);
        expect(reason.message).toContain(`${count} bytes`);
        expect(heard).toEqual([]);
      },
    );

    test("case 25: a cut after a whole box is not a close in order", async () => {
      const { heard, locator } = witness();
      const joined = await ours(role, { locator, tls: { localCertificate } });
      const peer = await secured(joined);
      peer.send({ _ask: "a", _command: "Mark", text: "whole" });
      await peer.box();
      joined.peer.reset();
      expect(await ended(joined.connection)).toBeInstanceOf(ConnectionLost);
      expect(heard).toEqual(["whole"]);
    });

    test("a peer that asks and ends its side still receives its answer", async () => {
      const Slow = command("Slow", { response: { text: unicode() } });
      const answer = deferred<{ text: string }>();
      const joined = await ours(role, {
        tls: { localCertificate },
        locator: locator(Slow.responder(() => answer.promise)),
      });
      const peer = await secured(joined);
      peer.send({ _ask: "a", _command: "Slow" });
      peer.finish();
      setImmediate(() => answer.resolve({ text: "still" }));
      expect(await peer.box()).toEqual({ _answer: "a", text: "still" });
    });
  });
});
