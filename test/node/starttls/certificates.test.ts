/** Verification of certificates through `connect`, `listen` and the calls that start TLS. */
import {
  type AmpConnection,
  ConnectionClosed,
  InvalidCertificate,
  locator,
  PeerRefusedCertificate,
  PeerVerifyError,
  StartTLS,
} from "ampwire";
import { Certificate, connect, listen, PrivateCertificate } from "ampwire/node";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { NodeConnectionOptions as Options } from "../../../src/node/connection.ts";
import { testCertificates } from "../../support/certificates.ts";
import { deferred } from "../../support/deferred.ts";
import { ourServer, ours, pair } from "../../support/loopback.ts";
import { STLS } from "../../support/raw-peer.ts";
import { causeOf, ended, rejection } from "../../support/settled.ts";
import { Mark, witness } from "../../support/witness.ts";

const certificates = await testCertificates();
const { authority, server: serverCertificate, client: clientCertificate } = certificates;
const verifyAuthorities = [authority];

describe.each(["TLSv1.2", "TLSv1.3"] as const)("over %s", (maxVersion) => {
  const demanding = { localCertificate: serverCertificate, verifyAuthorities, maxVersion };

  describe.each(["client", "server"] as const)("asked by the %s", (asker) => {
    /** Starts TLS between two connections, and makes a call of the client during the upgrade. */
    async function upgrading(serverOptions: Options, clientOptions: Options, text: string) {
      const held = deferred<Error>();
      const call = (connection: AmpConnection) =>
        void rejection(connection.callRemote(Mark, { text })).then(held.resolve);
      const asked = StartTLS.responder((_, { connection }) => call(connection));
      const { server, client } = await pair(serverOptions, { ...clientOptions, locator: locator(asked) });
      const upgrade = (asker === "client" ? client : server).startTLS().catch((error: unknown) => error);
      if (asker === "client") call(client);
      return { server, client, upgrade, held: held.promise };
    }

    test.each([
      ["untrusted", certificates.otherClient, "does not lead to"],
      ["expired", certificates.expiredClient, "expired"],
      ["made for another use", certificates.wrongPurpose, "not made for TLS clients"],
      ["missing", undefined, "did not present a certificate"],
    ])(
      "case 14: with a client certificate that is %s, no box is served",
      async (_, localCertificate, reason) => {
        const { heard, locator } = witness();
        const { server, client, upgrade, held } = await upgrading(
          { tls: demanding, locator },
          { tls: { localCertificate } },
          "evil",
        );
        const [why, whyNot] = await Promise.all([server.closed, client.closed]);
        expect(why).toBeInstanceOf(PeerVerifyError);
        expect(why.message).toContain(reason);
        expect(whyNot).toBeInstanceOf(PeerRefusedCertificate);
        expect(whyNot.message).toContain("the peer refused this end's certificate");
        expect(causeOf(await held)).toBe(whyNot);
        // A TLS 1.3 client finishes its handshake before the server has checked its certificate.
        const finished = asker === "client" && maxVersion === "TLSv1.3";
        if (!finished) expect(causeOf(await upgrade)).toBe(asker === "server" ? why : whyNot);
        expect(heard).toEqual([]);
        expect([server.secure, server.peerCertificate]).toEqual([false, undefined]);
      },
    );

    test.each([
      [
        "untrusted, of the same name",
        { localCertificate: certificates.impostorServer },
        "",
        "signature|does not lead",
      ],
      ["expired", { localCertificate: certificates.expiredServer }, "", "expired on"],
      ["temporary", {}, "", "self-signed"],
      ["for another host", { localCertificate: serverCertificate }, "other.example", "not for other.example"],
    ])(
      "case 15: with a server certificate that is %s, no queued call is sent",
      async (_, tls, name, reason) => {
        const { heard, locator } = witness();
        const serverName = name === "" ? undefined : name;
        const { server, client, upgrade, held } = await upgrading(
          { tls: { ...tls, maxVersion }, locator },
          { tls: { verifyAuthorities, serverName } },
          "secret",
        );
        const [whyNot, why] = await Promise.all([server.closed, client.closed]);
        expect(why).toBeInstanceOf(PeerVerifyError);
        expect(why.message).toMatch(new RegExp(reason));
        expect(causeOf(await held)).toBe(why);
        // The server's handshake may have finished before the client checks its certificate.
        expect(asker === "client" ? [why] : [whyNot, undefined]).toContain(causeOf(await upgrade));
        expect(heard).toEqual([]);
        expect([client.secure, client.peerCertificate]).toEqual([false, undefined]);
      },
    );

    test("case 26: after mutual verification each end knows the other's certificate, and not before", async () => {
      const before: unknown[] = [];
      const looking = locator(
        StartTLS.responder((_, { connection }) => {
          before.push(connection.peerCertificate, connection.secure);
        }),
      );
      const ends = await pair(
        { tls: demanding, locator: looking },
        {
          tls: { localCertificate: clientCertificate, verifyAuthorities, serverName: "calc.example" },
          locator: looking,
        },
      );
      const upgrade = ends[asker].startTLS();
      before.push(ends[asker].peerCertificate, ends[asker].secure);
      await upgrade;
      expect(before).toEqual([undefined, false, undefined, false]);
      expect(ends[asker].secure).toBe(true);
      await ends.client.callRemoteString("Nobody").catch(() => {}); // so that the other end has finished too
      expect(ends.client.peerCertificate?.commonName).toBe("calc.example");
      expect(ends.server.peerCertificate?.commonName).toBe("client");
      expect(ends.client.tls).toMatchObject({ protocol: maxVersion, verified: true });
    });
  });
});

