/** Certificate files that are missing, unreadable, or hold other data. */
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
  test("a missing file or a folder throws the system's error", () => {
    expect(() => load(readFileSync(join(folder, "missing.pem")))).toThrow(/ENOENT/);
    expect(() => load(readFileSync(folder))).toThrow(/EISDIR/);
  });

  test.each([
    ["empty", Buffer.alloc(0)],
    ["garbage", Buffer.from([0xff, 0xfe, 0x00, 0x41])],
    ["text", Buffer.from("no certificate here")],
    ["a header alone", Buffer.from("-----BEGIN CERTIFICATE-----\n")],
  ])("a file that is %s throws InvalidCertificate", (__, content) => {
    writeFileSync(file, content);
    expect(() => load(readFileSync(file))).toThrow(InvalidCertificate);
  });
});

test("a truncated certificate file, as on a full disk, is never accepted", () => {
  const whole = Buffer.from(server.toPEMWithKey());
  for (let length = 0; length < whole.length - 1; length += 13) {
    writeFileSync(file, whole);
    truncateSync(file, length);
    expect(() => PrivateCertificate.loadPEM(readFileSync(file)), `${length} bytes`).toThrow(
      InvalidCertificate,
    );
  }
});

test("listen rejects an invalid certificate before it opens a socket", async () => {
  const localCertificate = { commonName: "x", toPEM: () => "", toPEMWithKey: () => "" } as PrivateCertificate;
  await expect(listen({ port: 0, host: "127.0.0.1", tls: { localCertificate } })).rejects.toThrow(
    InvalidCertificate,
  );
});
