import { expect, test } from "vitest";
import { ephemeralCertificate } from "../../../src/node/certificates/ephemeral.ts";
import { weakness } from "../../../src/node/certificates/strength.ts";
import { loadX509 } from "../../../src/node/certificates/x509-library.ts";

test("the process has one ephemeral certificate, with the common name that Twisted uses", () => {
  const [first, second] = [ephemeralCertificate(), ephemeralCertificate()];
  expect(second).toBe(first);
  expect(first.commonName).toBe("TEMPORARY CERTIFICATE");
  expect(first.privateKey.asymmetricKeyType).toBe("ec");
});

test("the ephemeral certificate is well-formed: the X.509 library reads it and writes the same bytes", async () => {
  const certificate = ephemeralCertificate();
  const { X509Certificate } = await loadX509();
  const parsed = new X509Certificate(certificate.toPEM());
  expect(await parsed.verify()).toBe(true);
  expect(parsed.isSelfSigned()).toBeTruthy();
  expect(Buffer.from(parsed.rawData).equals(certificate.x509.raw)).toBe(true);
  expect(parsed.serialNumber).toMatch(/^[4-7][0-9a-f]{31}$/);
  const years = (certificate.validTo.getTime() - Date.now()) / (365 * 86_400_000);
  expect(years).toBeCloseTo(10, 2);
  expect(certificate.validFrom.getTime()).toBeLessThan(Date.now() - 3_500_000);
  expect([certificate.x509.ca, weakness(certificate)]).toEqual([false, undefined]);
});
