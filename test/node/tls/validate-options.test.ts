/** Errors that are found before a byte is sent: cases 17 and 23 of the upgrade. */
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { InvalidCertificate } from "../../../src/core/errors/tls.ts";
import { Certificate } from "../../../src/node/certificates/certificate.ts";
import { PrivateCertificate } from "../../../src/node/certificates/private-certificate.ts";
import type { TLSOptions, TLSRole } from "../../../src/node/tls/options.ts";
import { upgrade } from "../../../src/node/tls/upgrade.ts";
import {
  checkLocalCertificate,
  checkStream,
  checkTLSOptions,
} from "../../../src/node/tls/validate-options.ts";
import { testCertificates } from "../../support/certificates.ts";
import { securePair, socketPair } from "./streams.ts";

const { authority, server, weak } = await testCertificates();
const verifyAuthorities = [authority];
const alone = Certificate.loadPEM(server.toPEM());
const OF_TLS12 = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
const OF_TLS13 = "TLS_AES_128_GCM_SHA256";

/** On the curve P-192, which OpenSSL does not accept: 96 bits of security. Valid until 2126. */
const SMALL_CURVE = `-----BEGIN CERTIFICATE-----
MIIBWDCCAQ2gAwIBAgIUeKhYgTn8MVQ0QuusIsXQzdW/I/EwCgYIKoZIzj0EAwIw
EDEOMAwGA1UEAwwFc21hbGwwIBcNMjYxMTI5MTc0NjMzWhgPMjEyNjExMDUxNzQ2
MzNaMBAxDjAMBgNVBAMMBXNtYWxsMEkwEwYHKoZIzj0CAQYIKoZIzj0DAQEDMgAE
9zoyJqVEi7c7SDUKz+B9SzRTXTDAzCmWDJPailS84tvtoCbsyxtSAI/TIJ9lWPCi
o1MwUTAdBgNVHQ4EFgQUbjDY2Td7rCy5Im4nisoiGnNV9acwHwYDVR0jBBgwFoAU
bjDY2Td7rCy5Im4nisoiGnNV9acwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQD
AgM5ADA2AhkAlZj8SdBHY2UM9yNaG2XYCKKveWpkVVvZAhkAsyAnrPRujT9PN0fc
3kvWgbSbievd/BDX
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MG8CAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQEEVTBTAgEBBBjGv0C8OSUXId8qRS2X
81xhaY9wb6anHgChNAMyAAT3OjImpUSLtztINQrP4H1LNFNdMMDMKZYMk9qKVLzi
2+2gJuzLG1IAj9Mgn2VY8KI=
-----END PRIVATE KEY-----
`;

