/** PEM and DER as programs find them: in environment variables, files of other tools, and binary form. */
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { InvalidCertificate } from "../../../src/core/errors/tls.ts";
import { namedAuthorities } from "../../../src/node/certificates/authorities.ts";
import { Certificate } from "../../../src/node/certificates/certificate.ts";
import { PrivateCertificate } from "../../../src/node/certificates/private-certificate.ts";
import { testCertificates } from "../../support/certificates.ts";

const { server, chainedServer } = await testCertificates();
const pem = chainedServer.toPEMWithKey();

const labelled = (label: string) => `-----BEGIN ${label}-----\nMAA=\n-----END ${label}-----\n`;

describe("PEM text", () => {
  test.each([
    ["a literal \\n for every line break", pem.replaceAll("\n", "\\n")],
    ["a literal \\r\\n for every line break", pem.replaceAll("\n", "\\r\\n")],
    ["a literal \\\\n for every line break", pem.replaceAll("\n", "\\\\n")],
    ["the older label X509 CERTIFICATE", pem.replaceAll("CERTIFICATE", "X509 CERTIFICATE")],
    ["a blank for every line break", pem.replaceAll("\n", " ")],
    ["no line breaks inside the base64", pem.replaceAll(/(?<=[A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])/g, "")],
    ["CRLF", pem.replaceAll("\n", "\r\n")],
    ["indented lines, quotes and a byte order mark", `\uFEFF"${pem.replaceAll("\n", "\n    ")}"`],
    ["text of openssl before the blocks", `0 s:CN = calc.example\n${pem}`],
  ])("PrivateCertificate.loadPEM reads %s, as a string and as bytes", (_, text) => {
    for (const given of [text, Buffer.from(text)]) {
      const loaded = PrivateCertificate.loadPEM(given);
      expect(loaded.fingerprint).toBe(chainedServer.fingerprint);
      expect(loaded.chain).toHaveLength(1);
      expect(loaded.privateKey.equals(chainedServer.privateKey)).toBe(true);
    }
  });

  test("an encrypted key in OpenSSL's old format, which has headers, is read with CRLF", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const cipher = { cipher: "aes-128-cbc", passphrase: "secret" };
    const old = privateKey.export({ type: "sec1", format: "pem", ...cipher }).toString();
    expect(old).toContain("Proc-Type: 4,ENCRYPTED");
    const read = () =>
      PrivateCertificate.loadPEM(server.toPEM(), old.replaceAll("\n", "\r\n"), { passphrase: "secret" });
    expect(read).toThrow(/does not match the certificate/); // it was decrypted
  });

  test.each([
    ["base64 of PEM text", Buffer.from(pem).toString("base64"), /base64 of PEM text: decode it first/],
    ["UTF-16", Buffer.from(pem, "utf16le"), /UTF-16: convert it to UTF-8/],
    ["the name of a file", "/etc/ssl/server.pem", /the name of a file: read the file first/],
    ["a PKCS#12 file", Buffer.from([0x30, 0x82, 0, 4, 2, 1, 3, 0]), /PKCS#12 file \(.p12 or .pfx\)/],
    ["an empty text", "", /not PEM text.*it is empty/],
    ["a text of blanks", " \n", /it is empty/],
    ["binary data", Buffer.from([1, 0, 0, 2]), /it is binary data, and not DER/],
    ["four dashes", pem.replaceAll("-----BEGIN", "----BEGIN"), /BEGIN line is damaged: it needs five dashes/],
    ["a quoted mail", pem.replaceAll("\n", "\n> "), /X\.509 certificate: ">" is not a character of base64/],
    ["a PKCS#7 file", Buffer.from("308006092a864886f70d010702a080", "hex"), /PKCS#7 file.*openssl pkcs7/],
    ["PKCS#7 in PEM", labelled("PKCS7"), /only: PKCS7; convert it with openssl pkcs7 -print_certs/],
    ["a trusted certificate", labelled("TRUSTED CERTIFICATE"), /convert it with openssl x509/],
    ["a request", labelled("CERTIFICATE REQUEST"), /a CA must issue the certificate that it requests/],
  ])("the error for %s names the cause", (_, given, message) => {
    expect(() => Certificate.loadPEM(given)).toThrow(InvalidCertificate);
    expect(() => Certificate.loadPEM(given)).toThrow(message);
  });
});

test("the error for a key in the format of OpenSSH names the conversion", () => {
  const read = () => PrivateCertificate.loadPEM(server.toPEM(), labelled("OPENSSH PRIVATE KEY"));
  expect(read).toThrow(/OpenSSH is not supported; convert it with ssh-keygen -p -m PEM/);
});

describe("DER files", () => {
  test("a certificate in DER is read", () => {
    expect(Certificate.loadPEM(server.x509.raw).fingerprint).toBe(server.fingerprint);
    expect(() => Certificate.loadPEM(server.x509.raw.subarray(0, 100))).toThrow(/DER file does not hold/);
  });

  test.each(["pkcs8", "sec1"] as const)("a private key in DER, %s, is read", (type) => {
    const key = server.privateKey.export({ type, format: "der" });
    const loaded = PrivateCertificate.loadPEM(server.x509.raw, key);
    expect(loaded.privateKey.equals(server.privateKey)).toBe(true);
  });

  test("an encrypted key in DER needs its passphrase", () => {
    const cipher = { cipher: "aes-256-cbc", passphrase: "secret" };
    const key = server.privateKey.export({ type: "pkcs8", format: "der", ...cipher });
    expect(() => PrivateCertificate.loadPEM(server.x509.raw, key)).toThrow(InvalidCertificate);
    expect(() => PrivateCertificate.loadPEM(server.x509.raw, key, { passphrase: "wrong" })).toThrow(
      InvalidCertificate,
    );
    const loaded = PrivateCertificate.loadPEM(server.x509.raw, key, { passphrase: "secret" });
    expect(createPrivateKey(loaded.toPEMWithKey()).equals(server.privateKey)).toBe(true);
  });
});

describe("named authorities", () => {
  test('"public" names the CAs that Node trusts, and is the same list each time', () => {
    const authorities = namedAuthorities("public");
    expect(authorities.length).toBeGreaterThan(50);
    expect(namedAuthorities("public")).toBe(authorities);
  });
});
