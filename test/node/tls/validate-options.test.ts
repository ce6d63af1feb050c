/** Errors that are found before a byte is sent: cases 17 and 23 of the upgrade. */
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { InvalidCertificate } from "../../../src/core/errors/tls.ts";
import { Certificate } from "../../../src/node/certificates/certificate.ts";
import type { TLSOptions, TLSRole } from "../../../src/node/tls/options.ts";
import { upgrade } from "../../../src/node/tls/upgrade.ts";
import { checkStream, checkTLSOptions } from "../../../src/node/tls/validate-options.ts";
import { testCertificates } from "../../support/certificates.ts";
import { securePair, socketPair } from "./streams.ts";

const { authority, server, weak } = await testCertificates();
const verifyAuthorities = [authority];
const alone = Certificate.loadPEM(server.toPEM());

describe("options", () => {
  const wrong: [string, TLSRole, unknown, RegExp][] = [
    ["an empty list of CAs", "client", { verifyAuthorities: [] }, /verifyAuthorities is empty/],
    ["a value that is not a list", "client", { verifyAuthorities: authority }, /not an array/],
    ["PEM text as a CA", "server", { verifyAuthorities: [authority.toPEM()] }, /\[0\] is not a Certi/],
    ["PEM text as a certificate", "server", { localCertificate: server.toPEM() }, /not a PrivateCertificate/],
    ["a certificate without key", "client", { localCertificate: alone }, /not a PrivateCertificate/],
    ["a name without CAs", "client", { serverName: "calc.example" }, /needs verifyAuthorities/],
    ["an empty name", "client", { serverName: "", verifyAuthorities }, /not a host name or an IP address/],
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
