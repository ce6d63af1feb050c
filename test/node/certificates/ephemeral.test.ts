import { expect, test } from "vitest";
import { ephemeralCertificate } from "../../../src/node/certificates/ephemeral.ts";

test("the process has one ephemeral certificate, with the common name that Twisted uses", async () => {
  const [first, second] = await Promise.all([ephemeralCertificate(), ephemeralCertificate()]);
  expect(second).toBe(first);
  expect(first.commonName).toBe("TEMPORARY CERTIFICATE");
  expect(first.privateKey.asymmetricKeyType).toBe("ec");
});
