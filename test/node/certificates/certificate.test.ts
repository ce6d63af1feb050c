import { X509Certificate } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { InvalidCertificate } from "../../../src/core/errors/tls.ts";
import { Certificate } from "../../../src/node/certificates/certificate.ts";
import { testCertificates } from "../../support/certificates.ts";

const { authority, otherAuthority, server, chainedServer } = await testCertificates();

describe("loadPEM", () => {
  test("loadPEM reads a string and the bytes of a file", () => {
    const pem = authority.toPEM();
    expect(Certificate.loadPEM(pem).fingerprint).toBe(authority.fingerprint);
    expect(Certificate.loadPEM(Buffer.from(pem)).fingerprint).toBe(authority.fingerprint);
    expect(Certificate.loadPEM(pem.replaceAll("\n", "\r\n")).fingerprint).toBe(authority.fingerprint);
  });

  test("loadPEM ignores surrounding text and a private key", () => {
    const pem = `Bag Attributes\n  name: x - y -- z\n${server.toPEMWithKey()}\nthe end`;
    expect(Certificate.loadPEM(pem).fingerprint).toBe(server.fingerprint);
  });

  test.each([
    ["text without PEM", "not a certificate", /not PEM text/],
    ["nothing", "", /not PEM text/],
    ["a truncated block", authority.toPEM().slice(0, 200), /no matching END line/],
    [
      "a block with another END line",
      authority.toPEM().replace("END CERTIFICATE", "END X"),
      /no matching END line/,
    ],
    ["garbage in a block", block("CERTIFICATE", "bm9uc2Vuc2U="), /does not hold an X.509 certificate/],
    ["only a key", block("PRIVATE KEY", "AAAA"), /the PEM text holds no certificate, only: PRIVATE KEY/],
    ["several", authority.toPEM() + server.toPEM(), /holds 2 certificates, one is expected.*loadBundle/],
  ])("loadPEM rejects %s", (_, pem, message) => {
    const load = () => Certificate.loadPEM(pem);
    expect(load).toThrow(InvalidCertificate);
    expect(load).toThrow(message);
  });

  test.each([[undefined], [null], [42], [{}]])(
    "loadPEM rejects %s, which is neither a string nor bytes",
    (value) => {
      // @ts-expect-error a JavaScript program can pass such a value
      expect(() => Certificate.loadPEM(value)).toThrow(InvalidCertificate);
    },
  );
});

describe("loadBundle", () => {
  test("loadBundle reads all certificates in their order", () => {
    const pem = authority.toPEM() + otherAuthority.toPEM();
    expect(Certificate.loadBundle(pem).map((one) => one.commonName)).toEqual(["Test CA", "Other CA"]);
  });

  test("loadBundle rejects the whole text if one certificate is malformed", () => {
    const pem = authority.toPEM() + block("CERTIFICATE", "bm9uc2Vuc2U=");
    expect(() => Certificate.loadBundle(pem)).toThrow(InvalidCertificate);
  });
});

describe("properties of a certificate", () => {
  test("the properties contain the subject and the validity of a certificate", () => {
    const [intermediate] = chainedServer.chain;
    expect(server.commonName).toBe("calc.example");
    expect(server.subject).toBe("CN=calc.example");
    expect(server.issuer).toBe("CN=Test CA");
    expect(intermediate?.issuer).toBe("CN=Test CA");
    expect(server.subjectAltNames).toEqual(["DNS:calc.example", "IP Address:127.0.0.1"]);
    expect(authority.subjectAltNames).toEqual([]);
    expect(server.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(server.validFrom.getTime()).toBeLessThan(Date.now());
    expect(server.validTo.getTime()).toBeGreaterThan(Date.now());
    expect(server.x509).toBeInstanceOf(X509Certificate);
  });

  test("console.log shows a certificate on one line, without a key", () => {
    expect(String(server)).toBe("CN=calc.example, issued by CN=Test CA");
    expect(String(authority)).toBe("CN=Test CA, self-signed");
    expect(inspect(server)).toMatch(
      /^PrivateCertificate \{ CN=calc.example, issued by CN=Test CA, valid \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d \}$/,
    );
    expect(inspect({ authority })).toContain("Certificate { CN=Test CA, self-signed, valid ");
    expect(server.toPEM()).not.toContain("PRIVATE KEY");
  });
});

function block(label: string, base64: string): string {
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}
