/** Reuse of TLS servers for several handshakes. */
import { expect, test } from "vitest";
import { PeerVerifyError } from "../../../src/core/errors/tls.ts";
import { describePeer } from "../../../src/node/tls/peer.ts";
import { testCertificates } from "../../support/certificates.ts";
import { failure, memoryPair, receive, socketPair, upgradeBoth } from "./streams.ts";

const { authority, server, client, otherClient } = await testCertificates();
const demands = { localCertificate: server, verifyAuthorities: [authority] };

test.each([
  ["TCP", socketPair],
  ["memory", memoryPair],
])("many concurrent handshakes over %s have separate outcomes", async (_, pair) => {
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const trusted = index % 3 !== 0;
        const localCertificate = trusted ? client : otherClient;
        const both = await upgradeBoth(
          await pair(),
          { localCertificate, maxVersion: "TLSv1.2" },
          index % 2 ? demands : { ...demands, minVersion: "TLSv1.2" },
        );
        if (!trusted) return expect(failure(both.server)).toBeInstanceOf(PeerVerifyError);
        if (both.client.status === "rejected") throw both.client.reason;
        if (both.server.status === "rejected") throw both.server.reason;
        const [one, other] = [both.client.value, both.server.value];
        expect(describePeer(other).certificate?.commonName).toBe("client");
        one.write(`client ${index}`);
        expect(await receive(other, `client ${index}`.length)).toBe(`client ${index}`);
        one.destroy();
        other.destroy();
      }),
    );
  }
});
