/** Every TLS option works in every place that accepts TLS options: cases 30 and 31 of the upgrade. */
import { locator, StartTLS, type StartTLSOptions } from "ampwire";
import { attach, connect, listen, type NodeConnection, PrivateCertificate, reconnecting } from "ampwire/node";
import { describe, expect, onTestFinished, test } from "vitest";
import type { TLSOptions } from "../../../src/node/tls/options.ts";
import { testCertificates } from "../../support/certificates.ts";
import { ourClient, ourServer, ours, pair, rawClient, rawServer, tidy } from "../../support/loopback.ts";
import { rejection } from "../../support/settled.ts";

const { server: localCertificate, authority: testAuthority } = await testCertificates();
const authority = await PrivateCertificate.authority({ commonName: "CA" });
const revoked = await authority.issue({ commonName: "stolen", hostNames: ["calc.example"] });
const verifyAuthorities = [authority];
const client = await authority.issue({ commonName: "mallory" });
const crl = await authority.revocationList({ revoked: [revoked, client] });

/** Upgrades with options of this end, given in one place. @returns the connection of this end, inside TLS */
type Place = (options: TLSOptions, peer: TLSOptions) => Promise<NodeConnection>;

const clientPlaces: Record<string, Place> = {
  "connect({ tls })": async (tls, peer) => {
    const { client } = await pair({ tls: peer }, { tls });
    await client.startTLS();
    return client;
  },
  "startTLS()": async (tls, peer) => {
    const { client } = await pair({ tls: peer });
    await client.startTLS(tls);
    return client;
  },
  "callRemote(StartTLS, { tls_options })": async (tls, peer) => {
    const { client } = await pair({ tls: peer });
    await client.callRemote(StartTLS, { tls_options: tls });
    return client;
  },
  "attach({ tls })": async (tls, peer) => {
    const { port } = await ourServer({ tls: peer });
    const attached = attach(await rawClient(port), { role: "client", tls });
    tidy(attached);
    await attached.startTLS();
    return attached;
  },
  "reconnecting({ startTLS })": async (startTLS, peer) => {
    const server = await listen({ host: "127.0.0.1", port: 0, tls: peer });
    onTestFinished(() => server.destroy());
    const { port } = server.address();
    return new Promise<NodeConnection>((resolve, reject) => {
      const isFatalError = () => true;
      const client = reconnecting({ port, host: "127.0.0.1", startTLS, isFatalError, onConnection: resolve });
      onTestFinished(() => client.destroy());
      void client.closed.then(reject);
    });
  },
  "the function tls of connect": async (tls, peer) => {
    const { client } = await pair({ tls: peer }, { tls: () => Promise.resolve(tls) });
    await client.startTLS();
    return client;
  },
};

const serverPlaces: Record<string, Place> = {
  "listen({ tls })": async (tls, peer) => {
    const { server, client } = await pair({ tls });
    return upgradedServer(server, client.startTLS(peer));
  },
  "a responder of StartTLS": async (tls, peer) => {
    const responder = StartTLS.responder(() => ({ tls_options: tls }));
    const { server, client } = await pair({ locator: locator(responder) });
    return upgradedServer(server, client.startTLS(peer));
  },
  "server.setTLS()": async (tls, peer) => {
    const { server, next, port } = await ourServer({ tls: { localCertificate } });
    server.setTLS(tls);
    const [client, connection] = await Promise.all([ourClient(port), next()]);
    return upgradedServer(connection, client.startTLS(peer));
  },
  "the function tls of listen": async (tls, peer) => {
    const { server, client } = await pair({ tls: () => tls });
    return upgradedServer(server, client.startTLS(peer));
  },
};

/** @returns the server's connection once both ends are inside TLS */
async function upgradedServer(server: NodeConnection, upgraded: Promise<void>): Promise<NodeConnection> {
  const closed = server.closed.then((reason) => {
    throw reason;
  });
  await Promise.race([closed, upgraded.catch(() => closed)]);
  while (!server.secure) await Promise.race([closed, new Promise(setImmediate)]);
  return server;
}

describe.each(Object.entries(clientPlaces))("%s of a client", (_, upgraded) => {
  test("case 31: minVersion, maxVersion and ciphers are honoured", async () => {
    const peer = { localCertificate };
    expect((await upgraded({ maxVersion: "TLSv1.2" }, peer)).tls?.protocol).toBe("TLSv1.2");
    const ciphers = ["TLS_CHACHA20_POLY1305_SHA256"];
    expect((await upgraded({ ciphers }, peer)).tls?.cipher).toBe(ciphers[0]);
    const old = { ...peer, maxVersion: "TLSv1.2" } as const;
    expect(String(await rejection(upgraded({ minVersion: "TLSv1.3" }, old)))).toMatch(
      /protocol version|version of TLS/,
    );
  });

  test("case 31: crl and keyLog are honoured", async () => {
    const lines: string[] = [];
    await upgraded({ verifyAuthorities, keyLog: (line) => lines.push(line) }, { localCertificate: revoked });
    expect(lines.length).toBeGreaterThan(0);
    const refused = rejection(upgraded({ verifyAuthorities, crl }, { localCertificate: revoked }));
    expect(String(await refused)).toContain("was revoked");
  });
});

