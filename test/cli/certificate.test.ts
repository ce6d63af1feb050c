/** `ampwire certificate`: creates a CA, issues certificates for mutual TLS, and describes PEM files. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PrivateCertificate } from "ampwire/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testCertificates } from "../support/certificates.ts";
import { startCommand } from "./command-process.ts";
import { runHere } from "./run-here.ts";

const cwd = mkdtempSync(join(tmpdir(), "ampwire-certificate-"));
afterAll(() => rmSync(cwd, { recursive: true }));
const inFolder = (typed: string) => runHere(typed, { cwd });
const read = (name: string) => readFileSync(join(cwd, name), "utf8");

describe("ampwire certificate", () => {
  beforeAll(async () => {
    const made = await inFolder("certificate authority");
    expect(made.out).toBe(
      "authority.pem: CA certificate, for peers\nauthority-key.pem: CA certificate and private key, secret\n",
    );
    for (const typed of ["server --host calc.example --host 127.0.0.1", "alice --days 3"]) {
      expect((await inFolder(`certificate issue ${typed}`)).code).toBe(0);
    }
  });

  test("a created CA issues certificates that work for mutual TLS", async () => {
    const tls = `--cert ${cwd}/server.pem --ca ${cwd}/authority.pem --require-tls`;
    const server = await startCommand("serve", "--demo", "--listen", "tcp://127.0.0.1:0", ...tls.split(" "));
    const [, at] = await server.output(/^listening on (.*)$/m);
    const call = `call ${at} Sum a=13 b=81 --starttls --ca authority.pem`;
    expect(await inFolder(`${call} --cert alice.pem`)).toEqual({ code: 0, out: "total=94\n", err: "" });
    expect((await inFolder(call)).code).toBe(1);
  });

  test("only the owner can read a file with a private key, and the CA certificate file has no key", () => {
    expect(read("authority.pem")).not.toContain("PRIVATE KEY");
    for (const name of ["authority-key.pem", "server.pem", "alice.pem"]) {
      expect(read(name)).toContain("PRIVATE KEY");
      if (process.platform !== "win32") expect(statSync(join(cwd, name)).mode & 0o777).toBe(0o600);
    }
  });

  test("a file is overwritten with --force only", async () => {
    const before = read("alice.pem");
    const again = await inFolder("certificate issue alice");
    expect(again).toEqual({
      code: 1,
      out: "",
      err: "ampwire: alice.pem already exists (--force overwrites it)\n",
    });
    expect(read("alice.pem")).toBe(before);
    expect((await inFolder("certificate issue bob")).code).toBe(0);
    if (process.platform !== "win32") chmodSync(join(cwd, "bob.pem"), 0o644);
    expect((await inFolder("certificate issue bob --force")).code).toBe(0);
    if (process.platform !== "win32") expect(statSync(join(cwd, "bob.pem")).mode & 0o777).toBe(0o600);
  });

  test("certificate show describes a certificate and never prints a private key", async () => {
    const { code, out } = await inFolder("certificate show server.pem authority.pem");
    expect(code).toBe(0);
    expect(out).toMatch(/^server\.pem: certificate\n {2}subject +CN=server\n {2}issuer +CN=authority\n/);
    expect(out).toMatch(/^ {2}names +DNS:calc\.example, IP Address:127\.0\.0\.1$/m);
    expect(out).toMatch(/^server\.pem: private key\n {2}key +EC prime256v1\n {2}belongs to +CN=server$/m);
    expect(out).toMatch(/^authority\.pem: CA certificate\n {2}subject +CN=authority\n {2}issuer +itself$/m);
    const key = read("server.pem").split("PRIVATE KEY-----")[1]?.slice(5, 40) ?? "";
    expect(key.length).toBe(35);
    expect(out).not.toContain(key);
  });

  test("certificate show prints JSON with the validity", async () => {
    const { out } = await inFolder("certificate show alice.pem --json");
    const [certificate, key] = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const { fingerprint } = PrivateCertificate.loadPEM(read("alice.pem"));
    expect(certificate).toMatchObject({
      file: "alice.pem",
      kind: "certificate",
      subject: "CN=alice",
      valid: "now",
      fingerprint,
    });
    const days = (Date.parse(certificate.validTo) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(2.9);
    expect(days).toBeLessThan(3.1);
    expect(key).toEqual({
      file: "alice.pem",
      kind: "private key",
      key: "EC prime256v1",
      encrypted: false,
      belongsTo: "CN=alice",
    });
  });

  test("certificate show reports an expired certificate and a file without PEM", async () => {
    const { expiredServer } = await testCertificates();
    writeFileSync(join(cwd, "old.pem"), expiredServer.toPEM());
    expect((await inFolder("certificate show old.pem")).out).toMatch(/^ {2}valid +expired$/m);
    writeFileSync(join(cwd, "none.pem"), "no PEM");
    const none = await inFolder("certificate show none.pem");
    expect(none).toEqual({
      code: 1,
      out: "",
      err: "ampwire: none.pem contains no PEM block (not PEM text: no line begins with -----BEGIN)\n",
    });
  });

  test("only a CA can issue certificates", async () => {
    const { code, err } = await inFolder("certificate issue eve --authority alice.pem");
    expect(code).toBe(1);
    expect(err).toMatch(/cannot sign certificates: it is not a CA/);
    expect((await inFolder("certificate issue eve --days 0")).code).toBe(2);
  });
});
