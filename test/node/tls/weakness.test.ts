/** Weak keys, signatures and ciphers: case 34 of the upgrade. */
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { connect as connectTLS, createServer, type SecureContextOptions, type TLSSocket } from "node:tls";
import { describe, expect, test } from "vitest";
import { HandshakeError, InvalidCertificate, PeerVerifyError } from "../../../src/core/errors/tls.ts";
import type { PrivateCertificate } from "../../../src/node/certificates/private-certificate.ts";
import { weakness } from "../../../src/node/certificates/strength.ts";
import type { TLSOptions } from "../../../src/node/tls/options.ts";
import { verificationFailure } from "../../../src/node/tls/peer.ts";
import { isNode } from "../../../src/node/tls/runtime.ts";
import { upgrade } from "../../../src/node/tls/upgrade.ts";
import { checkTLSOptions } from "../../../src/node/tls/validate-options.ts";
import { testCertificates } from "../../support/certificates.ts";
import { make } from "../../support/made-certificates.ts";
import { rejection } from "../../support/settled.ts";
import { securePair, socketPair } from "./streams.ts";

const { authority: usual, server } = await testCertificates();
const authority = await make({ name: "CA", authority: true });
const weakAuthority = await make({ name: "Weak CA", authority: true, bits: 1024 });
const rsaAuthority = await make({ name: "RSA CA", authority: true, bits: 2048 });
const sha1Intermediate = await make({ name: "SHA-1 CA", authority: true, issuer: authority, hash: "SHA-1" });
const rsaServer = await make({ name: "rsa", issuer: rsaAuthority, bits: 2048 });

const weak = [
  [
    "an RSA key of 1024 bits",
    await make({ name: "leaf", issuer: authority, bits: 1024 }),
    "key of 1024 bits",
  ],
  ["a SHA-1 signature", await make({ name: "leaf", issuer: authority, hash: "SHA-1" }), "SHA-1 with ECDSA"],
  [
    "a SHA-1 signature by an RSA key",
    await make({ name: "leaf", issuer: rsaAuthority, hash: "SHA-1" }),
    "SHA-1 with RSA",
  ],
  [
    "an intermediate CA with a SHA-1 signature",
    await make({ name: "leaf", issuer: sha1Intermediate }),
    "SHA-1",
  ],
] as const;
const verifyAuthorities = [authority.certificate, rsaAuthority.certificate];

describe("this end", () => {
  test.each(weak)("an own certificate with %s is refused before anything is sent", (_, made, reason) => {
    const options = { localCertificate: made.certificate };
    for (const role of ["client", "server"] as const) {
      expect(() => checkTLSOptions(options, role)).toThrow(InvalidCertificate);
      expect(() => checkTLSOptions(options, role)).toThrow(reason);
    }
  });

  test("a trusted CA with an RSA key of 1024 bits is refused before anything is sent", () => {
    const options = { verifyAuthorities: [weakAuthority.certificate] };
    expect(() => checkTLSOptions(options, "client")).toThrow(/verifyAuthorities\[0\] .*1024 bits/);
  });

  test("a self-signed SHA-1 signature and an RSA key of 2048 bits are not weak", async () => {
    const root = await make({ name: "Old root", authority: true, hash: "SHA-1" });
    expect(weakness(root.certificate)).toBeUndefined();
    expect(weakness(rsaServer.certificate)).toBeUndefined();
    expect(weakness(server)).toBeUndefined();
  });
});