describe.each(Object.entries(serverPlaces))("%s of a server", (_, upgraded) => {
  test("case 31: minVersion, maxVersion and ciphers of a server are honoured", async () => {
    expect((await upgraded({ localCertificate, maxVersion: "TLSv1.2" }, {})).tls?.protocol).toBe("TLSv1.2");
    const ciphers = ["TLS_CHACHA20_POLY1305_SHA256"];
    expect((await upgraded({ localCertificate, ciphers }, {})).tls?.cipher).toBe(ciphers[0]);
    const refused = upgraded({ localCertificate, minVersion: "TLSv1.3" }, { maxVersion: "TLSv1.2" });
    expect(String(await rejection(refused))).toMatch(/version of TLS/);
  });

  test("case 31: crl and certificateFor of a server are honoured", async () => {
    const peer = { localCertificate: client, verifyAuthorities: [testAuthority], serverName: "calc.example" };
    const certificateFor = () => localCertificate;
    const inside = await upgraded({ verifyAuthorities, certificateFor }, peer);
    expect([inside.hostCertificate, inside.peerCertificate?.commonName]).toEqual([
      localCertificate,
      "mallory",
    ]);
    const refused = upgraded({ localCertificate, verifyAuthorities, crl }, peer);
    expect(String(await rejection(refused))).toContain("was revoked");
  });
});

describe("a mistake in the options", () => {
  const pem = "PEM text";
  const mistakes: [unknown, RegExp][] = [
    [{ verifyAuthority: [] }, /unknown option "verifyAuthority" \(did you mean "verifyAuthorities"\?\)/],
    [{ ca: pem }, /unknown option "ca" \(did you mean "verifyAuthorities"\?\)/],
    [
      { rejectUnauthorized: false },
      /unknown option "rejectUnauthorized" \(did you mean "verifyAuthorities"\?\)/,
    ],
    [{ cert: pem }, /did you mean "localCertificate"/],
    [{ minversion: "TLSv1.3" }, /did you mean "minVersion"/],
    [{ verifyAuthorities: null }, /verifyAuthorities must not be null/],
    [{ crl: null }, /crl must not be null/],
    [[], /the options must be an object, not an array/],
    [new Map([["verifyAuthorities", []]]), /the options must be an object, not an object \(Map\)/],
  ];

  const ofCalls: [unknown, RegExp][] = [
    [{ timeout: null }, /timeout/],
    [{ requireQuiescent: "yes" }, /requireQuiescent must be true or false/],
  ];

  test.each([...mistakes, ...ofCalls])(
    "case 30: startTLS(%o) rejects with TypeError, and nothing leaves in plaintext",
    async (given, message) => {
      const { connection, peer } = await ours("client");
      // A JavaScript program can pass such values.
      const error = await rejection(connection.startTLS(given as StartTLSOptions));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(message);
      expect(await rejection(connection.callRemoteString("Login"))).toBeInstanceOf(Error);
      connection.destroy();
      await peer.end();
      expect(peer.received.length).toBe(0);
    },
  );

  test.each(mistakes)(
    "case 30: tls: %o is refused by listen, connect, attach, reconnecting and setTLS",
    async (given, message) => {
      const tls = given as TLSOptions;
      const raw = await rawServer();
      const place = { host: "127.0.0.1", port: raw.port };
      const server = await listen({ host: "127.0.0.1", port: 0 });
      onTestFinished(() => server.destroy());
      const socket = await rawClient(raw.port);
      const attempts = [
        () => listen({ host: "127.0.0.1", port: 0, tls }),
        () => connect({ ...place, tls }),
        async () => attach(socket, { role: "client", tls }),
        async () => reconnecting({ ...place, tls }),
        async () => reconnecting({ ...place, startTLS: tls }),
        async () => server.setTLS(tls),
      ];
      for (const attempt of attempts) {
        const error = await rejection(attempt());
        expect(error).toBeInstanceOf(TypeError);
        expect(error.message).toMatch(message);
      }
    },
  );

  test.each(mistakes)("a responder of StartTLS that returns %o rejects the upgrade", async (given) => {
    const responder = StartTLS.responder(() => ({ tls_options: given as TLSOptions }));
    const { server, client } = await pair({ locator: locator(responder) });
    expect(await rejection(client.startTLS())).toBeInstanceOf(Error);
    expect([client.secure, server.secure]).toEqual([false, false]);
  });

  test.each([null, "x"])("the error names the option tls if the function returned %j", async (value) => {
    const { client } = await pair(
      { tls: { localCertificate } },
      { tls: () => value as unknown as TLSOptions },
    );
    expect(String(await rejection(client.startTLS()))).toContain(
      `tls: the options must be an object, not ${JSON.stringify(value)}`,
    );
  });

  test.each([
    ["returns undefined", () => undefined as unknown as TLSOptions],
    ["returns an empty array", () => [] as TLSOptions],
    ["returns a Map", () => new Map() as TLSOptions],
    ["resolves with an empty array", async () => [] as TLSOptions],
    ["returns an unknown option", () => ({ ca: "" }) as TLSOptions],
    [
      "throws",
      () => {
        throw new Error("no file");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no file"))],
  ])("an upgrade fails if the function tls %s", async (_, tls) => {
    const asked = await pair({ tls });
    expect(await rejection(asked.client.startTLS())).toBeInstanceOf(Error);
    const asking = await pair({ tls: { localCertificate } }, { tls });
    expect(await rejection(asking.client.startTLS())).toBeInstanceOf(Error);
    expect([asked.client.secure, asking.client.secure]).toEqual([false, false]);
  });
});
