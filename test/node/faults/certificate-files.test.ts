/** Certificates from files that are not there, cannot be read, or hold something else. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidCertificate } from "ampwire";
import { Certificate, listen, PrivateCertificate } from "ampwire/node";
import { afterAll, describe, expect, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";

const { server } = await testCertificates();
const folder = mkdtempSync(join(tmpdir(), "ampwire-certificates-"));
const file = join(folder, "server.pem");

afterAll(() => rmSync(folder, { recursive: true }));

const loaders: [string, (pem: Buffer) => unknown][] = [
  ["Certificate.loadPEM", (pem) => Certificate.loadPEM(pem)],
  ["Certificate.loadBundle", (pem) => Certificate.loadBundle(pem)],
  ["PrivateCertificate.loadPEM", (pem) => PrivateCertificate.loadPEM(pem)],
];

describe.each(loaders)("%s", (_, load) => {
  test("of a file that is missing, or is a folder: the system's own error", () => {
    expect(() => load(readFileSync(join(folder, "missing.pem")))).toThrow(/ENOENT/);
    expect(() => load(readFileSync(folder))).toThrow(/EISDIR/);
  });

  test.each([
    ["empty", Buffer.alloc(0)],
    ["garbage", Buffer.from([0xff, 0xfe, 0x00, 0x41])],
    ["text", Buffer.from("no certificate here")],
    ["a header alone", Buffer.from("-----BEGIN CERTIFICATE-----\n")],
  ])("of a file that is %s: InvalidCertificate", (__, content) => {
    writeFileSync(file, content);
    expect(() => load(readFileSync(file))).toThrow(InvalidCertificate);
  });
});

test("a file whose end is missing, as a full disk leaves it, is never half a certificate", () => {
  const whole = Buffer.from(server.toPEMWithKey());
  for (let length = 0; length < whole.length - 1; length += 13) {
    writeFileSync(file, whole);
    truncateSync(file, length);
    expect(() => PrivateCertificate.loadPEM(readFileSync(file)), `${length} bytes`).toThrow(
      InvalidCertificate,
    );
  }
});

test("what is no certificate is refused before anything listens", async () => {
  const localCertificate = { commonName: "x", toPEM: () => "", toPEMWithKey: () => "" } as PrivateCertificate;
  await expect(listen({ port: 0, host: "127.0.0.1", tls: { localCertificate } })).rejects.toThrow(
    InvalidCertificate,
  );
});