describe("a peer", () => {
  test.each(weak)("case 34: a client refuses a server that presents %s", async (_, made) => {
    const [error] = await withServer(presenting(made.certificate), { verifyAuthorities });
    expect(error).toBeInstanceOf(PeerVerifyError);
    expect(String(error)).toMatch(/too weak/i);
  });

  test.each(weak)(
    "on a runtime that does not know security levels, the library itself refuses %s",
    async (_, made) => {
      const [socket, theirs] = await connectedTo(made.certificate);
      expect(socket.authorized).toBe(true);
      expect(verificationFailure(socket, false)).toBe("WEAK_CERTIFICATE");
      expect(verificationFailure(socket, true)).toBeUndefined();
      socket.destroy();
      theirs.destroy();
    },
  );

  test("on such a runtime, the library accepts a chain without weakness", async () => {
    const [socket, theirs] = await connectedTo(rsaServer.certificate);
    expect(verificationFailure(socket, false)).toBeUndefined();
    socket.destroy();
    theirs.destroy();
  });

  test.each(weak)("case 34: a server refuses a client that presents %s", async (_, made) => {
    const [stream, ours] = await socketPair();
    const theirs = connectTLS({ socket: stream, rejectUnauthorized: false, ...presenting(made.certificate) });
    theirs.on("error", () => {});
    const options = { role: "server", localCertificate: server, verifyAuthorities } as const;
    const error = await rejection(upgrade(ours, options));
    expect(error).toBeInstanceOf(PeerVerifyError);
    expect(String(error)).toMatch(/too weak/i);
  });

  test.each([
    ["key exchange by RSA", "AES256-GCM-SHA384"],
    ["CBC with SHA-1", "ECDHE-RSA-AES256-SHA"],
  ])("case 34: a client and a server refuse a peer that offers only %s", async (_, ciphers) => {
    const peer = { ...presenting(rsaServer.certificate), ciphers, maxVersion: "TLSv1.2" } as const;
    const [error, seen] = await withServer(peer, {});
    expect([error, seen]).toEqual([expect.any(HandshakeError), undefined]);

    const [stream, ours] = await socketPair();
    connectTLS({ socket: stream, rejectUnauthorized: false, ciphers, maxVersion: "TLSv1.2" }).on(
      "error",
      () => {},
    );
    const refused = await rejection(
      upgrade(ours, { role: "server", localCertificate: rsaServer.certificate }),
    );
    expect(refused).toBeInstanceOf(HandshakeError);
    expect(String(refused)).toMatch(/no accepted cipher/);
  });
});

test.each([
  [{}, true],
  [{ bun: "1.3.0" }, false],
  [{ deno: "2.5.0" }, false],
])("a runtime whose versions contain %j is Node: %s", (added, expected) => {
  expect(isNode({ ...process.versions, ...added })).toBe(expected);
});

describe("the option ciphers", () => {
  test.each([
    ["TLS_CHACHA20_POLY1305_SHA256", "TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"],
    ["ECDHE-ECDSA-AES256-GCM-SHA384", "TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
    [
      "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
      "TLSv1.2",
      "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    ],
  ])("ciphers: [%j] of one end chooses the version and the suite", async (cipher, version, suite) => {
    const given = { ciphers: [cipher] };
    for (const [one, other] of [
      [given, {}],
      [{}, given],
    ] as const) {
      const [client, inside] = await securePair(one, { localCertificate: server, ...other });
      expect([client.getProtocol(), client.getCipher().standardName]).toEqual([version, suite]);
      client.destroy();
      inside.destroy();
    }
  });

  test.each([
    [["AES256-GCM-SHA384"], /"AES256-GCM-SHA384" is unknown or too weak/],
    [["ALL"], /"ALL" is unknown/],
    [["toString"], /"toString" is unknown/],
    [[], /not empty/],
    ["TLS_AES_256_GCM_SHA384", /must be an array/],
    [["ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"], /is unknown/],
  ])("ciphers: %j is refused", (ciphers, message) => {
    // A JavaScript program can pass such values.
    const given = { ciphers, verifyAuthorities: [usual] } as TLSOptions;
    expect(() => checkTLSOptions(given, "client")).toThrow(InvalidCertificate);
    expect(() => checkTLSOptions(given, "client")).toThrow(message);
  });
});

/** Options of `node:tls` for a peer that has no rules. */
function presenting(certificate: { toPEMWithKey(): string }): SecureContextOptions {
  const pem = certificate.toPEMWithKey();
  return { cert: pem, key: pem, ciphers: "DEFAULT:@SECLEVEL=0" };
}

/** Connects a TLS client of Node without security level to a server that presents a certificate. */
async function connectedTo(certificate: PrivateCertificate): Promise<[TLSSocket, Duplex]> {
  const [stream, theirs] = await socketPair();
  createServer(presenting(certificate)).emit("connection", theirs);
  const socket = connectTLS({
    socket: stream,
    ca: verifyAuthorities.map((authority) => authority.toPEM()),
    ciphers: "DEFAULT:@SECLEVEL=0",
    checkServerIdentity: () => undefined,
  });
  await once(socket, "secureConnect");
  return [socket, theirs];
}

/** Upgrades against a TLS server of Node. @returns the client's error, or its TLS socket */
async function withServer(
  options: SecureContextOptions,
  ours: TLSOptions,
): Promise<[unknown, TLSSocket | undefined]> {
  const [stream, theirs]: [Duplex, Duplex] = await socketPair();
  createServer(options)
    .on("tlsClientError", () => {})
    .emit("connection", theirs);
  try {
    return [undefined, await upgrade(stream, { ...ours, role: "client" })];
  } catch (error) {
    return [error, undefined];
  } finally {
    theirs.destroy();
  }
}