describe("options", () => {
  const wrong: [string, TLSRole, unknown, RegExp][] = [
    ["an empty list of CAs", "client", { verifyAuthorities: [] }, /verifyAuthorities is empty/],
    ["a value that is not a list", "client", { verifyAuthorities: authority }, /not an array/],
    ["PEM text as a CA", "server", { verifyAuthorities: [authority.toPEM()] }, /\[0\] is not a Certi/],
    ["PEM text as a certificate", "server", { localCertificate: server.toPEM() }, /not a PrivateCertificate/],
    ["a certificate without key", "client", { localCertificate: alone }, /not a PrivateCertificate/],
    ["a name without CAs", "client", { serverName: "calc.example" }, /needs verifyAuthorities/],
    ["an empty name", "client", { serverName: "", verifyAuthorities }, /not a host name or an IP address/],
    ["a name that is not text", "client", { serverName: 5, verifyAuthorities }, /5 is not a host name/],
    ["an invalid name", "client", { serverName: "a b", verifyAuthorities }, /"a b" is not a host name/],
    [
      "the beginning of a URL",
      "client",
      { serverName: "evil.example/.calc.example", verifyAuthorities },
      /evil\.example\/\.calc\.example" is not a host name/,
    ],
    [
      "a server name for a TLS server",
      "server",
      { serverName: "calc.example", verifyAuthorities },
      /this end is the TLS server/,
    ],
    ["an old version", "client", { minVersion: "TLSv1.1" }, /invalid range of TLS versions from TLSv1.1/],
    [
      "versions in the wrong order",
      "client",
      { minVersion: "TLSv1.3", maxVersion: "TLSv1.2" },
      /invalid range of TLS versions/,
    ],
    [
      "a key that is too small for OpenSSL",
      "server",
      { localCertificate: weak },
      /cannot be used for TLS.*too small/,
    ],
  ];

  test("the error of OpenSSL is the cause if it does not accept a certificate that the library does", () => {
    const localCertificate = PrivateCertificate.loadPEM(SMALL_CURVE);
    let error: unknown;
    try {
      checkTLSOptions({ localCertificate }, "server");
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(InvalidCertificate);
    expect(String(error)).toMatch(/localCertificate cannot be used for TLS: .*too small/);
    expect(error).toHaveProperty("cause.code", "ERR_SSL_EE_KEY_TOO_SMALL");
  });

  test.each([
    ["a certificate of another copy of the package", { x509: {} }, /another copy/],
    ["null", null, /is not a PrivateCertificate/],
    ["text", "x509", /is not a PrivateCertificate/],
    ["an object without certificate", {}, /is not a PrivateCertificate/],
    ["a certificate without key", alone, /is not a PrivateCertificate/],
  ])("%s as localCertificate is refused, and the error names the reason", (_, value, message) => {
    // A JavaScript program can pass such values.
    expect(() => checkLocalCertificate(value as unknown as PrivateCertificate)).toThrow(message);
  });

  test.each([
    ["of TLS 1.2 and minVersion TLSv1.3", [OF_TLS12], { minVersion: "TLSv1.3" }, false],
    ["of TLS 1.2 and minVersion TLSv1.2", [OF_TLS12], { minVersion: "TLSv1.2" }, true],
    ["of TLS 1.3 and maxVersion TLSv1.2", [OF_TLS13], { maxVersion: "TLSv1.2" }, false],
    ["of TLS 1.3 and maxVersion TLSv1.3", [OF_TLS13], { maxVersion: "TLSv1.3" }, true],
    ["of both versions and minVersion TLSv1.3", [OF_TLS12, OF_TLS13], { minVersion: "TLSv1.3" }, true],
    ["of both versions and maxVersion TLSv1.2", [OF_TLS12, OF_TLS13], { maxVersion: "TLSv1.2" }, true],
  ] as const)(
    "ciphers %s: accepted only if a suite is for a version of the range",
    (_, ciphers, versions, accepted) => {
      const check = () => checkTLSOptions({ ciphers, ...versions }, "client");
      if (accepted) expect(check).not.toThrow();
      else expect(check).toThrow(/no suite of the list is for a version/);
    },
  );

  test("one version alone is a valid range", () => {
    for (const version of ["TLSv1.2", "TLSv1.3"] as const)
      expect(() => checkTLSOptions({ minVersion: version, maxVersion: version }, "client")).not.toThrow();
  });

  test("an array in place of the options is refused, also an empty one", () => {
    for (const options of [[], [{}]])
      expect(() => checkTLSOptions(options as object, "server")).toThrow(TypeError);
  });

  test.each(wrong)("checkTLSOptions rejects %s", async (_, role, options, message) => {
    // A JavaScript program can pass such values.
    const given = options as TLSOptions;
    expect(() => checkTLSOptions(given, role)).toThrow(InvalidCertificate);
    expect(() => checkTLSOptions(given, role)).toThrow(message);

    const [stream, peer] = await socketPair();
    await expect(upgrade(stream, { ...given, role })).rejects.toThrow(message);
    expect([stream.bytesWritten, stream.destroyed]).toEqual([0, true]);
    peer.destroy();
  });

  test("checkTLSOptions accepts valid options", () => {
    expect(() => checkTLSOptions({}, "client")).not.toThrow();
    expect(() =>
      checkTLSOptions({ localCertificate: undefined, verifyAuthorities: undefined }, "server"),
    ).not.toThrow();
    expect(() => checkTLSOptions({ localCertificate: server, verifyAuthorities }, "server")).not.toThrow();
    expect(() =>
      checkTLSOptions({ serverName: "bücher.example", verifyAuthorities }, "client"),
    ).not.toThrow();
    expect(() => checkTLSOptions({ serverName: "::1", verifyAuthorities }, "client")).not.toThrow();
  });
});

describe("streams", () => {
  test.each([
    ["in object mode", new PassThrough({ objectMode: true }), /object mode/],
    ["in object mode for reading", new PassThrough({ readableObjectMode: true }), /object mode/],
    ["in object mode for writing", new PassThrough({ writableObjectMode: true }), /object mode/],
    ["with an encoding", new PassThrough().setEncoding("utf8"), /encoding utf8/],
  ])("checkStream rejects a stream %s", async (_, stream, message) => {
    expect(() => checkStream(stream)).toThrow(TypeError);
    expect(() => checkStream(stream)).toThrow(message);
    await expect(upgrade(stream, { role: "client" })).rejects.toThrow(TypeError);
    expect(stream.destroyed).toBe(true);
  });

  test("checkStream rejects a TLS stream", async () => {
    const [one, other] = await securePair();
    expect(() => checkStream(one)).toThrow(/TLS stream already/);
    await expect(upgrade(one, { role: "client" })).rejects.toThrow(TypeError);
    other.destroy();
  });
});
