/** What is refused before a byte is sent: cases 17 and 23 of the upgrade. */
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
    ["no authorities in the list", "client", { verifyAuthorities: [] }, /verifyAuthorities is empty/],
    ["no list", "client", { verifyAuthorities: authority }, /not an array/],
    [
      "PEM text as an authority",
      "server",
      { verifyAuthorities: [authority.toPEM()] },
      /\[0\] is not a Certi/,
    ],
    ["PEM text as a certificate", "server", { localCertificate: server.toPEM() }, /not a PrivateCertificate/],
    ["a certificate without key", "client", { localCertificate: alone }, /not a PrivateCertificate/],
    ["a name without authorities", "client", { serverName: "calc.example" }, /needs verifyAuthorities/],
    ["an empty name", "client", { serverName: "", verifyAuthorities }, /neither a host name nor/],
    ["a bad name", "client", { serverName: "a b", verifyAuthorities }, /"a b" is neither/],
    [
      "the beginning of a URL",
      "client",
      { serverName: "evil.example/.calc.example", verifyAuthorities },
      /evil\.example\/\.calc\.example" is neither/,
    ],
    [
      "a name for a server",
      "server",
      { serverName: "calc.example", verifyAuthorities },
      /side is the server/,
    ],
    ["an old version", "client", { minVersion: "TLSv1.1" }, /no version of TLS from TLSv1.1/],
    ["versions in the wrong order", "client", { minVersion: "TLSv1.3", maxVersion: "TLSv1.2" }, /no version/],
    [
      "a key that OpenSSL finds too small",
      "server",
      { localCertificate: weak },
      /cannot be set up.*too small/,
    ],
  ];

  test.each(wrong)("%s", async (_, role, options, message) => {
    // What a program in JavaScript may pass.
    const given = options as TLSOptions;
    expect(() => checkTLSOptions(given, role)).toThrow(InvalidCertificate);
    expect(() => checkTLSOptions(given, role)).toThrow(message);

    const [stream, peer] = await socketPair();
    await expect(upgrade(stream, { ...given, role })).rejects.toThrow(message);
    expect([stream.bytesWritten, stream.destroyed]).toEqual([0, true]);
    peer.destroy();
  });

  test("what is in order passes", () => {
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
  ])("%s", async (_, stream, message) => {
    expect(() => checkStream(stream)).toThrow(TypeError);
    expect(() => checkStream(stream)).toThrow(message);
    await expect(upgrade(stream, { role: "client" })).rejects.toThrow(TypeError);
    expect(stream.destroyed).toBe(true);
  });

  test("that are TLS already", async () => {
    const [one, other] = await securePair();
    expect(() => checkStream(one)).toThrow(/TLS already/);
    await expect(upgrade(one, { role: "client" })).rejects.toThrow(TypeError);
    other.destroy();
  });
});