test("a server that closes an idle connection later has not refused the client", async () => {
  const tls = { localCertificate: serverCertificate, verifyAuthorities };
  const { server, client } = await pair({ tls }, { tls: { localCertificate: clientCertificate } });
  await client.startTLS();
  const now = performance.now.bind(performance);
  const later = vi.spyOn(performance, "now").mockImplementation(() => now() + 3_000);
  onTestFinished(() => later.mockRestore());
  await server.close();
  expect(await ended(client)).toBeInstanceOf(ConnectionClosed);
});

test("case 26: the peer's certificate is unknown during the handshake and after a failed one", async () => {
  const { connection, peer } = await ours("client", { tls: { verifyAuthorities } });
  const upgrade = rejection(connection.startTLS());
  await peer.box();
  expect(connection.peerCertificate).toBeUndefined();
  peer.send({ _answer: "1" });
  await rejection(peer.tlsServer(certificates.impostorServer));
  expect(await upgrade).toBeInstanceOf(PeerVerifyError);
  expect([connection.peerCertificate, connection.hostCertificate, connection.tls]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

describe("NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment", () => {
  let before: string | undefined;
  beforeEach(() => {
    before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  });
  afterEach(() => {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  });

  test("case 16: an untrusted server is rejected despite the environment", async () => {
    const { client } = await pair(
      { tls: { localCertificate: certificates.impostorServer } },
      { tls: { verifyAuthorities } },
    );
    expect(await rejection(client.startTLS())).toBeInstanceOf(PeerVerifyError);
  });

  test("case 16: an untrusted client is rejected despite the environment", async () => {
    const { server, client } = await pair(
      { tls: { localCertificate: serverCertificate, verifyAuthorities } },
      { tls: { localCertificate: certificates.otherClient } },
    );
    void client.startTLS().catch(() => {});
    expect(await ended(server)).toBeInstanceOf(PeerVerifyError);
  });
});

describe("case 17: unusable certificates", () => {
  const notAList: unknown = authority;
  const notACertificate: unknown = "-----BEGIN CERTIFICATE-----";
  const unusable = [
    ["an empty list of CAs", { verifyAuthorities: [] }],
    ["CAs that are not a list", { verifyAuthorities: notAList as Certificate[] }],
    ["a CA given as text", { verifyAuthorities: [notACertificate as Certificate] }],
    ["a certificate given as text", { localCertificate: notACertificate as PrivateCertificate }],
    ["a server name without CAs", { serverName: "calc.example" }],
  ] as const;

  test.each(unusable)(
    "with %s, startTLS and later calls reject, nothing is sent, and another startTLS works",
    async (_, options) => {
      const { connection, peer } = await ours("client");
      expect(await rejection(connection.startTLS(options))).toBeInstanceOf(InvalidCertificate);
      const { localCertificate, verifyAuthorities, serverName } = { ...none, ...options };
      const called = connection.callRemote(StartTLS, {
        tls_localCertificate: localCertificate,
        tls_verifyAuthorities: verifyAuthorities,
        tls_serverName: serverName,
      });
      expect(await rejection(called)).toBeInstanceOf(InvalidCertificate);
      expect(await rejection(connection.callRemote(Mark, { text: "first" }))).toBeInstanceOf(
        InvalidCertificate,
      );
      const upgrade = rejection(connection.startTLS());
      expect(await peer.box()).toEqual({ _ask: "1", _command: "StartTLS" });
      connection.destroy();
      await upgrade;
    },
  );

  test.each(unusable)("with %s, connect and listen reject before anything is opened", async (_, tls) => {
    const { port, server } = await ourServer();
    expect(await rejection(connect({ port, host: "127.0.0.1", tls }))).toBeInstanceOf(InvalidCertificate);
    expect(server.connections.size).toBe(0);
    expect(await rejection(listen({ port: 0, host: "127.0.0.1", tls }))).toBeInstanceOf(InvalidCertificate);
  });

  test("unusable certificates that a responder returns are an error, and no byte of TLS is sent", async () => {
    const { connection, peer } = await ours("server", {
      locator: locator(StartTLS.responder(() => ({ tls_verifyAuthorities: [] }))),
    });
    peer.send(STLS);
    expect(await peer.box()).toMatchObject({ _error: "1", _error_code: "UNKNOWN" });
    expect(await ended(connection)).toBeInstanceOf(InvalidCertificate);
  });

  test("malformed PEM, and a key of another certificate, throw when they are loaded", () => {
    const key = clientCertificate.toPEMWithKey();
    expect(() =>
      Certificate.loadPEM("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
    ).toThrow(InvalidCertificate);
    expect(() => PrivateCertificate.loadPEM(serverCertificate.toPEM(), key)).toThrow(InvalidCertificate);
  });
});

const none = { localCertificate: undefined, verifyAuthorities: undefined, serverName: undefined };
