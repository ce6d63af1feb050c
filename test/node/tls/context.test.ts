import { expect, test } from "vitest";
import { contextOptions, secureContext } from "../../../src/node/tls/context.ts";
import { testCertificates } from "../../support/certificates.ts";

const { authority, otherAuthority, server, client, chainedServer } = await testCertificates();

test("a context is created once for the same certificate, CAs and versions", () => {
  const options = () => ({ localCertificate: server, verifyAuthorities: [authority, otherAuthority] });
  const kept = secureContext(options());
  expect(secureContext(options())).toBe(kept);
  const others = [
    {},
    { localCertificate: server },
    { localCertificate: client, verifyAuthorities: [authority, otherAuthority] },
    { localCertificate: server, verifyAuthorities: [authority] },
    { verifyAuthorities: [authority, otherAuthority] },
    { ...options(), minVersion: "TLSv1.3" as const },
    { ...options(), maxVersion: "TLSv1.2" as const },
  ];
  const contexts = others.map((other) => secureContext(other));
  expect(new Set([kept, ...contexts]).size).toBe(others.length + 1);
  expect(others.map((other) => secureContext(other))).toEqual(contexts);
});

test("without verifyAuthorities a context trusts no CA, not even Node's root certificates", () => {
  expect(contextOptions({})).toMatchObject({ ca: [], minVersion: "TLSv1.2" });
});

test("the chain is sent with the certificate", () => {
  const { cert } = contextOptions({ localCertificate: chainedServer });
  expect(String(cert).match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
});
