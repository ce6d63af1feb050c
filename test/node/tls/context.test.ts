import { expect, test } from "vitest";
import { Certificate } from "../../../src/node/certificates/certificate.ts";
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

test("a branch keeps the 16 contexts that were created last", () => {
  const names = ["AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256"].flatMap((name) => [
    `TLS_${name}`,
    `TLS_ECDHE_RSA_WITH_${name}`,
  ]);
  const lists = names.flatMap((one) => names.filter((other) => other !== one).map((other) => [one, other]));
  const verifyAuthorities = [Certificate.loadPEM(authority.toPEM())]; // a branch of this test
  const create = (ciphers: string[] | undefined) => secureContext({ verifyAuthorities, ciphers });
  const contexts = lists.slice(0, 17).map(create);
  for (const index of [1, 2, 16]) expect(create(lists[index])).toBe(contexts[index]);
  expect(create(lists[0])).not.toBe(contexts[0]);
  expect(create(lists[1])).not.toBe(contexts[1]);
  expect(create(lists[16])).toBe(contexts[16]);
});

test("the ciphers of a context are those that were given, and TLS 1.2 is not offered with suites of TLS 1.3 only", () => {
  const suite = "ECDHE-ECDSA-AES128-GCM-SHA256";
  expect(contextOptions({ ciphers: [suite] })).toMatchObject({
    ciphers: `${suite}:@SECLEVEL=2`,
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.2",
  });
  const options = contextOptions({ ciphers: ["TLS_AES_128_GCM_SHA256"] });
  expect(options.minVersion).toBe("TLSv1.3");
  expect(options).not.toHaveProperty("maxVersion");
});

test("without verifyAuthorities a context trusts no CA, not even Node's root certificates", () => {
  expect(contextOptions({})).toMatchObject({ ca: [], minVersion: "TLSv1.2" });
});

test("the chain is sent with the certificate", () => {
  const { cert } = contextOptions({ localCertificate: chainedServer });
  expect(String(cert).match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
});
