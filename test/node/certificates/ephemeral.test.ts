import { expect, test } from "vitest";
import { ephemeralCertificate } from "../../../src/node/certificates/ephemeral.ts";

test("one temporary certificate for the whole process, under Twisted's name", async () => {
  const [first, second] = await Promise.all([ephemeralCertificate(), ephemeralCertificate()]);
  expect(second).toBe(first);
  expect(first.commonName).toBe("TEMPORARY CERTIFICATE");
  expect(first.privateKey.asymmetricKeyType).toBe("ec");
});
