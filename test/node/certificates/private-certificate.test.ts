import { generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { InvalidCertificate } from "../../../src/core/errors/tls.ts";
import type { CertificateOptions } from "../../../src/node/certificates/generate.ts";
import { PrivateCertificate } from "../../../src/node/certificates/private-certificate.ts";
import { testCertificates } from "../../support/certificates.ts";

const { server, client, chainedServer } = await testCertificates();
const serverKey = server.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const clientKey = client.privateKey.export({ type: "pkcs8", format: "pem" }).toString();

describe("loadPEM", () => {
  test.each([
    ["certificate before key", server.toPEM() + serverKey],
    ["key before certificate", serverKey + server.toPEM()],
    ["a key with its curve", sec1(server) + server.toPEM()],
  ])("loadPEM reads one text: %s", (_, pem) => {
    const loaded = PrivateCertificate.loadPEM(pem);
    expect(loaded.fingerprint).toBe(server.fingerprint);
    expect(loaded.privateKey.export({ type: "pkcs8", format: "pem" })).toBe(serverKey);
    expect(loaded.chain).toEqual([]);
  });

  test("loadPEM reads two texts, with the key in the second", () => {
    expect(PrivateCertificate.loadPEM(server.toPEM(), serverKey).fingerprint).toBe(server.fingerprint);
    const loaded = PrivateCertificate.loadPEM(
      Buffer.from(server.toPEM() + clientKey),
      Buffer.from(serverKey),
    );
    expect(loaded.fingerprint).toBe(server.fingerprint);
  });

  test("loadPEM uses the certificates after the first as the chain", () => {
    const loaded = PrivateCertificate.loadPEM(chainedServer.toPEMWithKey());
    expect(loaded.commonName).toBe("calc.example");
    expect(loaded.chain.map((one) => one.commonName)).toEqual(["Intermediate CA"]);
  });

  test("case 39: loadPEM decrypts a key with its passphrase", () => {
    const key = encryptedKey("secret");
    const loaded = PrivateCertificate.loadPEM(server.toPEM(), key, { passphrase: "secret" });
    expect(loaded.fingerprint).toBe(server.fingerprint);
  });

  test.each([
    ["no key", server.toPEM(), undefined, /the PEM text holds no private key/],
    ["no certificate", serverKey, undefined, /the PEM text holds no certificate/],
    ["garbage as a key", server.toPEM(), "garbage", /private key: not PEM text/],
    ["garbage in the PEM block of a key", server.toPEM(), broken(), /does not hold a usable key/],
    ["two keys", server.toPEM() + serverKey + clientKey, undefined, /holds 2 keys, one is expected/],
    [
      "the key of another certificate",
      server.toPEM(),
      clientKey,
      /does not match the certificate \(CN=calc.example, issued by/,
    ],
    ["a key of another type", server.toPEM(), rsaKey(), /does not match the certificate/],
    [
      "a chain before the leaf",
      `${chainedServer.chain[0]?.toPEM()}${chainedServer.toPEM()}`,
      chainedServer.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      /it matches CN=calc.example, which must come first/,
    ],
    ["an encrypted key without passphrase", server.toPEM(), encryptedKey("x"), /set `passphrase`/],
    ["an encrypted key in the old format", server.toPEM(), oldEncryptedKey(), /set `passphrase`/],
  ])("loadPEM rejects %s", (_, pem, keyPEM, message) => {
    const load = () => PrivateCertificate.loadPEM(pem, keyPEM);
    expect(load).toThrow(InvalidCertificate);
    expect(load).toThrow(message);
  });

  test("loadPEM rejects a wrong passphrase", () => {
    const load = () => PrivateCertificate.loadPEM(server.toPEM(), encryptedKey("x"), { passphrase: "y" });
    expect(load).toThrow(InvalidCertificate);
    expect(load).toThrow(/the passphrase does not decrypt the key/);
  });
});

describe("selfSigned", () => {
  test("selfSigned makes a certificate for TLS servers and clients", async () => {
    const hostNames = ["calc.example", "*.calc.example", "bücher.example", "127.0.0.1", "::1"];
    const made = await PrivateCertificate.selfSigned({ commonName: "calc", hostNames, validForDays: 2 });
    expect(made.commonName).toBe("calc");
    expect(String(made)).toBe("CN=calc, self-signed");
    expect(made.subjectAltNames).toEqual([
      "DNS:calc.example",
      "DNS:*.calc.example",
      "DNS:xn--bcher-kva.example",
      "IP Address:127.0.0.1",
      "IP Address:0:0:0:0:0:0:0:1",
    ]);
    expect(made.privateKey.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
    expect(made.validTo.getTime()).toBeGreaterThan(Date.now() + 1.9 * 86_400_000);
    expect(made.validTo.getTime()).toBeLessThan(Date.now() + 2.1 * 86_400_000);
    expect(made.validFrom.getTime()).toBeLessThan(Date.now());
    expect(made.x509.ca).toBe(false);
    expect(made.x509.verify(made.x509.publicKey)).toBe(true);
  });

  test.each([
    ["::ffff:192.0.2.1", "IP Address:0:0:0:0:0:FFFF:C000:201"],
    ["64:ff9b::192.0.2.33", "IP Address:64:FF9B:0:0:0:0:C000:221"],
    ["fe80::1%eth0", "IP Address:FE80:0:0:0:0:0:0:1"],
    ["127.1", "IP Address:127.0.0.1"],
    ["Calc.Example.", "DNS:calc.example"],
  ])("a certificate for %s contains %s", async (hostName, expected) => {
    const made = await PrivateCertificate.selfSigned({ commonName: "x", hostNames: [hostName] });
    expect(made.subjectAltNames).toEqual([expected]);
  });

  test.each(['O=x, "quoted" \\0a', "grüße", "#0404", "a".repeat(64)])(
    "selfSigned keeps the name %s unchanged",
    async (name) => {
      expect((await PrivateCertificate.selfSigned({ commonName: name })).commonName).toBe(name);
    },
  );

  test.each([
    ["no name", { commonName: "" }, /commonName/],
    ["a name that is too long", { commonName: "a".repeat(65) }, /1 to 64/],
    ["a validity of 0 days", { commonName: "x", validForDays: 0 }, /validForDays/],
    ["a validity of NaN days", { commonName: "x", validForDays: Number.NaN }, /validForDays/],
    ["a validity beyond the year 9999", { commonName: "x", validForDays: 3e6 }, /end after the year 9999/],
    [
      "an infinite validity",
      { commonName: "x", validForDays: Number.POSITIVE_INFINITY },
      /after the year 9999/,
    ],
    ["a validity that is text", { commonName: "x", validForDays: "5" }, /validForDays must be a number/],
    ["a name with half of a surrogate pair", { commonName: "a\ud800" }, /surrogate/],
    [
      "host names that are not an array",
      { commonName: "x", hostNames: "a.example" },
      /must be an array.*"a.ex/,
    ],
    ["a host name that is not text", { commonName: "x", hostNames: [null] }, /null is not a valid host name/],
    ["an empty label", { commonName: "x", hostNames: ["a..example"] }, /"a..example" is not a valid host/],
    [
      "a label over 63 bytes",
      { commonName: "x", hostNames: [`${"a".repeat(64)}.example`] },
      /not a valid host/,
    ],
    [
      "a wildcard inside a label",
      { commonName: "x", hostNames: ["f*.example"] },
      /"f\*.example" is not a valid/,
    ],
    [
      "a wildcard in the second label",
      { commonName: "x", hostNames: ["a.*.example"] },
      /not a valid host name/,
    ],
    ["a wildcard alone", { commonName: "x", hostNames: ["*"] }, /"\*" is not a valid host name/],
    ["an invalid host name", { commonName: "x", hostNames: ["a b"] }, /"a b" is not a valid host name/],
    [
      "a host name followed by a path",
      { commonName: "x", hostNames: ["a/b"] },
      /"a\/b" is not a valid host name/,
    ],
  ])("selfSigned rejects %s", async (_, options, message) => {
    const made = PrivateCertificate.selfSigned(options as CertificateOptions); // some are of a wrong type
    await expect(made).rejects.toThrow(InvalidCertificate);
    await expect(made).rejects.toThrow(message);
  });

  test("a generated certificate is written as PEM and read again", async () => {
    const made = await PrivateCertificate.selfSigned({ commonName: "x" });
    const read = PrivateCertificate.loadPEM(made.toPEMWithKey());
    expect(read.fingerprint).toBe(made.fingerprint);
  });
});

test("neither console.log nor JSON shows the private key", () => {
  const secret = serverKey.split("\n")[1] ?? "?";
  for (const text of [
    inspect(server, { depth: 9 }),
    String(server),
    server.toPEM(),
    JSON.stringify(server),
  ]) {
    expect(text).not.toContain(secret);
  }
});

function sec1(certificate: PrivateCertificate): string {
  const key = certificate.privateKey.export({ type: "sec1", format: "pem" }).toString();
  return `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${key}`;
}

function encryptedKey(passphrase: string): string {
  return server.privateKey
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase })
    .toString();
}

function oldEncryptedKey(): string {
  return server.privateKey
    .export({ type: "sec1", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
    .toString();
}

function broken(): string {
  return "-----BEGIN PRIVATE KEY-----\nbm9uc2Vuc2U=\n-----END PRIVATE KEY-----\n";
}

function rsaKey(): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}
