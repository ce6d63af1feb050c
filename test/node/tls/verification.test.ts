/** Verification by servers and clients, and the errors at both ends: cases 14 to 16 of the upgrade. */
import { writeFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import { afterAll, afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { PeerRefusedCertificate, PeerVerifyError } from "../../../src/core/errors/tls.ts";
import { Certificate } from "../../../src/node/certificates/certificate.ts";
import { refusalAfterHandshake } from "../../../src/node/tls/errors.ts";
import { testCertificates } from "../../support/certificates.ts";
import { scratchPath } from "../../support/tls-side.ts";
import { type Both, ending, failure, memoryPair, type Options, socketPair, upgradeBoth } from "./streams.ts";

const certificates = await testCertificates();
const { authority, otherAuthority, server, client } = certificates;
const verifyAuthorities = [authority];
const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;

const uncaught: unknown[] = [];
process.on("uncaughtExceptionMonitor", (error) => uncaught.push(error));
afterAll(() => expect(uncaught).toEqual([]));

type Pair = () => Promise<[Duplex, Duplex]> | [Duplex, Duplex];
const KINDS: readonly (readonly [string, Pair])[] = [
  ["TCP", socketPair],
  ["memory", memoryPair],
];
const WAYS = KINDS.flatMap(([kind, pair]) => VERSIONS.map((version) => [version, kind, pair] as const));

describe.each(WAYS)("a client that the server rejects, %s over %s", (maxVersion, _, pair) => {
  test.each([
    [
      "issued by another CA",
      certificates.otherClient,
      /its chain does not lead to one of the trusted CAs \(CN=Test CA\)/,
    ],
    ["expired", certificates.expiredClient, /expired/],
    ["made for another purpose", certificates.wrongPurpose, /not made for TLS clients/],
    ["made for servers", server, /not made for TLS clients/],
    ["self-signed", certificates.selfSigned, /it is self-signed and is not one of the trusted CAs/],
    ["missing", undefined, /did not present a certificate/],
  ])("a server rejects a client whose certificate is %s", async (_, localCertificate, message) => {
    const theirs: Options = { localCertificate, verifyAuthorities, serverName: "calc.example", maxVersion };
    const both = await upgradeBoth(await pair(), theirs, { localCertificate: server, verifyAuthorities });
    expect(failure(both.server)).toBeInstanceOf(PeerVerifyError);
    expect(String(failure(both.server))).toMatch(message);
    expect(failure(both.server)).toHaveProperty("cause");
    const refusal = await refusalSeenByClient(both, theirs);
    expect(refusal).toBeInstanceOf(PeerRefusedCertificate);
    const named = localCertificate === undefined ? "none was presented" : `${localCertificate}`;
    expect(String(refusal)).toContain(`the peer refused this end's certificate (${named})`);
  });
});

describe.each(WAYS)("a client that verifies its server, %s over %s", (maxVersion, _, pair) => {
  test.each([
    ["issued by another CA", server, [otherAuthority], /its chain does not lead to .*CN=Other CA/],
    [
      "issued by an impostor of the CA",
      certificates.impostorServer,
      verifyAuthorities,
      /does not lead to|its signature does not match/,
    ],
    ["expired", certificates.expiredServer, verifyAuthorities, /: it expired on 2\d{3}-/],
    ["not valid yet", certificates.futureServer, verifyAuthorities, /: it is not valid before 2\d{3}-/],
    ["made for clients", client, verifyAuthorities, /not made for TLS servers/],
    [
      "the ephemeral one",
      undefined,
      verifyAuthorities,
      /\(CN=TEMPORARY CERTIFICATE, self-signed\).*: it is self-signed/,
    ],
  ])("a client rejects a server's certificate that is %s", async (_, localCertificate, trusted, message) => {
    const both = await upgradeBoth(
      await pair(),
      { verifyAuthorities: trusted, maxVersion },
      { localCertificate },
    );
    expect(failure(both.client)).toBeInstanceOf(PeerVerifyError);
    expect(String(failure(both.client))).toMatch(message);
    if (localCertificate)
      expect(String(failure(both.client))).toContain(`(${localCertificate}) is not trusted`);
    if (both.server.status === "fulfilled") expect(await ending(both.server.value)).not.toBe("open");
  });

  test.each([
    [
      "another host",
      "other.example",
      /it is not for other.example but for DNS:calc.example, IP Address:127.0.0.1/,
    ],
    ["another address", "127.0.0.2", /it is not for 127.0.0.2 but/],
    ["a longer name", "calc.example.org", /it is not for/],
  ])("a client rejects a certificate for %s", async (_, serverName, message) => {
    const ours = { verifyAuthorities, serverName, maxVersion };
    const both = await upgradeBoth(await pair(), ours, { localCertificate: server });
    expect(failure(both.client)).toBeInstanceOf(PeerVerifyError);
    expect(String(failure(both.client))).toMatch(message);
  });

  test.each([
    ["the host name", { verifyAuthorities, serverName: "calc.example" }, server],
    [
      "the host name in capitals, with a trailing dot",
      { verifyAuthorities, serverName: "CALC.example." },
      server,
    ],
    ["the address", { verifyAuthorities, serverName: "127.0.0.1" }, server],
    ["no name", { verifyAuthorities }, server],
    ["a chain", { verifyAuthorities }, certificates.chainedServer],
    ["several CAs", { verifyAuthorities: [otherAuthority, authority] }, server],
    [
      "a self-signed certificate that is trusted itself",
      { verifyAuthorities: [certificates.selfSigned] },
      certificates.selfSigned,
    ],
  ])("a client accepts a certificate by %s", async (_, ours, localCertificate) => {
    const both = await upgradeBoth(await pair(), { ...ours, maxVersion }, { localCertificate });
    for (const result of [both.client, both.server]) {
      if (result.status === "rejected") throw result.reason;
      result.value.destroy();
    }
  });
});

test("a client without verification accepts any certificate", async () => {
  for (const localCertificate of [undefined, certificates.expiredServer, certificates.wrongPurpose]) {
    const both = await upgradeBoth(await socketPair(), {}, { localCertificate });
    expect(both.client.status).toBe("fulfilled");
    destroy(both);
  }
});

test("a client does not trust Node's root certificates", async () => {
  const { rootCertificates } = await import("node:tls");
  const root = Certificate.loadPEM(rootCertificates[0] ?? "");
  const both = await upgradeBoth(
    await socketPair(),
    { verifyAuthorities: [root] },
    { localCertificate: server },
  );
  expect(failure(both.client)).toBeInstanceOf(PeerVerifyError);
});

test('"system" and "public" name lists of CAs, of which only the system\'s has a private CA', async () => {
  const file = scratchPath("ca.pem");
  writeFileSync(file, authority.toPEM());
  process.env.SSL_CERT_FILE = file;
  onTestFinished(() => void delete process.env.SSL_CERT_FILE);
  const trusting = (named: "system" | "public") => ({ verifyAuthorities: named, serverName: "calc.example" });
  const both = await upgradeBoth(await socketPair(), trusting("system"), { localCertificate: server });
  expect(failure(both.client)).toBeUndefined();
  const other = await upgradeBoth(await socketPair(), trusting("public"), { localCertificate: server });
  expect(failure(other.client)).toBeInstanceOf(PeerVerifyError);
  expect(String(failure(other.client))).toContain("its chain does not lead to a trusted CA (public)");
  destroy(both, other);
});

describe("NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment", () => {
  beforeEach(() => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  });
  afterEach(() => {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  });

  test.each(VERSIONS)(
    "NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect if CAs are given, %s",
    async (maxVersion) => {
      const trusting = { verifyAuthorities, maxVersion };
      const wrong = { localCertificate: certificates.impostorServer };
      const one = await upgradeBoth(await socketPair(), trusting, wrong);
      expect(failure(one.client)).toBeInstanceOf(PeerVerifyError);
      const named = await upgradeBoth(
        await socketPair(),
        { ...trusting, serverName: "other.example" },
        { localCertificate: server },
      );
      expect(failure(named.client)).toBeInstanceOf(PeerVerifyError);
      const other = await upgradeBoth(
        await socketPair(),
        { ...trusting, localCertificate: certificates.otherClient },
        { localCertificate: server, verifyAuthorities },
      );
      expect(failure(other.server)).toBeInstanceOf(PeerVerifyError);
      destroy(one, named, other);
    },
  );
});

/** In TLS 1.3, and with servers that close without an alert, the failure appears after the client's handshake. */
async function refusalSeenByClient({ client: result }: Both, options: Options): Promise<unknown> {
  if (result.status === "rejected") return result.reason;
  return refusalAfterHandshake(await ending(result.value), { ...options, role: "client" });
}

function destroy(...pairs: Both[]): void {
  for (const result of pairs.flatMap((both) => [both.client, both.server])) {
    if (result.status === "fulfilled") result.value.destroy();
  }
}
